from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ... import services
from ...errors import InboxError


class Command(BaseCommand):
    help = "Advance the broadcast clock, so that no version handed out before a restore or failover comes again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--by", type=int, default=1000, help="how far (default: 1000)")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            value = services.bump_clock(options["by"])
        except InboxError as error:
            raise CommandError(error.detail) from error
        self.stdout.write(f"The broadcast clock is now {value}.")
