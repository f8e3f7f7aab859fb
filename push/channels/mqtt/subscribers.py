"""For whom is published: the rows of `push.models.Subscriber`, and the questions that are asked of them.

Keys are primary keys of users, as the database has them; `UserId` is their form in JSON.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import FieldDoesNotExist
from django.db import connections, transaction
from django.db.models import BigIntegerField, Exists, ExpressionWrapper, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from inbox.core.lookups import Among
from inbox.core.snapshots import CLOCK_UNIT, UserId
from inbox.core.users import user_pk, user_pks
from inbox.models import BroadcastClock, Mailbox

from ...conf import BULK
from ...models import Subscriber
from . import conf

RENEW_AFTER = timedelta(days=1)  # a row written at every login would be a write too many


def renew(user: UserId) -> bool:
    """Publish for this user from now on; whether they are new to it."""
    pk, until = user_pk(user), timezone.now() + timedelta(days=conf.KEEP_DAYS)
    rows = Subscriber.objects.filter(pk=pk)
    if rows.filter(until__gt=until - RENEW_AFTER).exists() or rows.update(until=until):
        return False
    Subscriber.objects.bulk_create([Subscriber(pk=pk, until=until)], ignore_conflicts=True)
    return True


def among(users: Iterable[UserId]) -> list[Any]:
    """Which of these are published for. One query, of at most `BULK` users."""
    return list(_live().filter(Among("pk", user_pks(users))).values_list("pk", flat=True))


def active(keys: Iterable[Any]) -> set[Any]:
    """Which of these users exist and may sign in."""
    return set(_users().filter(Among("pk", list(keys))).values_list("pk", flat=True))


def record(published: Mapping[Any, int]) -> None:
    """The broker has acknowledged these versions. Only upwards: another worker may have been faster."""
    alias, now = Subscriber.objects.db, timezone.now()
    rows = [(version, now, key, version) for key, version in sorted(published.items())]  # rule 1: locks in order
    with transaction.atomic(using=alias), connections[alias].cursor() as cursor:
        cursor.executemany(_record_sql(alias), [_prepared(alias, *row) for row in rows])


def forget(keys: Iterable[Any]) -> None:
    """But those whose password a Mosquitto still has: the sweep takes that away first."""
    rows = Subscriber.objects.filter(pk__in=list(keys))
    (rows.filter(ticket="", told=True) if conf.dynsec() else rows).delete()


# Whole tables, in chunks


def chunks(rows: "QuerySet[Any]") -> Iterator[list[Any]]:
    """Keys in order, at most `BULK` at a time, each chunk asked for when the one before is done."""
    keys = list(rows.order_by("pk").values_list("pk", flat=True)[:BULK])
    while keys:
        yield keys
        keys = list(rows.filter(pk__gt=keys[-1]).order_by("pk").values_list("pk", flat=True)[:BULK])


def everybody() -> Iterator[list[Any]]:
    return chunks(_live())


def behind() -> Iterator[list[Any]]:
    """Those whose published version is not the current one, and those who are no users any more."""
    clock = BroadcastClock.objects.filter(pk=BroadcastClock.THE_ONE).values_list("value", flat=True).first() or 0
    mailbox = Subquery(Mailbox.objects.filter(pk=OuterRef("pk")).values("version"))
    current = ExpressionWrapper(Coalesce(mailbox, 0) + Value(clock * CLOCK_UNIT), output_field=BigIntegerField())
    late = Q(published__lt=current) & Exists(_users().filter(pk=OuterRef("pk")))
    gone = ~Exists(get_user_model()._base_manager.filter(pk=OuterRef("pk")))
    return chunks(_live().filter(late | gone))


def published_since(moment: datetime | None) -> Iterator[list[Any]]:
    """What a broker may have forgotten that forgot what came after `moment` (None: everything)."""
    rows = _live().filter(published_at__isnull=False)
    return chunks(rows if moment is None else rows.filter(published_at__gte=moment))


def expired() -> Iterator[list[Any]]:
    return chunks(Subscriber.objects.filter(until__lte=timezone.now()))


def _live() -> "QuerySet[Any]":
    return Subscriber.objects.filter(until__gt=timezone.now())


def _users() -> "QuerySet[Any]":
    users = get_user_model()._base_manager.using(Subscriber.objects.db)
    return users.filter(is_active=True) if _can_be_inactive() else users.all()


@cache
def _can_be_inactive() -> bool:
    try:
        return bool(get_user_model()._meta.get_field("is_active").concrete)
    except FieldDoesNotExist:
        return False


@cache
def _record_sql(alias: str) -> str:
    """1,000 rows in one go; the ORM would take a statement of its own for each."""
    quoted = connections[alias].ops.quote_name
    table, (version, at, key) = Subscriber._meta.db_table, map(quoted, ("published", "published_at", "user_id"))
    return f"UPDATE {quoted(table)} SET {version} = %s, {at} = %s WHERE {key} = %s AND {version} < %s"


def _prepared(alias: str, version: int, now: datetime, key: Any, below: int) -> tuple[Any, ...]:
    field: Any = Subscriber._meta.get_field
    connection = connections[alias]
    at = field("published_at").get_db_prep_value(now, connection)
    return version, at, field("user").get_db_prep_value(key, connection), below
