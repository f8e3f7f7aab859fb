"""Settings of the MQTT channel, read when used."""

from django.conf import settings

KEEP_DAYS = 30  # after their last ticket for MQTT, users are published to


def url() -> str:
    """Broker and service user, `mqtt://user:password@host:port` (`mqtts` for TLS); "" for no MQTT (`MQTT_URL`)."""
    return str(getattr(settings, "MQTT_URL", ""))


def websocket_url() -> str:
    """Where browsers reach the broker by MQTT over WebSocket; "" if they can't (`MQTT_WS_URL`)."""
    return str(getattr(settings, "MQTT_WS_URL", ""))


def dynsec() -> bool:
    """Whether the broker is a Mosquitto whose dynamic-security plugin is told about tickets (`MQTT_DYNSEC`)."""
    return bool(getattr(settings, "MQTT_DYNSEC", False))


def embedded() -> bool:
    """Whether the web process is the broker (`MQTT_EMBEDDED`; `make run`)."""
    return bool(getattr(settings, "MQTT_EMBEDDED", False))
