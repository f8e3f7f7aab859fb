"""Saved filters: people of an audience by when they registered, when they last signed in, and their language."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import DateTimeField, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ...core.validators import validate_language, validate_says_something
from ..births import JOINED
from ..mailbox import PrimaryQuerySet
from ..preferences import has_chosen
from .broadcast import Broadcast

SIGNED_IN, MOST_DAYS = "last_login", 3660
# Condition -> the column of the user model that it needs, which a site's own model may lack.
COLUMNS = {"joined_after": JOINED, "joined_before": JOINED, "active_since_days": SIGNED_IN}
CONDITIONS = (*COLUMNS, "language")
# Nobody registers before or after. Near the years 1 and 9999, a time can't be converted to every time zone.
FIRST, LAST = date(1900, 1, 1), date(9000, 1, 1)


def offered_conditions() -> list[str]:
    """The conditions that the user model has columns for, and the language if there is a choice."""
    found = [name for name, column in COLUMNS.items() if _has_moment(column)]
    return [*found, "language"] if len(settings.LANGUAGES) > 1 else found


def _has_moment(column: str) -> bool:
    try:
        return isinstance(get_user_model()._meta.get_field(column), DateTimeField)
    except FieldDoesNotExist:
        return False


class AudienceFilter(models.Model):
    """Users for whom all of its conditions hold. A broadcast that is published gets those whom it finds then: later
    ones are not added, and neither a change nor the deletion of the filter takes anybody out.

    Days begin at midnight in the time zone of the site (`TIME_ZONE`).
    """

    name = models.CharField(gettext_lazy("name"), max_length=100, unique=True)
    joined_after = models.DateField(
        gettext_lazy("registered since"), null=True, blank=True, help_text=gettext_lazy("On this day or later.")
    )
    joined_before = models.DateField(
        gettext_lazy("registered before"), null=True, blank=True, help_text=gettext_lazy("Before this day.")
    )
    active_since_days = models.PositiveSmallIntegerField(
        gettext_lazy("signed in within days"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_DAYS)],
        help_text=gettext_lazy("Who last signed in at most so many days before the announcement is published."),
    )
    language = models.CharField(
        gettext_lazy("chosen language"),
        max_length=35,
        blank=True,
        default="",
        db_default="",
        validators=[validate_language],
        help_text=gettext_lazy(
            "Who has chosen this language in the preferences. Who has chosen none is found for no language."
        ),
    )

    objects = PrimaryQuerySet.as_manager()

    class Meta:
        verbose_name = gettext_lazy("saved filter")
        verbose_name_plural = gettext_lazy("saved filters")
        ordering = ("name",)
        constraints = [
            models.CheckConstraint(
                condition=Q(*((f"{name}__isnull", False) for name in COLUMNS), _connector=Q.OR) | ~Q(language=""),
                name="inbox_audiencefilter_has_a_condition",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Each error belongs to a field, so that the constraint does not say it once more."""
        try:
            validate_says_something(self.name or "-")  # the empty one has an error of its own
        except ValidationError as error:
            raise ValidationError({"name": error.messages}) from error
        if offered_conditions() and not self.conditions:
            sentence = _("Give at least one condition: without any, it would be everyone.")
            raise ValidationError({offered_conditions()[0]: sentence})
        if self.joined_after and self.joined_before and self.joined_after >= self.joined_before:
            raise ValidationError({"joined_before": _("This must be later than “registered since”.")})

    @property
    def is_recurring(self) -> bool:
        """Whether occurrences will come out for those whom it finds, or without them, and nobody publishes these."""
        used = Q(filters=self.pk) | Q(excluded_filters=self.pk)
        return Broadcast.objects.filter(used, repeated_by__is_active=True).exists()

    @property
    def conditions(self) -> dict[str, Any]:
        """Those that are given, with their values."""
        return {name: value for name in CONDITIONS if (value := getattr(self, name)) not in {None, ""}}

    def condition(self) -> Q:
        """Of users whom it finds now; of none if the user model lacks a column that it needs."""
        if not all(_has_moment(COLUMNS[name]) for name in self.conditions if name in COLUMNS):
            return Q(pk__in=[])
        return Q(*(_condition(name, value) for name, value in self.conditions.items()))


def _condition(name: str, value: Any) -> Q:
    if name == "language":
        return has_chosen(value)
    if name == "active_since_days":
        return Q((f"{SIGNED_IN}__gte", timezone.now() - timedelta(days=value)))
    return Q((f"{JOINED}__{'gte' if name == 'joined_after' else 'lt'}", _midnight(value)))


def _midnight(day: date) -> datetime:
    day = min(max(day, FIRST), LAST)
    return datetime.combine(day, time.min, timezone.get_default_timezone())
