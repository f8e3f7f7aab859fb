"""Mends: the work that a read has found undone. A read never does it itself, because it writes nothing and waits for no
lock.

A mend waits for a lock for at most 200 ms, or five seconds after it has written the people of an occurrence. If it
fails, this is logged (once a minute), and the next read or sweep tries again.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager

from django.db.models import F, QuerySet
from django.utils import timezone

from ..core.isolation import attempt, split_on_failure
from ..core.lookups import Among
from ..core.users import UserOrPk, UserPk, has_staff_column, user_pks
from ..models import BroadcastClock, Mailbox, ledger
from ..models.ledger import Held
from ..selectors import recorded
from . import threads
from .broadcasts.due import apply_due
from .snoozes import wake_due


def mend(*, is_due: bool = False, users: Iterable[UserOrPk] = ()) -> bool:
    """Start and end the broadcasts that are due, end the snoozes that are, and record changed settings; create missing
    mailboxes of these users, copy their staff flags, and count the threads of stale ones.

    Changes are announced as with any write. Never raises; returns whether everything was done.
    """
    done = not is_due or attempt("Starting and ending broadcasts", apply_due)
    done &= not is_due or attempt("Ending snoozes", wake_due)
    done &= not is_due or attempt("Recording settings", record_settings)
    for chunk in ledger.chunks(sorted(set(user_pks(users)))):
        _made, missing = split_on_failure("Making the mailbox of user", _make, chunk)
        copied = attempt("Copying staff flags", _copy_staff_flags, chunk)
        counted = attempt("Counting threads", _count_threads, chunk)
        done = done and not missing and copied and counted
    return done


def record_settings() -> bool:
    """Record the settings of this process that are part of users' states, if they are newer; returns whether they were.

    Everybody's version advances with them.
    """
    clocks = BroadcastClock.objects.using(ledger.alias()).filter(pk=BroadcastClock.THE_ONE)
    if not recorded.is_outdated(clocks.first()):
        return False
    with ledger.waiting_at_most(ledger.MEND_SECONDS), ledger.locked_clock() as clock:
        if not recorded.is_outdated(clock):
            return False
        clock.unread_cap, clock.important = recorded.own()
        clock.settings_at = timezone.now()
        clock.save(update_fields=["unread_cap", "important", "settings_at"])
        ledger.tick(clock)
        return True


def touch(users: Collection[UserOrPk]) -> None:
    """Advance mailboxes whose state has changed without a new version. Raises Held."""
    for chunk in ledger.chunks(sorted(set(user_pks(users)))):
        split_on_failure("Making the mailbox of user", _make, chunk)
        with _free(_mailboxes(chunk)) as free:
            ledger.advance(list(free.values_list("pk", flat=True)), audience=True)


def _make(pks: Sequence[UserPk]) -> int:
    """Create missing mailboxes; returns how many. Those of staff start with version 1, which is announced."""
    with ledger.waiting_at_most(ledger.MEND_SECONDS):
        known = set(_mailboxes(pks).values_list("pk", flat=True))
        ledger.ensure(pks)
        made = dict(_mailboxes(pks).exclude(pk__in=known).values_list("pk", "is_staff"))
        ledger.announce([pk for pk, is_staff in made.items() if is_staff], None)
        return len(made)


def _copy_staff_flags(pks: Sequence[UserPk]) -> None:
    if not has_staff_column():
        return
    with _free(_mailboxes(pks).exclude(is_staff=F("user__is_staff"))) as stale:
        flags = dict(stale.values_list("pk", "user__is_staff"))
        for flag in set(flags.values()):
            changed = [pk for pk, is_staff in flags.items() if is_staff == flag]
            _mailboxes(changed).update(is_staff=flag)
            ledger.advance(changed, audience=True)


def _count_threads(pks: Sequence[UserPk]) -> None:
    stale = sorted(_mailboxes(pks).filter(threads.IS_STALE).values_list("pk", flat=True))
    for some in ledger.chunks(stale, threads.MAILBOXES):
        with _free(_mailboxes(some)) as free:
            threads.count_anew(list(free.values_list("pk", flat=True)))


@contextmanager
def _free(mailboxes: "QuerySet[Mailbox]") -> "Iterator[QuerySet[Mailbox]]":
    """A transaction that yields those of the mailboxes that no other transaction holds; evaluating them locks them.

    Raises Held at its end if there were others.
    """
    with ledger.waiting_at_most(ledger.MEND_SECONDS):
        wanted = set(mailboxes.values_list("pk", flat=True))
        free = mailboxes.order_by("pk").select_for_update(no_key=True, skip_locked=True, of=("self",))
        wanted -= set(free.values_list("pk", flat=True))
        yield free
    if wanted:
        raise Held(f"{len(wanted)} mailboxes are locked by other transactions")


def _mailboxes(pks: Collection[UserPk]) -> "QuerySet[Mailbox]":
    return Mailbox.objects.using(ledger.alias()).filter(Among("pk", pks))
