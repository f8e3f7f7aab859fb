from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class InboxConfig(AppConfig):
    """The mailbox: models, every write (services), every read (selectors), admin and REST API."""

    name = "inbox"
    verbose_name = _("Notifications")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from . import checks
        from .receivers import credentials, mailboxes, migrated
        from .services import mender

        checks.register()
        mailboxes.connect()
        credentials.connect()
        migrated.connect(self)
        mender.connect()
