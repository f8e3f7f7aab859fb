"""Lists of people that an author uploads. The rows are written before the clock is locked, so that other writes of
broadcasts do not wait for them; they become visible together with the new value of the clock.
"""

from collections.abc import Callable, Collection, Generator
from dataclasses import dataclass, field, replace

from django.contrib.auth import get_user_model
from django.db import connections, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from ...core.lookups import among, prepared
from ...core.users import UserPk
from ...errors import BadValue
from ...models import Broadcast, BroadcastMember, Source, aim, ledger
from . import names
from .aims import visitors_would_see
from .named import People
from .states import existing, require_changeable

Check = Callable[[Broadcast], object]


@dataclass(frozen=True, slots=True)
class Progress:
    """How many of the names have been looked up. Then the list is written."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Upload:
    """`found` users were named, and `added` of them are new on the list. `doubled`: how many lines named one again.
    `unknown`: lines that name nobody. `ambiguous`: names of several users, who are all on the list. `heading`: the
    first line, if it names nobody and looks like the heading of a column."""

    found: int
    added: int
    doubled: int
    unknown: list[str]
    ambiguous: list[str] = field(default_factory=list)
    heading: str = ""


def upload_list(
    broadcast: Broadcast, text: str, *, is_excluded: bool = False, check: Check = require_changeable
) -> Upload:
    """Add the users whom this text names to the uploaded list of a broadcast: of those whom it is for, or of those who
    are left out. Raises BadValue if it names nobody, or would leave people out of a banner for visitors; NotFound if
    the broadcast is gone; and what `check` raises (NotApproved, as `change_broadcast`). That is asked while the clock
    is locked, because the broadcast may have been published meanwhile. If it raises, nobody was added."""
    steps = uploading(broadcast, text, is_excluded=is_excluded, check=check)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]


def uploading(
    broadcast: Broadcast, text: str, *, is_excluded: bool = False, check: Check = require_changeable
) -> Generator[Progress, None, Upload]:
    """The same, step by step."""
    if is_excluded:
        _require_no_visitors(broadcast)
    lines = names.read(text)
    people = People(dict.fromkeys(lines))
    for done in people.look_up():
        yield Progress(done, len(people.names))
    report = _reported([people.meant(line) for line in lines], people)
    if not report.found:
        raise BadValue(_("This file names no user of this site."))
    users = {pk for pks in people.named.values() for pk in pks}
    return replace(report, added=_add(broadcast.pk, users, is_excluded, check))


def _reported(lines: list[str], people: People) -> Upload:
    """Nobody is added yet."""
    unknown = list(dict.fromkeys(name for name in lines if name not in people.named))
    heading = unknown.pop(0) if unknown and unknown[0] == lines[0] and names.is_heading(lines[0]) else ""
    seen: set[UserPk] = set()
    doubled = 0
    for name in lines:
        if users := people.named.get(name):
            doubled += seen.issuperset(users)
            seen.update(users)
    ambiguous = [name for name, users in people.named.items() if len(users) > 1]
    return Upload(len(seen), 0, doubled, unknown, ambiguous, heading)


@ledger.retrying
def _add(broadcast: int, users: Collection[UserPk], is_excluded: bool, check: Check) -> int:
    with transaction.atomic(using=ledger.alias()):
        aim.lock_lists(broadcast)
        before = _rows(broadcast, is_excluded).count()
        added = _insert(broadcast, users, is_excluded)
        aim.check_users()
        _note(broadcast, before, before + added, is_excluded, check)
        return added


@ledger.retrying
def remove_list(broadcast: Broadcast, *, is_excluded: bool = False, check: Check = require_changeable) -> int:
    """Remove the uploaded list; returns how many users were on it. Raises as `upload_list`."""
    with transaction.atomic(using=ledger.alias()):
        aim.lock_lists(broadcast.pk)
        rows = _rows(broadcast.pk, is_excluded)
        before = rows.count()
        _note(broadcast.pk, before, 0, is_excluded, check)
        removed: int = rows.delete()[0]
        return removed


def _note(broadcast: int, before: int, after: int, is_excluded: bool, check: Check) -> None:
    """Lock the clock for the rest of the transaction, and note how many people the list has now. Only who holds the
    lock of the lists writes them, but the chosen people change with the clock."""
    name = "excluded_people" if is_excluded else "people"
    with ledger.locked_clock() as clock:
        stored = existing(broadcast)
        check(stored)
        if is_excluded and after:
            _require_no_visitors(stored)
        if before != after:
            chosen = _rows(broadcast, is_excluded, Source.PEOPLE).count()
            aim.changed(clock, broadcast, {name: chosen + before}, {name: chosen + after})


def _require_no_visitors(broadcast: Broadcast) -> None:
    if broadcast.for_visitors:
        raise BadValue(visitors_would_see())


def _insert(broadcast: int, users: Collection[UserPk], is_excluded: bool) -> int:
    connection, model = connections[ledger.alias()], get_user_model()
    key = str(model._meta.pk.column)
    table, user = connection.ops.quote_name(model._meta.db_table), connection.ops.quote_name(key)
    condition, keys = among(connection, user, prepared(model._meta.pk, users, connection))
    members = connection.ops.quote_name(BroadcastMember._meta.db_table)
    sql = f"INSERT INTO {members} (broadcast_id, user_id, is_excluded, source) SELECT %s, {user}, %s, %s FROM {table}"
    with connection.cursor() as cursor:
        cursor.execute(
            f"{sql} WHERE {condition} ON CONFLICT DO NOTHING", [broadcast, is_excluded, Source.LIST.value, *keys]
        )
        return int(cursor.rowcount)


def _rows(broadcast: int, is_excluded: bool, source: Source = Source.LIST) -> QuerySet[BroadcastMember]:
    rows = BroadcastMember._base_manager.using(ledger.alias())
    return rows.filter(broadcast=broadcast, is_excluded=is_excluded, source=source)
