"""Occurrences whose audience takes long to write are prepared: they have saved filters, or long lists.

They are written shortly before they are due, their people before the clock is locked: broadcasts that no user sees and
nobody can change yet. If it was not done in time, whoever finds them due does it first (`due.apply_due`).
"""

import json
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from ...core.acting import acting
from ...core.isolation import attempt, log_failure
from ...errors import BadValue
from ...models import Broadcast, BroadcastMember, BroadcastSeries, State, aim, ledger
from ...models.broadcasts.history import last_change_of_people
from ...selectors.audience import filters_digest, filters_of
from .copies import columns_of, copy_sets, inserted, note_created
from .filters import put_found
from .states import existing

AHEAD = timedelta(minutes=5)
MOST_PEOPLE = 10_000  # on the lists of a template: so many are copied while the clock is locked
SECONDS = 5.0  # for which it waits for a lock
MOST = 50  # audiences at a time: the others follow at the next call


class _Vain(Exception):
    """The occurrence is out already, or will not come."""


def prepare_occurrences(now: datetime | None = None, ahead: timedelta = AHEAD) -> None:
    """Write the audiences of occurrences that are due until then, and delete those that will not come out. Several
    processes may call it at a time; one failure stops no other.

    Call it outside any transaction: no row is written while the clock is locked.
    """
    now = now or timezone.now()
    with acting(None):  # nobody does it, also if it falls due in a request
        _prepare_all(now, now + ahead)


def _prepare_all(now: datetime, until: datetime) -> None:
    written = 0
    for each in BroadcastSeries.objects.active().filter(next_at__lte=until).order_by("next_at"):
        try:
            written += written < MOST and _prepare(each, now)
        except Exception:  # noqa: BLE001 (logged there)
            log_failure(f"Preparing series {each.pk}")
    for pk in _abandoned().values_list("pk", flat=True):
        attempt(f"Deleting the prepared broadcast {pk}", partial(_delete, pk))


def needs_preparation(template: int) -> bool:
    """Whether an occurrence of this broadcast can't be made while the clock is locked, because it would take long."""
    people = BroadcastMember.objects.filter(broadcast=template).order_by()
    return any(filters_of([template])[template].values()) or people[: MOST_PEOPLE + 1].count() > MOST_PEOPLE


def source_of(template: int) -> str:
    """A digest of what decides whose rows an occurrence gets: lists, and filters with their conditions. People
    stand for themselves by the last change of a list."""
    content = [template, last_change_of_people(template), filters_digest(template)]
    return sha256(json.dumps(content, default=str).encode()).hexdigest()


def _prepare(series: BroadcastSeries, now: datetime) -> bool:
    """Returns whether rows were written."""
    try:
        latest, following = series.recurrence.around(now)
    except BadValue:  # it stops when it is due
        return False
    occurrence = latest if series.next_at is not None and series.next_at <= now else following
    template = Broadcast.objects.filter(repeated_by=series.pk).first()
    if occurrence is None or template is None or not _is_needed(series, template, occurrence):
        return False
    with ledger.waiting_at_most(SECONDS), suppress(_Vain), transaction.atomic(using=ledger.alias()):
        if aim.may_prepare(series.pk):
            _write(series, template, occurrence)
            return True
    return False


def _is_needed(series: BroadcastSeries, template: Broadcast, occurrence: datetime) -> bool:
    made = Broadcast.objects.filter(series=series.pk, occurrence=occurrence).first()
    if made is None:
        return needs_preparation(template.pk)
    return made.state == State.PREPARING and made.prepared_from != source_of(template.pk)


def _write(series: BroadcastSeries, template: Broadcast, occurrence: datetime) -> None:
    """The people of the template, and those whom its filters find now, before the clock is locked. Until the commit
    nobody sees the broadcast, and it belongs to no series, whose row it would lock. Raises _Vain."""
    columns = columns_of(template) | {"state": State.PREPARING, "publish_at": occurrence}
    source = source_of(template.pk)  # from before the rows: if it changes meanwhile, they are written again
    row = inserted(Broadcast(author=series.author, prepared_from=source, **columns))
    BroadcastMember.copy(template.pk, row.pk)
    put_found(row.pk, filters_of([template.pk])[template.pk])
    aim.check_users()
    with ledger.locked_clock() as clock:
        _replace(series, occurrence)
        own = {"series": series.pk, "occurrence": occurrence}
        Broadcast._base_manager.using(ledger.alias()).filter(pk=row.pk).update(**own)
        note_created(clock, row)
        copy_sets(existing(template.pk), row)


def _replace(series: BroadcastSeries, occurrence: datetime) -> None:
    """Delete what was prepared for this occurrence before. Raises _Vain if it is out, or will not come."""
    made = Broadcast.objects.filter(series=series.pk, occurrence=occurrence)
    is_coming = BroadcastSeries.objects.active().filter(pk=series.pk, next_at__lte=occurrence).exists()
    if not is_coming or made.exclude(state=State.PREPARING).exists():
        raise _Vain
    made.delete()


def _abandoned() -> QuerySet[Broadcast]:
    """Those whose series was deleted, stopped or changed, or that came out too late."""
    is_coming = Q(series__is_active=True, occurrence__gte=F("series__next_at"))
    rows = Broadcast.objects.filter(state=State.PREPARING).order_by("pk")
    return rows.exclude(pk__in=Broadcast.objects.filter(is_coming, state=State.PREPARING).values("pk"))


def _delete(pk: int) -> None:
    with ledger.waiting_at_most(SECONDS):
        _abandoned().filter(pk=pk).delete()
