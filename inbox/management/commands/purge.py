from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from ... import services
from ...errors import InboxError
from ..base import counted


class Command(BaseCommand):
    help = "Delete messages that are kept no longer: read long ago, or beyond a user's newest so many."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--days", type=int, help="kept after reading (default: INBOX_RETENTION_DAYS; 0: for ever)")
        parser.add_argument(
            "--keep", type=int, help="messages per user (default: INBOX_MAX_MESSAGES_PER_USER; 0: any number)"
        )
        parser.add_argument("--dry-run", action="store_true", help="only say how many there are")

    def handle(self, *args: Any, days: int | None, keep: int | None, dry_run: bool, **options: Any) -> None:
        try:
            counts = services.purgeable(days, keep) if dry_run else services.purge(days, keep)
        except InboxError as error:
            raise CommandError(error.detail) from error
        self.stdout.write(counted(counts, _("Would be deleted: %d") if dry_run else _("Deleted: %d")))
