"""Helpers for management commands: finding a user, and printing counts."""

from collections.abc import Mapping

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from ..core.users import SiteUser, user_pk
from ..errors import BadValue


class UserCommand(BaseCommand):
    """A command about one user, by user name or by `--id`. Finds inactive users, too."""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user", nargs="?", help="the name they sign in with")
        parser.add_argument("--id", help="their primary key, in place of the name")

    def find(self, user: str | None, id: str | None) -> SiteUser:
        """The user. Raises CommandError unless exactly one of the arguments is given and the user exists."""
        if (user is None) == (id is None):
            raise CommandError(_("Say who: a user name, or --id and a primary key."))
        model = get_user_model()
        try:
            lookup = {model.USERNAME_FIELD: user} if id is None else {"pk": user_pk(id)}
        except BadValue as error:
            raise CommandError(error.detail) from error
        found = model._base_manager.filter(**lookup).first()
        if found is None:
            raise CommandError(_("There is no user “%s”.") % (user or id))
        return found


def counted(counts: Mapping[str, int], total: str) -> str:
    """One line for each count, and a last line with the sum: `total` contains a %d for it."""
    lines = [f"{count:10,}  {name}" for name, count in counts.items()]
    return "\n".join([*lines, total % sum(counts.values())])
