from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LabConfig(AppConfig):
    """All transports side by side, measured. Installed before `push`: a commit is stamped before it is pushed."""

    name = "notify_site.lab"
    label = "lab"
    verbose_name = _("Lab")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from . import stamps

        stamps.connect()
