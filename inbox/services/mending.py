"""What reads find undone and never do themselves: they only read, and wait for no lock.

A mend waits 200 ms at most for a lock. What it can't do is logged, once a minute, and left to the next read, tick or
sweep.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django.db import OperationalError
from django.db.models import F, QuerySet

from .. import ledger
from ..isolation import apart, attempt
from ..lookups import Among
from ..models import Mailbox
from ..users import has_staff_column, user_pks
from .broadcasts import apply_due


def mend(*, is_due: bool = False, users: Iterable[Any] = ()) -> bool:
    """Start and end the broadcasts that are due; give these users a mailbox, and their staff flag to it.

    What changes is announced, as with any write. Never raises; returns whether all is done.
    """
    done = not is_due or attempt("Starting and ending broadcasts", apply_due)
    for chunk in ledger.chunks(sorted(set(user_pks(users)))):
        _made, missing = apart("Making the mailbox of user", _make, chunk)
        _copied, stale = apart("Copying the staff flag of user", _copy_staff_flags, chunk)
        done = done and not missing and not stale
    return done


def touch(users: Collection[Any]) -> None:
    """Advance mailboxes whose state was found changed behind the counter's back. Raises OperationalError if one is
    held by somebody else; the others are advanced."""
    for chunk in ledger.chunks(sorted(set(user_pks(users)))):
        _done, left = apart("Advancing the mailbox of user", _advance, chunk)
        if left:
            raise OperationalError(f"{len(left)} mailboxes could not be advanced")


def _make(pks: Sequence[Any]) -> int:
    """Those that do not exist yet. That of staff has a version that nobody has seen."""
    with ledger.waiting_at_most(ledger.MEND_SECONDS):
        known = set(_mailboxes(pks).values_list("pk", flat=True))
        ledger.ensure(pks)
        made = dict(_mailboxes(pks).exclude(pk__in=known).values_list("pk", "is_staff"))
        ledger.announce([pk for pk, is_staff in made.items() if is_staff], None)
        return len(made)


def _copy_staff_flags(pks: Sequence[Any]) -> int:
    """Into the mailboxes that nobody holds: the others come with the next read."""
    if not has_staff_column():
        return 0
    with ledger.waiting_at_most(ledger.MEND_SECONDS):
        stale = _mailboxes(pks).exclude(is_staff=F("user__is_staff")).order_by("pk")
        free = stale.select_for_update(no_key=True, skip_locked=True, of=("self",))
        flags = dict(free.values_list("pk", "user__is_staff"))
        for flag in set(flags.values()):
            changed = [pk for pk, is_staff in flags.items() if is_staff == flag]
            _mailboxes(changed).update(is_staff=flag)
            ledger.advance(changed, audience=True)
        return len(flags)


def _advance(pks: Sequence[Any]) -> int:
    with ledger.waiting_at_most(ledger.MEND_SECONDS), ledger.locked(pks) as found:
        ledger.advance(found, audience=True)
        return len(found)


def _mailboxes(pks: Collection[Any]) -> "QuerySet[Mailbox]":
    return Mailbox.objects.using(ledger.alias()).filter(Among("pk", pks))
