"""Lists of people that an author uploads: user names, ids or e-mail addresses, one a line, or in the first column of a
CSV file. Any number of them costs a few statements."""

import csv
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from io import StringIO

from django.contrib.auth import get_user_model
from django.db import connections, transaction
from django.db.models import IntegerField, QuerySet
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from ...core.lookups import Among, among, prepared
from ...core.users import SiteUser, UserPk, user_pk_or_none
from ...errors import BadValue, NotFound
from ...models import Broadcast, BroadcastMember, Source, aim, ledger
from .states import require_changeable

CHUNK = 100_000  # names per look-up: one by e-mail address reads all users
Check = Callable[[Broadcast], object]


@dataclass(frozen=True, slots=True)
class Upload:
    """`found` users were named, and `added` of them are new on the list. `doubled`: how many lines named one again.
    `unknown`: lines that name nobody."""

    found: int
    added: int
    doubled: int
    unknown: list[str]


def upload_list(
    broadcast: Broadcast, text: str, *, is_excluded: bool = False, check: Check = require_changeable
) -> Upload:
    """Add the users whom this text names to the uploaded list of a broadcast: of those whom it is for, or of those who
    are left out. Raises BadValue if it names nobody, and what `check` raises (NotApproved, as `change_broadcast`). That
    is asked while the clock is locked, because the broadcast may have been published meanwhile."""
    lines = _lines(text)
    names = dict.fromkeys(lines)
    known = _look_up(names)
    users = {pk for pks in known.values() for pk in pks}
    unknown = [name for name in names if name not in known]
    if not users:
        raise BadValue(_("This file names no user of this site."))
    added = _add(broadcast.pk, users, is_excluded, check)
    return Upload(len(users), added, len(lines) - len(names), unknown)


def _lines(text: str) -> list[str]:
    """The first cell of each row. Spreadsheets write other separators in some languages."""
    first = text.partition("\n")[0]
    separator = next((each for each in (";", "\t") if each in first), ",")
    try:
        cells = [row[0].strip() for row in csv.reader(StringIO(text), delimiter=separator) if row]
    except csv.Error as error:
        raise BadValue(_("This is not a text or a CSV file.")) from error
    return [cell for cell in cells if cell]


def _look_up(names: Iterable[str]) -> dict[str, set[UserPk]]:
    """Name -> the users with it: the user name counts first, then the id, then the e-mail address."""
    found: dict[str, set[UserPk]] = {}
    for chunk in ledger.chunks([name for name in names if "\0" not in name], CHUNK):
        for look_up in (_by_user_name, _by_id, _by_email):
            for name, pk in look_up([name for name in chunk if name not in found]):
                found.setdefault(name, set()).add(pk)
    return found


def _by_user_name(names: list[str]) -> list[tuple[str, UserPk]]:
    field = get_user_model().USERNAME_FIELD
    return list(_users().filter(Among(field, names)).values_list(field, "pk")) if names else []


def _by_id(names: list[str]) -> list[tuple[str, UserPk]]:
    if isinstance(get_user_model()._meta.pk, IntegerField):
        names = [name for name in names if name.isdecimal()]  # to find that in the exception takes 40 µs a name
    keys = {pk: name for name in names if (pk := user_pk_or_none(name)) is not None}
    return [(keys[pk], pk) for pk in _users().filter(Among("pk", keys)).values_list("pk", flat=True)] if keys else []


def _by_email(names: list[str]) -> list[tuple[str, UserPk]]:
    field = get_user_model().get_email_field_name()
    known = any(column.name == field for column in get_user_model()._meta.concrete_fields)
    given = {name.lower(): name for name in names if "@" in name} if known else {}
    if not given:
        return []
    rows = _users().annotate(_email=Lower(field)).filter(Among("_email", given)).values_list("_email", "pk")
    return [(given[email], pk) for email, pk in rows]


@ledger.retrying
def _add(broadcast: int, users: Collection[UserPk], is_excluded: bool, check: Check) -> int:
    """Write the rows before the clock is locked, so that other writes of broadcasts do not wait for them; they become
    visible together with the new value of the clock."""
    with transaction.atomic(using=ledger.alias()):
        added = _insert(broadcast, users, is_excluded)
        if connections[ledger.alias()].vendor == "postgresql":
            connections[ledger.alias()].check_constraints()  # now, and not at the commit, while the clock is locked
        _note(broadcast, added, is_excluded, check)
        return added


@ledger.retrying
def remove_list(broadcast: Broadcast, *, is_excluded: bool = False, check: Check = require_changeable) -> int:
    """Remove the uploaded list; returns how many users were on it. Raises as `upload_list`."""
    rows = BroadcastMember._base_manager.using(ledger.alias()).filter(broadcast=broadcast.pk, source=Source.LIST)
    with transaction.atomic(using=ledger.alias()):
        removed: int = rows.filter(is_excluded=is_excluded).delete()[0]
        _note(broadcast.pk, -removed, is_excluded, check)
        return removed


def _note(broadcast: int, more: int, is_excluded: bool, check: Check) -> None:
    """Note that this transaction has written so many rows. A number from before it would not tell: another upload may
    have removed as many meanwhile."""
    name = "excluded_people" if is_excluded else "people"
    number = BroadcastMember.summary(broadcast)[name]
    with ledger.locked_clock() as clock:
        row = Broadcast.objects.filter(pk=broadcast).first()
        if row is None:
            raise NotFound(_("There is no such broadcast."))
        check(row)
        if more:
            aim.changed(clock, broadcast, {name: number - more}, {name: number})


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


def _users() -> QuerySet[SiteUser]:
    return get_user_model()._base_manager.using(ledger.alias())
