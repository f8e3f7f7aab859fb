"""Many different events at once: the statements are as many for five hundred of them as for two."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from ..core import ledger
from ..models import Message
from ..models.base import number
from .sending import copy_for, write


class Delivery(NamedTuple):
    """A drafted message, and the ids of those who get it."""

    message: Message
    ids: Sequence[Any]


def write_all(deliveries: Sequence[Delivery]) -> list[int]:
    """Write up to 1,000 messages in this order, in one transaction or the caller's; returns how many of each."""
    if len(deliveries) == 1:
        return [write(deliveries[0].ids, deliveries[0].message)]
    counts = Counter(pk for delivery in deliveries for pk in delivery.ids)
    with ledger.locked(counts) as found:
        here = dict.fromkeys(found)
        rows = [row for delivery in deliveries for row in _rows(delivery, here)]
        number(rows, ledger.advance_each({pk: counts[pk] for pk in found}))
        _insert(rows)
        return [sum(pk in here for pk in delivery.ids) for delivery in deliveries]


def _rows(delivery: Delivery, here: dict[Any, None]) -> list[Message]:
    return [copy_for(pk, delivery.message) for pk in delivery.ids if pk in here]


def _insert(rows: Sequence[Message]) -> None:
    for model in dict.fromkeys(type(row) for row in rows):
        arriving = _newest([row for row in rows if type(row) is model])
        ledger.announce(list(dict.fromkeys(row.recipient_id for row in arriving)), model.arrival())
        model.objects.insert(arriving)


def _newest(rows: list[Message]) -> list[Message]:
    """Of those with one dedupe key only the last: it would take the place of the others."""
    last = {(row.recipient_id, row.dedupe_key or id(row)): row for row in rows}
    return list(last.values())
