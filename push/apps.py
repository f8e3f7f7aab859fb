from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PushConfig(AppConfig):
    """Delivery: from "something changed" to a frame on every open connection."""

    name = "push"
    verbose_name = _("Push")

    def ready(self) -> None:
        from inbox.rendering import change_stream, preview_scripts

        from . import checks, periodic, receivers  # noqa: F401 (registers its Celery tasks)
        from .channels.mqtt import access
        from .nudges import heartbeats
        from .operations import consumer
        from .transports import eventstream

        eventstream.install()
        checks.register()
        receivers.connect()
        heartbeats.connect()
        consumer.connect()
        access.register_purpose()
        change_stream.use("push:changes")
        preview_scripts.add("push/preview.js", "push/banners.css")
