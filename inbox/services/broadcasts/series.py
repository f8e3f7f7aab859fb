"""Creating, changing, starting and stopping series."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from ...core.recurrence import Recurrence, parts_of, written
from ...core.users import SiteUser
from ...core.zones import zone_named
from ...errors import BadFields, BadValue, NotFound
from ...models import Broadcast, BroadcastSeries, State, ledger
from .approvals import approve
from .copies import copied
from .due import turn_due
from .occurrences import require_template

Values = Mapping[str, Any]  # field name -> value
SERIES_FIELDS = ("template", "rule", "starts_on", "at", "time_zone", "duration")
MINUTE, LONGEST = timedelta(minutes=1), timedelta(days=3660)  # of an occurrence


def check_series(values: Values) -> dict[str, str]:
    """The errors in these values of a series: field name -> sentence; empty if they are valid.

    A value that is invalid by itself is missing from `values`; it needs no second error.
    """
    errors = {}
    if values.keys() >= {"template"} and values["template"] is None:
        errors["template"] = _("Choose the announcement that is repeated.")
    if (duration := values.get("duration")) is not None and not _is_duration(duration):
        errors["duration"] = _("An occurrence lasts from a minute to ten years, in whole minutes.")
    return errors | _check_times(values)


def require_series(values: Values) -> None:
    """Raises BadFields if `check_series` finds errors."""
    if errors := check_series(values):
        raise BadFields(errors)


def stored_values(series: BroadcastSeries) -> dict[str, Any]:
    """Of its fields, for `check_series`. The template is its key: `series.template` may be read from a replica."""
    return {name: getattr(series, name) for name in SERIES_FIELDS if name != "template"} | {
        "template": series.template_id
    }


def _is_duration(given: timedelta) -> bool:
    return MINUTE <= given <= LONGEST and not given % MINUTE


def _check_times(values: Values) -> dict[str, str]:
    for name, check in (("time_zone", zone_named), ("rule", parts_of)):
        try:
            if name in values:
                check(values[name])
        except BadValue as error:
            return {name: error.detail}
    if not values.keys() >= {"rule", "starts_on", "at", "time_zone"}:
        return {}
    try:
        start = datetime.combine(values["starts_on"], values["at"])
        Recurrence.of(values["rule"], start, values["time_zone"])
    except BadValue as error:
        return {"rule": error.detail}
    return {}


@ledger.retrying
def create_series(author: SiteUser, values: Values) -> BroadcastSeries:
    """Create a series, which is stopped. Its template is a draft: of any other broadcast, a copy is made. Raises
    BadFields, also if it was deleted meanwhile."""
    series = BroadcastSeries(author=author)
    _set(series, values)
    with ledger.locked_clock():
        template = Broadcast.objects.filter(pk__in=[series.template_id]).first()
        if template is None:
            raise BadFields({"template": _("There is no such broadcast.")})
        series.template = template if template.state == State.DRAFT else copied(template, author)
        series.save()
    return series


@contextmanager
def locked_series(pk: int) -> Iterator[BroadcastSeries]:
    """A transaction in which no other one can start, change or delete this series. Raises NotFound."""
    with ledger.locked_clock():
        series = BroadcastSeries.objects.filter(pk=pk).select_related("template").first()
        if series is None:
            raise NotFound(_("There is no such recurring announcement."))
        yield series


@ledger.retrying
def change_series(series: BroadcastSeries, values: Values) -> None:
    """Change these fields. Earlier occurrences stay as they are; one that is due already is published first. Raises
    BadFields, and Held as long as that one is being prepared."""
    _set(copy(series), values)  # a rule that never matches takes long: find it before the lock
    with ledger.locked_clock():
        turn_due()
        _renew(series)
        if series.next_at is not None and series.next_at <= timezone.now():
            raise ledger.Held(f"Series {series.pk} is due, and its occurrence is not prepared")
        _set(series, values)
        _plan(series)
        series.save()


@ledger.retrying
def start_series(series: BroadcastSeries) -> None:
    """From now on, occurrences are published, but none that has passed. Raises BadValue if none can be made.

    Under the four-eyes rule this approves the template, and each occurrence as long as the template is as it is now.
    Raises NotApproved if somebody else has to start it.
    """
    with ledger.locked_clock():
        _renew(series)
        if series.is_active:
            return
        template = require_template(series)
        series.is_active, series.problem = True, ""
        _plan(series)
        if series.next_at is None:
            raise BadValue(_("All occurrences have passed: change the rule first."))
        approve(template)
        series.save()


@ledger.retrying
def stop_series(series: BroadcastSeries) -> None:
    """No more occurrences are published. Those that users see stay."""
    with ledger.locked_clock():
        _renew(series)
        series.is_active, series.next_at = False, None
        series.save()


def _renew(series: BroadcastSeries) -> None:
    """Read its columns again. Raises NotFound."""
    try:
        series.refresh_from_db(using=ledger.alias())
    except BroadcastSeries.DoesNotExist as error:
        raise NotFound(_("There is no such recurring announcement.")) from error


def _set(series: BroadcastSeries, values: Values) -> None:
    """Raises BadFields."""
    for name, value in values.items():
        setattr(series, name, value)
    require_series(stored_values(series))
    series.rule = written(parts_of(series.rule))


def _plan(series: BroadcastSeries) -> None:
    series.next_at = series.recurrence.around(timezone.now())[1] if series.is_active else None
