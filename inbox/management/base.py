"""What commands share: whom they are about, and how they say how many."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from ..core.users import user_pk
from ..errors import BadValue


class UserCommand(BaseCommand):
    """A command about one user, named or by `--id`; those who may not sign in any more are found too."""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user", nargs="?", help="the name they sign in with")
        parser.add_argument("--id", help="their primary key, in place of the name")

    def find(self, user: str | None, id: str | None) -> Any:
        """Raises CommandError for nobody, and for two at once."""
        if (user is None) == (id is None):
            raise CommandError(_("Say who: a user name, or --id and a primary key."))
        model: Any = get_user_model()
        try:
            who = {model.USERNAME_FIELD: user} if id is None else {"pk": user_pk(id)}
        except BadValue as error:
            raise CommandError(error.detail) from error
        found = model._base_manager.filter(**who).first()
        if found is None:
            raise CommandError(_("There is no user “%s”.") % (user or id))
        return found


def counted(counts: Mapping[str, int], total: str) -> str:
    """A line each, and the sum below: `total` has a %d for it."""
    lines = [f"{count:10,}  {name}" for name, count in counts.items()]
    return "\n".join([*lines, total % sum(counts.values())])
