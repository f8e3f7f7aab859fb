"""When users registered, counted in publications: a broadcast can leave out users who register after it came out.

The unit is the broadcast clock. `Broadcast.first_clock` is its value at the first publication, and a mailbox stores in
`born_clock` the greatest one that there was when its user registered. Of two first publications, the later one never
has an earlier `first_published_at`, so both columns order broadcasts in the same way.
"""

from datetime import datetime
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.exceptions import FieldDoesNotExist
from django.db.models import BigIntegerField, DateTimeField, OuterRef, QuerySet, Subquery, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce
from django.utils import timezone

JOINED = "date_joined"


def has_joined_column() -> bool:
    """Whether the user model stores when a user registered, in the column of Django's own user model."""
    try:
        return isinstance(get_user_model()._meta.get_field(JOINED), DateTimeField)
    except FieldDoesNotExist:
        return False


def newest(alias: str) -> int:
    """The greatest `first_clock` of all broadcasts; 0 if none was ever published."""
    found: int | None = _latest_first().using(alias).values_list("first_clock", flat=True).first()
    return found or 0


def next_moment(alias: str) -> datetime:
    """The time for the next first publication: now, but not before that of an earlier one, whatever clock it had."""
    latest: datetime | None = _latest_first().using(alias).values_list("first_published_at", flat=True).first()
    return max(timezone.now(), latest or timezone.now())


def from_joined(joined: Combinable | None) -> Combinable:
    """The `born_clock` of a user without a mailbox, from the time of registration: `joined`, an expression for use in a
    subquery; None without such a column.

    A broadcast that came out at the same moment counts as later: in doubt, the user sees it.
    """
    if joined is None:
        return Value(0, BigIntegerField())
    earlier = _latest_first().filter(first_published_at__lt=joined)
    return Coalesce(Subquery(earlier.values("first_clock")[:1]), 0)


def of_user() -> Combinable:
    """The same for each row of a queryset of users."""
    return from_joined(OuterRef(JOINED) if has_joined_column() else None)


def _latest_first() -> QuerySet[Any]:
    """Broadcasts that were published, ordered as the index `inbox_broadcast_first` is: the first one is read from it,
    however many there are."""
    rows: QuerySet[Any] = apps.get_model("inbox", "Broadcast")._base_manager.filter(first_published_at__isnull=False)
    return rows.order_by("-first_published_at", "-first_clock")
