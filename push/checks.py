"""System checks: a wrong setting is said at start-up, with what to do about it."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from channels.exceptions import InvalidChannelLayerError
from django.conf import settings
from django.core import checks
from django.urls import NoReverseMatch, get_script_prefix, reverse

from . import conf
from .channels import mqtt
from .nudges import bus, enqueue
from .wire import internals

DEFAULTS = {
    "PUSH_RESYNC_SECONDS": conf.DEFAULT_RESYNC_SECONDS,
    "PUSH_MAX_CONNECTIONS_PER_USER": conf.DEFAULT_MAX_CONNECTIONS_PER_USER,
    "PUSH_MAX_BODY_BYTES": conf.DEFAULT_MAX_BODY_BYTES,
    "PUSH_REQUEST_SECONDS": conf.DEFAULT_REQUEST_SECONDS,
    "PUSH_FRAMES_PER_SECOND": conf.DEFAULT_FRAMES_PER_SECOND,
    "PUSH_FRAMES_PER_SECOND_PER_USER": conf.DEFAULT_FRAMES_PER_SECOND_PER_USER,
}

LOG_FORMATS = ("line", "json")


def check_numbers(**kwargs: Any) -> list[checks.CheckMessage]:
    found: list[checks.CheckMessage] = []
    for number, (name, default) in enumerate(DEFAULTS.items(), 1):
        value, (low, high) = getattr(settings, name, default), conf.BOUNDS[name]
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            hint = f"Set it to a whole number from {low} to {high}, such as {default}, or leave it out."
            found.append(checks.Error(f"{name} is {value!r}.", hint=hint, id=f"push.E00{number}"))
    return found


def check_origins(**kwargs: Any) -> list[checks.CheckMessage]:
    origins = getattr(settings, "PUSH_ALLOWED_ORIGINS", [])
    if isinstance(origins, str):
        hint = 'Set it to a list, such as ["https://app.example.org"].'
        return [checks.Error("PUSH_ALLOWED_ORIGINS is a string.", hint=hint, id="push.E003")]
    hint = "An origin is scheme://host or scheme://host:port, without a path: https://app.example.org"
    return [
        checks.Error(f"PUSH_ALLOWED_ORIGINS names {origin!r}, which is no origin.", hint=hint, id="push.E004")
        for origin in origins
        if not _is_origin(str(origin))
    ]


def check_mqtt(**kwargs: Any) -> list[checks.CheckMessage]:
    """The URL itself is not repeated: it holds a password."""
    found: list[checks.CheckMessage] = []
    url, page_url = mqtt.conf.url(), mqtt.conf.websocket_url()
    if url and not (_is_url(url, mqtt.broker.PORTS) and _ends_with_host(url)):
        hint = "Set it to mqtt://user:password@host:1883 (mqtts for TLS), with nothing behind it, or leave it out."
        found.append(checks.Error("MQTT_URL is no URL of a broker.", hint=hint, id="push.E005"))
    if page_url and not _is_url(page_url, ("ws", "wss")):
        hint = "Set it to what a browser connects to, such as wss://example.org/mqtt, or leave it out."
        found.append(checks.Error("MQTT_WS_URL is no WebSocket URL.", hint=hint, id="push.E006"))
    return found


def check_log_format(**kwargs: Any) -> list[checks.CheckMessage]:
    """Of a site that has the setting, as notify_site does."""
    log_format = getattr(settings, "LOG_FORMAT", LOG_FORMATS[0])
    if log_format in LOG_FORMATS:
        return []
    hint = "Set it to line, or to json for a line of JSON per record, or leave it out."
    return [checks.Error(f"LOG_FORMAT is {log_format!r}.", hint=hint, id="push.E007")]


def check_channel_layer(**kwargs: Any) -> list[checks.CheckMessage]:
    """Of a site with more than one process, as far as that can be known: it has a broker, and so workers."""
    try:
        layer = bus.crossing_layer()
    except (InvalidChannelLayerError, TypeError) as error:  # no such class, or not with these arguments
        hint = "See https://channels.readthedocs.io/en/stable/topics/channel_layers.html"
        return [checks.Error(f"CHANNEL_LAYERS is no layer: {error}", hint=hint, id="push.E008")]
    if layer is not None or not enqueue.has_broker():
        return []
    what = "Celery has a broker, but CHANNEL_LAYERS has no layer between processes."
    hint = (
        "What one process writes, pages that another one serves show at their next resync only. "
        "Use channels_redis.pubsub.RedisPubSubChannelLayer, or silence this if there is one web process."
    )
    return [checks.Warning(what, hint=hint, id="push.W001")]


def check_internals(**kwargs: Any) -> list[checks.CheckMessage]:
    """Of other libraries, as they are installed here."""
    internals.import_all()
    hint = "Install the versions of requirements.lock, or expect what is said there."
    return [
        checks.Warning(internals.describe(use, missing), hint=hint, id="push.W002")
        for use, missing in internals.look_through()
    ]


def check_addresses(**kwargs: Any) -> list[checks.CheckMessage]:
    """The last pattern of push.urls takes all addresses below it."""
    try:
        has_a_prefix = reverse("push:not-found") != get_script_prefix()
    except NoReverseMatch:  # in a namespace of the site's own, or not included
        has_a_prefix = True
    what = "push.urls is included at the root of the site: no address of a later pattern is found."
    hint = 'Give it a prefix: path("push/", include("push.urls")).'
    return [] if has_a_prefix else [checks.Warning(what, hint=hint, id="push.W003")]


def register() -> None:
    checks.register(check_internals, deploy=True)  # it imports the servers, which no other command needs
    for check in (check_numbers, check_origins, check_mqtt, check_log_format, check_channel_layer, check_addresses):
        checks.register(check)


def _is_url(text: str, schemes: Iterable[str]) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in schemes and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:  # a port that is none
        return False


def _ends_with_host(url: str) -> bool:
    """Whether there is nothing behind host and port that we would pass over, such as `?tls=…`."""
    parts = urlsplit(url)
    return parts.path in ("", "/") and not parts.query and not parts.fragment


def _is_origin(text: str) -> bool:
    parts = urlsplit(text)
    return parts.scheme in ("http", "https") and bool(parts.netloc) and text == f"{parts.scheme}://{parts.netloc}"
