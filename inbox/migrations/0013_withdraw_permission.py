"""Withdrawing is a permission of its own: every user and group that could publish (and withdraw) keeps both.

Django names a permission once, when it makes it, so the names of those that exist are changed here.
"""

from typing import Any

from django.conf import settings
from django.db import migrations

MODELS = {"broadcast": "announcement", "send": "message sent by a service", "servicetoken": "API token"}


def _name(codename: str, noun: str) -> str:
    """The name that Django or the model gives a new permission."""
    action = codename.split("_")[0]
    plural = f"{noun}s" if action in {"publish", "withdraw"} else noun
    return f"Can {action} {plural}"


def split(apps: Any, schema_editor: Any) -> None:
    permissions = apps.get_model("auth", "Permission").objects.using(schema_editor.connection.alias)
    publish = permissions.filter(content_type__app_label="inbox", codename="publish_broadcast").first()
    if publish is not None:  # else it is a new site: Django makes all of them after the migrations
        withdraw, _ = permissions.get_or_create(content_type=publish.content_type, codename="withdraw_broadcast")
        for group in publish.group_set.all():
            group.permissions.add(withdraw)
        user_model = apps.get_model(settings.AUTH_USER_MODEL)
        if hasattr(user_model, "user_permissions"):
            users = user_model._base_manager.using(schema_editor.connection.alias)
            for user in users.filter(user_permissions=publish):
                user.user_permissions.add(withdraw)
    for permission in permissions.filter(content_type__app_label="inbox", content_type__model__in=MODELS):
        permission.name = _name(permission.codename, MODELS[permission.content_type.model])
        permission.save(update_fields=["name"])


class Migration(migrations.Migration):

    dependencies = [
        ("inbox", "0012_announcements"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [migrations.RunPython(split, migrations.RunPython.noop)]
