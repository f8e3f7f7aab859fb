import itertools
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import migrations

MAX_NAME = 150


def free_name(taken: set[str], name: str, owner: str) -> str:
    """`name`; if another owner's tokens have the same, with the name of the owner, and if need be with a number."""
    endings = itertools.chain(["", f" ({owner[:40]})"], (f" ({owner[:40]}, {number})" for number in itertools.count(2)))
    return next(found for ending in endings if (found := name[: MAX_NAME - len(ending)] + ending) not in taken)


def give_services(apps: Any, schema_editor: Any) -> None:
    """Tokens with the same name and owner belong to one service, because they could see the same sends until now. Those
    of different owners could not, so they get services of their own: nobody may see more than before."""
    alias = schema_editor.connection.alias
    tokens = apps.get_model("inbox", "ServiceToken").objects.using(alias)
    services = apps.get_model("inbox", "Service").objects.using(alias)
    users = apps.get_model(settings.AUTH_USER_MODEL)
    column = get_user_model().USERNAME_FIELD
    taken = set(services.values_list("name", flat=True))
    made: dict[tuple[str, object], Any] = {}
    for token in tokens.filter(service=None).order_by("pk").iterator():
        same = token.name, token.owner_id
        if same not in made:
            owner = users._base_manager.using(alias).filter(pk=token.owner_id).first()
            name = free_name(taken, token.name, str(getattr(owner, column, token.owner_id)))
            made[same] = services.create(name=name)
            taken.add(name)
        tokens.filter(pk=token.pk).update(service=made[same])


class Migration(migrations.Migration):

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ('inbox', '0034_services_and_corrections'),
    ]

    operations = [migrations.RunPython(give_services, migrations.RunPython.noop, elidable=False)]
