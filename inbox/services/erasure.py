"""A person's right to be forgotten (GDPR, article 17), while their account stays: it belongs to the site.

What is theirs goes. What is other people's stays, without their name. The mailbox stays as well, as an empty one: its
version never goes back, or a page that shows the badge of before would take the empty one for old news.
"""

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib.auth import get_user_model
from django.utils import timezone
from django.utils.translation import gettext as _

from ..core import audiences, ledger
from ..core.users import UserOrPk, UserPk, user_pk
from ..errors import NotFound
from ..models import Broadcast, BroadcastReceipt, MutedType, ServiceToken, event_types
from .retention import Rows, batches, called, count_of
from .sending import let_others_write

Act = Callable[[Rows], int]


def erase(user: UserOrPk) -> dict[str, int]:
    """Erase what the inbox holds about somebody; returns how many rows, by what they are called.

    Messages, receipts, muted types and service tokens are deleted. In other people's messages "Someone" takes their
    place, for which those people's versions advance. Broadcasts that they wrote lose their author. A thousand rows are
    a transaction: whoever is interrupted begins again. What can't be erased keeps nothing else back; its exception is
    raised at the end. NotFound for an unknown user.
    """
    erased: Counter[str] = Counter()
    failures: list[Exception] = []
    for name, rows, act in _held(_existing(user)):
        try:
            erased[name] += act(rows)
        except Exception as error:  # noqa: BLE001 (raised below)
            failures.append(error)
    if failures:
        raise failures[0]
    return dict(+erased)


def erasable(user: UserOrPk) -> dict[str, int]:
    """How many rows `erase` would touch now, by what they are called. NotFound for an unknown user."""
    found: Counter[str] = Counter()
    for name, rows, _act in _held(_existing(user)):
        found[name] += rows.count()
    return dict(+found)


def _existing(user: UserOrPk) -> Any:
    pk = user_pk(user)
    if not get_user_model()._base_manager.using(ledger.alias()).filter(pk=pk).exists():
        raise NotFound(_("There is no such user."))
    return pk


def _held(pk: UserPk) -> list[tuple[str, Rows, Act]]:
    """What there is of somebody, and what is done with it. The mailbox is last: then it is announced as empty."""
    types = [model.objects.order_by() for model in event_types().values()]
    acted = _("%s of others, in which they act")
    return [
        *((called(rows), rows.filter(recipient=pk), _delete) for rows in types),
        *((acted % called(rows), rows.filter(actor=pk).exclude(recipient=pk), _unname) for rows in types),
        (_("broadcasts that they wrote"), Broadcast.objects.filter(author=pk), _disown),
        _named(ServiceToken.objects.filter(owner=pk), _drop),
        _named(BroadcastReceipt.objects.filter(recipient=pk), partial(_forget_receipts, pk)),
        _named(MutedType.objects.filter(mailbox=pk), partial(_forget_muted, pk)),
    ]


def _named(rows: Rows, act: Act) -> tuple[str, Rows, Act]:
    return called(rows), rows, act


def _in_batches(write: Act) -> Act:
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
def _unname(rows: Rows) -> int:
    return rows.update(actor=None)


@ledger.retrying
def _disown(rows: Rows) -> int:
    """Past the queryset: no reader sees an author, so the clock does not tick for everybody."""
    with ledger.locked_clock():
        return Broadcast._base_manager.using(ledger.alias()).filter(pk__in=rows.values("pk")).update(author=None)


@ledger.retrying
def _drop(rows: Rows) -> int:
    """With the requests that came with these tokens, which may name anybody."""
    return count_of(rows.delete(), rows)


@ledger.retrying
def _forget_receipts(pk: UserPk, rows: Rows) -> int:
    """What is out now stays as read, all of it since this moment: without a receipt it would be back as new."""
    with ledger.locked([pk]) as found:
        live, now = list(audiences.live_for(pk).values_list("pk", flat=True)), timezone.now()
        gone = count_of(BroadcastReceipt.objects.filter(recipient__in=found).remove(), rows)
        marks = [BroadcastReceipt(recipient_id=user, broadcast_id=key, read_at=now) for user in found for key in live]
        BroadcastReceipt.objects.bulk_create(marks)
        return gone


@ledger.retrying
def _forget_muted(pk: UserPk, rows: Rows) -> int:
    """The version advances in any case: who keeps a copy of the state (a channel of push) reads it once more."""
    with ledger.locked([pk]) as found:
        ledger.advance(found)
        return count_of(rows.delete(), rows)
