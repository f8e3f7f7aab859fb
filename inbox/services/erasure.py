"""A person's right to be forgotten (GDPR, article 17). The account stays, because it belongs to the site.

What belongs to the person is deleted. What belongs to others stays, without the person's name. The mailbox stays too,
but empty: if its version went back, a page that shows the old badge would ignore the new, empty state.
"""

from collections import Counter
from collections.abc import Callable
from functools import partial

from django.contrib.auth import get_user_model
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from ..core.lookups import Among
from ..core.users import UserOrPk, UserPk, user_pk
from ..errors import NotFound
from ..models import (
    Broadcast,
    BroadcastApproval,
    BroadcastChange,
    BroadcastMember,
    BroadcastReceipt,
    BroadcastSeries,
    BroadcastTrial,
    ChosenLocale,
    Engagement,
    Following,
    MutedType,
    ServiceToken,
    Silence,
    State,
    UndoableChange,
    audiences,
    event_types,
    ledger,
)
from .retention import Rows, batches, count_of, name_of
from .sending import let_others_write

Erase = Callable[[Rows], int]  # erases these rows, or the person from these rows; returns how many


def erase(user: UserOrPk) -> dict[str, int]:
    """Erase what the inbox holds about a user; returns the number of rows by name.

    Messages, receipts, muted types, followed and silenced subjects, language and time zone, service tokens and places
    on lists of announcements are deleted; but a user who is kept from an announcement that is not over stays kept from
    it. In the messages of others, "Someone" replaces the user as actor, and the versions of their owners advance.
    Broadcasts that the user wrote lose their author. Each thousand rows are one transaction; if it is interrupted, call
    it again. If some rows can't be erased, the others are, and the first exception is raised at the end. Raises
    NotFound for an unknown user.
    """
    erased: Counter[str] = Counter()
    failures: list[Exception] = []
    for name, rows, erase_rows in _to_erase(_existing(user)):
        try:
            erased[name] += erase_rows(rows)
        except Exception as error:  # noqa: BLE001 (raised below)
            failures.append(error)
    if failures:
        raise failures[0]
    return dict(+erased)


def erasable(user: UserOrPk) -> dict[str, int]:
    """How many rows `erase` would delete or change now, by name. Raises NotFound for an unknown user."""
    found: Counter[str] = Counter()
    for name, rows, _erase_rows in _to_erase(_existing(user)):
        found[name] += rows.count()
    return dict(+found)


def _existing(user: UserOrPk) -> UserPk:
    pk = user_pk(user)
    if not get_user_model()._base_manager.using(ledger.alias()).filter(pk=pk).exists():
        raise NotFound(_("There is no such user."))
    return pk


def _to_erase(pk: UserPk) -> list[tuple[str, Rows, Erase]]:
    """Names, rows, and how to erase them. The muted types come last: with them the empty mailbox is announced."""
    types = [model.objects.order_by() for model in event_types().values()]
    acted = _("%s of others, in which they act")
    return [
        *((name_of(rows), rows.filter(recipient=pk), _delete) for rows in types),
        *((acted % name_of(rows), rows.filter(actor=pk).exclude(recipient=pk), _clear_actor) for rows in types),
        (_("announcements that they wrote"), Broadcast.objects.filter(author=pk), _clear_author),
        (_("recurring announcements that they wrote"), BroadcastSeries.objects.filter(author=pk), _clear_series_author),
        (_("approvals of announcements that they gave"), BroadcastApproval.objects.filter(by=pk), _clear_editor),
        (_("changes of announcements that they made"), BroadcastChange.objects.filter(by=pk), _clear_editor),
        _named(ServiceToken.objects.filter(owner=pk), _delete_tokens),
        _named(BroadcastReceipt.objects.filter(recipient=pk), partial(_replace_receipts, pk)),
        _named(_places(pk), partial(_delete_places, pk)),
        _named(Engagement.objects.filter(user=pk), _delete_plain),
        _named(BroadcastTrial.objects.filter(mailbox=pk), _delete_plain),
        _named(UndoableChange.objects.filter(mailbox=pk), _delete_plain),
        _named(ChosenLocale.objects.filter(mailbox=pk), _delete_plain),
        _named(Following.objects.filter(mailbox=pk), partial(_delete_locked, pk)),
        _named(Silence.objects.filter(mailbox=pk), partial(_delete_locked, pk)),
        _named(MutedType.objects.filter(mailbox=pk), partial(_delete_muted_types, pk)),
    ]


