"""System checks of the inbox: its settings, its event types and their formats."""

from django.core.checks import register as register_check

from . import event_types, formats, settings


def register() -> None:
    register_check(settings.check_numbers)
    register_check(settings.check_switches)
    register_check(settings.check_time_zones)
    register_check(settings.check_prepared_statements)
    register_check(settings.check_badge)
    register_check(settings.check_may_follow)
    register_check(settings.check_proxies)
    register_check(settings.check_image_hosts)
    register_check(settings.check_actors)
    register_check(settings.check_important)
    register_check(settings.check_user_model)
    register_check(event_types.check_event_types)
    register_check(formats.check_formats)
