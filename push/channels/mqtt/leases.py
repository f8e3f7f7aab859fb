"""One publisher at a time for each subscriber, whatever the number of processes: so their states go out in order.

A publisher leases the rows of a chunk, reads their states, publishes, waits for the PUBACKs and gives the rows back.
While a slow broker sends PUBACKs, it renews the lease.
Whoever finds a row leased leaves a mark on it (`wanted`), and its holder reads and publishes once more before it lets
go. A lease runs out by itself; who takes such a row over first has the broker end the holder's connection, by
connecting with its client id (MQTT 3.1.1, 3.1.4): a holder that was only frozen can publish nothing old afterwards.
"""

from collections.abc import Collection
from datetime import timedelta
from typing import Any, NamedTuple

from django.db.models import Q
from django.utils import timezone

from inbox.core.lookups import Among
from inbox.models import ledger

from ...models import Subscriber

LEASE = timedelta(seconds=5)  # renewed every second; a broker that is silent for 2 s has failed
RENEWALS = 5  # in the time of a lease
ATTEMPTS = 3  # at rows given back at this moment; then they are left to the sweep
NOBODY = ""


class Taken(NamedTuple):
    """The keys of the rows that are ours now, and the client ids of those who let them run out."""

    keys: list[Any]
    late: set[str]


@ledger.retrying
def take(keys: Collection[Any], holder: str) -> Taken:
    """Lease these subscribers' rows, those that `holder` has already included; mark as wanted what others hold."""
    taken, late = list[Any](), set[str]()
    for _ in range(ATTEMPTS if keys else 0):
        now = timezone.now()
        rows = Subscriber.objects.filter(Among("pk", list(keys)))
        others = rows.exclude(holder__in=(NOBODY, holder))
        late.update(others.filter(held_until__lte=now).values_list("holder", flat=True))
        free = rows.filter(Q(holder__in=(NOBODY, holder)) | Q(held_until__lte=now))
        free.update(holder=holder, held_until=now + LEASE, wanted=False)
        others.update(wanted=True)
        held_by = dict(rows.values_list("pk", "holder"))
        taken += [key for key, by in held_by.items() if by == holder]
        keys = [key for key, by in held_by.items() if by == NOBODY]
        if not keys:
            break
    return Taken(taken, late)


class Renewal:
    """Keeps leases from running out, for as long as it is called more often than they do."""

    def __init__(self, keys: Collection[Any], holder: str) -> None:
        self._keys, self._holder = keys, holder
        self._due = timezone.now() + LEASE / RENEWALS

    def __call__(self) -> None:
        now = timezone.now()
        if now >= self._due:
            renew(self._keys, self._holder)
            self._due = now + LEASE / RENEWALS


@ledger.retrying
def renew(keys: Collection[Any], holder: str) -> None:
    """Those of these leases that nobody has taken over last `LEASE` from now."""
    Subscriber.objects.filter(Among("pk", list(keys)), holder=holder).update(held_until=timezone.now() + LEASE)


def is_taken_over(keys: Collection[Any], holder: str) -> bool:
    """Whether others have taken over any of these rows, which `holder` had leased."""
    return Subscriber.objects.filter(Among("pk", list(keys))).exclude(holder=holder).exists()


@ledger.retrying
def give_back(keys: Collection[Any], holder: str, *, wanted: bool = False) -> list[Any]:
    """End these leases, but for the rows that are wanted; with `wanted`, those too. Returns the keys of those kept."""
    ours = Subscriber.objects.filter(Among("pk", list(keys)), holder=holder)
    (ours if wanted else ours.filter(wanted=False)).update(holder=NOBODY, held_until=None, wanted=False)
    return list(ours.values_list("pk", flat=True))