def _named(rows: Rows, erase_rows: Erase) -> tuple[str, Rows, Erase]:
    return name_of(rows), rows, erase_rows


def _in_batches(write: Erase) -> Erase:
    def run(rows: Rows) -> int:
        written = 0
        for batch in batches(rows):
            written += write(batch)
            let_others_write()
        return written

    return run


@_in_batches
@ledger.retrying
def _delete(rows: Rows) -> int:
    return count_of(rows.delete(), rows)


@_in_batches
@ledger.retrying
def _clear_actor(rows: Rows) -> int:
    return rows.update(actor=None)


@ledger.retrying
def _clear_author(rows: Rows) -> int:
    """Uses the base manager, which does not advance the broadcast clock: readers do not see the author."""
    with ledger.locked_clock():
        return Broadcast._base_manager.using(ledger.alias()).filter(pk__in=rows.values("pk")).update(author=None)


@ledger.retrying
def _clear_series_author(rows: Rows) -> int:
    return rows.update(author=None)


@_in_batches
@ledger.retrying
def _clear_editor(rows: Rows) -> int:
    return rows.update(by=None)


@ledger.retrying
def _delete_tokens(rows: Rows) -> int:
    """A cascade also deletes the stored requests of these tokens, which may name any user."""
    return count_of(rows.delete(), rows)


@_in_batches
@ledger.retrying
def _delete_plain(rows: Rows) -> int:
    """Of rows that are no state of the person's mailbox."""
    return count_of(rows.delete(), rows)


@ledger.retrying
def _delete_locked(pk: UserPk, rows: Rows) -> int:
    """Under the mailbox's lock, so that no send that has read them is about to write."""
    with ledger.locked([pk]):
        return count_of(rows.delete(), rows)


@ledger.retrying
def _replace_receipts(pk: UserPk, rows: Rows) -> int:
    """Delete the receipts, and mark all live broadcasts as read now, their banners as closed: without a receipt they
    would be new again. That a dialog was confirmed is nothing to invent: it opens again."""
    with ledger.locked([pk]) as found:
        live, now = list(audiences.live_for(pk).values_list("pk", flat=True)), timezone.now()
        deleted = count_of(BroadcastReceipt.objects.filter(recipient__in=found).remove(), rows)
        marks = {"read_at": now, "banner_closed_at": now}
        replacing = [BroadcastReceipt(recipient_id=user, broadcast_id=key, **marks) for user in found for key in live]
        BroadcastReceipt.objects.bulk_create(replacing)
        return deleted


def _places(pk: UserPk) -> QuerySet[BroadcastMember]:
    over = Q(broadcast__state__in=[State.EXPIRED, State.WITHDRAWN])
    return BroadcastMember.objects.filter(Q(is_excluded=False) | over, user=pk)


@ledger.retrying
def _delete_places(pk: UserPk, rows: Rows) -> int:
    """Uses the base manager, which does not advance the broadcast clock: only this user leaves an audience."""
    with ledger.locked([pk]) as found:
        keys = list(rows.values_list("pk", flat=True))
        if keys:
            ledger.advance(found, audience=True)
        return count_of(BroadcastMember._base_manager.using(ledger.alias()).filter(Among("pk", keys)).delete(), rows)


@ledger.retrying
def _delete_muted_types(pk: UserPk, rows: Rows) -> int:
    """The version advances even if nothing is deleted, so that each copy of the state (in push) is read once more."""
    with ledger.locked([pk]) as found:
        ledger.advance(found)
        return count_of(rows.delete(), rows)
