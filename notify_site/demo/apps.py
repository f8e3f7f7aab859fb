from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DemoConfig(AppConfig):
    """A small social site whose only purpose is to make other people's dot move."""

    name = "notify_site.demo"
    label = "demo"
    verbose_name = _("Demo site")
    default_auto_field = "django.db.models.BigAutoField"
