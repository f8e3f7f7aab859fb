import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _

from ... import selectors
from ..base import UserCommand


class Command(UserCommand):
    """Prints JSON, or writes it into a new file that only its owner may read."""

    help = "Export all that the inbox holds about a user, as JSON."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--output", type=Path, help="a new file to write into (default: standard output)")

    def handle(self, *args: Any, user: str | None, id: str | None, output: Path | None, **options: Any) -> None:
        pieces = selectors.export(self.find(user, id))
        if output is None:
            for piece in pieces:
                self.stdout.write(piece, ending="")
            self.stdout.write("")
            return
        try:
            write_new(output, pieces)
        except OSError as error:
            raise CommandError(
                _("Could not write “%(file)s”: %(why)s") % {"file": output, "why": error.strerror}
            ) from error


def write_new(path: Path, pieces: Iterable[str]) -> None:
    """Write a new file completely, or leave none. Raises OSError, also if the file exists."""
    with open(path, "x", encoding="utf-8", opener=_private) as file:
        try:
            file.writelines(pieces)
            file.write("\n")
        except BaseException:
            path.unlink()
            raise


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
