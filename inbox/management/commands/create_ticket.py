from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from ... import services
from ...credentials import tickets
from ...signals import ticket_minted


class Command(BaseCommand):
    """Prints a ticket alone on the last line: `TICKET=$(./manage.py create_ticket bob)`."""

    help = "Mint a ticket for a user, for a client without a browser."
    purpose = ""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user", help="the name they sign in with")
        parser.add_argument("--ttl", type=int, default=tickets.DEFAULT_TTL, help="seconds (default: %(default)s)")

    def handle(self, *args: Any, user: str, ttl: int, **options: Any) -> None:
        found = get_user_model()._default_manager.filter(**{get_user_model().USERNAME_FIELD: user}).first()
        if found is None:
            raise CommandError(_("There is no user “%s”.") % user)
        if not 1 <= ttl <= tickets.MAX_TTL:
            raise CommandError(_("“ttl” is from 1 to %d seconds.") % tickets.MAX_TTL)
        text, ticket = services.mint_ticket(found, None, ttl)
        minted = {"user_id": ticket.user, "purpose": self.purpose, "ticket": text, "expires": ticket.expires}
        ticket_minted.send_robust(None, **minted)
        self.stdout.write(self.line(text, ticket))

    def line(self, text: str, ticket: tickets.Ticket) -> str:
        """What is printed."""
        return text
