"""The people of saved filters: a broadcast that is published gets those whom its filters find then."""

from django.core.exceptions import EmptyResultSet
from django.db import connections, transaction
from django.db.models import F

from ...models import AudienceFilter, Broadcast, BroadcastMember, Source, aim, ledger
from ...models.approval import FOUND
from ...selectors.audience import Filters, filters_of, found_by
from . import states


class _Published(Exception):
    """Somebody else has published it meanwhile, with the people of its filters."""


def publish(broadcast: Broadcast, *, show_again: bool = False) -> None:
    """`freeze`, and then `publish_frozen`."""
    freeze(broadcast.pk)
    states.publish_frozen(broadcast, show_again=show_again)


@ledger.retrying
def freeze(broadcast: int) -> None:
    """Put those whom the saved filters of a broadcast find now on its lists, of those whom it is for and of those who
    are left out, in place of those whom they found before. If it is live or scheduled, nothing changes, nor does a list
    without filters: people of a deleted filter stay.

    Call it outside any transaction that holds the clock: the rows are written before the clock is locked.
    """
    filters = {is_excluded: chosen for is_excluded, chosen in filters_of([broadcast])[broadcast].items() if chosen}
    row = Broadcast.objects.filter(pk=broadcast).first()
    if row is None or states.is_published(row) or not filters:
        return
    try:
        with transaction.atomic(using=ledger.alias()):
            _replace(broadcast, filters)
    except _Published:
        return


def _replace(broadcast: int, filters: Filters) -> None:
    before = _numbers(broadcast)
    rows = BroadcastMember._base_manager.using(ledger.alias()).filter(broadcast=broadcast, source=Source.FILTER)
    for is_excluded, chosen in filters.items():
        rows.filter(is_excluded=is_excluded).delete()
        _insert(broadcast, chosen, is_excluded)
    if connections[ledger.alias()].vendor == "postgresql":
        connections[ledger.alias()].check_constraints()  # now, and not at the commit, while the clock is locked
    after = _numbers(broadcast)
    with ledger.locked_clock() as clock:
        row = Broadcast.objects.filter(pk=broadcast).first()
        if row is None or states.is_published(row):
            raise _Published
        if before != after:
            moved = [name for name in before if before[name] != after[name]]
            aim.changed(clock, broadcast, {name: before[name] for name in moved}, {name: after[name] for name in moved})


def _numbers(broadcast: int) -> dict[str, int]:
    return {name: number for name, number in BroadcastMember.summary(broadcast).items() if name in FOUND}


def _insert(broadcast: int, filters: list[AudienceFilter], is_excluded: bool) -> None:
    connection = connections[ledger.alias()]
    found = found_by(filters).order_by().values(found=F("pk"))
    try:
        selected, parameters = found.query.get_compiler(ledger.alias()).as_sql()
    except EmptyResultSet:  # the user model has no column for any of them
        return
    table = connection.ops.quote_name(BroadcastMember._meta.db_table)
    sql = (
        f"INSERT INTO {table} (broadcast_id, user_id, is_excluded, source) "
        f"SELECT %s, found, %s, %s FROM ({selected}) AS found_users WHERE true ON CONFLICT DO NOTHING"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [broadcast, is_excluded, Source.FILTER.value, *parameters])
