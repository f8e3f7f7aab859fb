from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class InternalsConfig(AppConfig):
    name = "inbox.internals"
    label = "inbox_internals"
    verbose_name = _("Notifications: internals")  # sorted by name, it comes after "Notifications"
    default_auto_field = "django.db.models.BigAutoField"
