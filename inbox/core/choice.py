"""A choice of items of one mailbox: what a list is limited to, and what an act on many items changes."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace
from datetime import datetime

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from ..errors import BadValue
from .folding import fold
from .users import UserPk
from .validators import validate_text

MAX_SEARCH, MAX_WORDS = 200, 8  # characters, words


@dataclass(frozen=True, slots=True)
class Choice:
    """Which items: those with all of these properties.

    `q` has words that must all be in an item, whatever their case. `types` and `not_types` are public names of types;
    no `types` means all. `since` (inclusive) and `until` (exclusive) limit when items arrived. `archived` or `snoozed`
    items are chosen instead of the others; `starred` ones are chosen archived or not.
    """

    q: str = ""
    types: tuple[str, ...] = ()
    not_types: tuple[str, ...] = ()
    actor: UserPk | None = None
    unread: bool = False
    read: bool = False
    archived: bool = False
    starred: bool = False
    snoozed: bool = False
    important: bool = False
    since: datetime | None = None
    until: datetime | None = None
    subject: str | None = None
    thread: str | None = None

    def __post_init__(self) -> None:
        """Raises BadValue for a text or for times that can't be looked for."""
        try:
            validate_text("".join((self.q, self.subject or "", self.thread or "")))
        except ValidationError as error:
            raise BadValue(str(error.messages[0])) from error
        if len(self.q) > MAX_SEARCH or len(self.words) > MAX_WORDS:
            limits = {"characters": MAX_SEARCH, "words": MAX_WORDS}
            raise BadValue(_("Search for at most %(words)d words with %(characters)d characters in all.") % limits)
        if any(moment is not None and moment.tzinfo is None for moment in (self.since, self.until)):
            raise BadValue(_("A time needs a time zone."))

    @property
    def words(self) -> tuple[str, ...]:
        """The folded words of `q`."""
        return tuple(dict.fromkeys(fold(unicodedata.normalize("NFC", self.q)).split()))

    @property
    def of_all_types(self) -> Choice:
        """The same of all types."""
        return replace(self, types=(), not_types=())

    @property
    def without_words(self) -> Choice:
        return replace(self, q="")

    def includes(self, name: str) -> bool:
        """Whether there may be items of this type."""
        return (not self.types or name in self.types) and name not in self.not_types


INBOX = Choice()  # everything that is neither archived nor hidden
