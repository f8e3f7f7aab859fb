from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _

from ... import services
from ..base import UserCommand, counted


class Command(UserCommand):
    """Does not delete the account. If the site deletes it, the inbox of the user is deleted, too."""

    help = "Erase all that the inbox holds about a user. Without --yes it only says how much that is."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--yes", action="store_true", help="do it; there is no way back")

    def handle(self, *args: Any, user: str | None, id: str | None, yes: bool, **options: Any) -> None:
        person = self.find(user, id)
        if yes:
            self.stdout.write(counted(services.erase(person), _("Erased: %d")))
            return
        self.stdout.write(counted(services.erasable(person), _("Would be erased: %d")))
        raise CommandError(_("Nothing has been erased. There is no way back; say --yes to do it."))
