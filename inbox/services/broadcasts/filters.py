"""The people of saved filters: a broadcast that is published gets those whom its filters find then."""

from django.core.exceptions import EmptyResultSet
from django.db import OperationalError, connections, transaction
from django.db.models import Exists, F, OuterRef

from ...core.lookups import Among
from ...models import AudienceFilter, Broadcast, BroadcastMember, Source, aim, ledger
from ...selectors.audience import Filters, filters_digest, filters_of, found_by
from . import states

FOUND = {False: "filtered_people", True: "excluded_filtered_people"}  # is_excluded -> the name in the history


class _Published(Exception):
    """Somebody else has published it meanwhile, with the people of its filters."""


@ledger.retrying
def publish(broadcast: Broadcast, *, show_again: bool = False) -> None:
    """`freeze`, and then `publish_frozen`; both again if others are chosen in between."""
    freeze(broadcast.pk)
    with transaction.atomic(using=ledger.alias()):  # so that not only this half is tried again
        states.publish_frozen(broadcast, show_again=show_again)


@ledger.retrying
def freeze(broadcast: int) -> None:
    """Put those whom the saved filters of a broadcast find now on its lists, of those whom it is for and of those who
    are left out, in place of those whom they found before. If it is live, scheduled or prepared, nothing changes, nor
    does a list without filters: people of a deleted filter stay.

    Call it outside any transaction that holds the clock: the rows are written before the clock is locked. Raises
    NotFound if it was deleted.
    """
    if states.has_its_people(states.existing(broadcast)) or not _chosen(broadcast):
        return
    try:
        with transaction.atomic(using=ledger.alias()):
            aim.lock_lists(broadcast)
            _replace(broadcast)
    except _Published:
        return


def _replace(broadcast: int) -> None:
    filters, source = _chosen(broadcast), filters_digest(broadcast)
    rows = BroadcastMember._base_manager.using(ledger.alias()).filter(broadcast=broadcast, source=Source.FILTER)
    moved: dict[str, tuple[int, int]] = {}
    gone: list[int] = []
    for is_excluded, chosen in filters.items():
        found = rows.filter(is_excluded=is_excluded)
        number, added = found.count(), _insert(broadcast, chosen, is_excluded)
        lost = found.exclude(Exists(found_by(chosen).filter(pk=OuterRef("user")))).values_list("pk", flat=True)
        gone += lost
        moved[FOUND[is_excluded]] = (number, number + added - len(lost))
    aim.check_users()
    with ledger.locked_clock() as clock:
        if states.has_its_people(states.existing(broadcast)):
            raise _Published
        if source != filters_digest(broadcast):
            raise OperationalError(f"The filters of broadcast {broadcast} have changed meanwhile.")  # tried again
        Broadcast._base_manager.using(ledger.alias()).filter(pk=broadcast).update(prepared_from=source)
        if gone:
            rows.filter(Among("pk", gone)).delete()
        if changed := {name: numbers for name, numbers in moved.items() if numbers[0] != numbers[1]}:
            before, after = ({name: numbers[n] for name, numbers in changed.items()} for n in (0, 1))
            aim.changed(clock, broadcast, before, after)


def put_found(broadcast: int, filters: Filters) -> None:
    """Put those whom these filters find now on the lists of a broadcast that nobody else sees yet."""
    for is_excluded, chosen in filters.items():
        if chosen:
            _insert(broadcast, chosen, is_excluded)


def _chosen(broadcast: int) -> Filters:
    """Of the sides that have any."""
    return {is_excluded: chosen for is_excluded, chosen in filters_of([broadcast])[broadcast].items() if chosen}


def _insert(broadcast: int, filters: list[AudienceFilter], is_excluded: bool) -> int:
    connection = connections[ledger.alias()]
    found = found_by(filters).order_by().values(found=F("pk"))
    try:
        selected, parameters = found.query.get_compiler(ledger.alias()).as_sql()
    except EmptyResultSet:  # the user model has no column for any of them
        return 0
    table = connection.ops.quote_name(BroadcastMember._meta.db_table)
    sql = (
        f"INSERT INTO {table} (broadcast_id, user_id, is_excluded, source) "
        f"SELECT %s, found, %s, %s FROM ({selected}) AS found_users WHERE true ON CONFLICT DO NOTHING"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [broadcast, is_excluded, Source.FILTER.value, *parameters])
        return int(cursor.rowcount)
