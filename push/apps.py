from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PushConfig(AppConfig):
    """Delivery: from "something changed" to a frame on every open connection."""

    name = "push"
    verbose_name = _("Push")

    def ready(self) -> None:
        from . import checks, eventstream, receivers
        from .operations import consumer, heartbeats

        eventstream.install()
        checks.register()
        receivers.connect()
        heartbeats.connect()
        consumer.connect()
