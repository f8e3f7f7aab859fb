"""The form of a series: every so many days, weeks, months or years, instead of a rule of RFC 5545."""

from datetime import time, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ... import services
from ...core.recurrence import MAX_COUNT, MAX_INTERVAL, MAX_RULE, WEEKDAYS
from ...core.zones import offered_zones
from ...models import Broadcast, BroadcastSeries, State
from .rules import DAY_NAMES, DAYS, DAYS_OF_WEEK, ENDS, UNITS, fields_of, rule_of

if TYPE_CHECKING:
    ModelForm = forms.ModelForm[Any]
else:
    ModelForm = forms.ModelForm

DURATIONS = {  # the largest first
    "weeks": timedelta(weeks=1),
    "days": timedelta(days=1),
    "hours": timedelta(hours=1),
    "minutes": timedelta(minutes=1),
}
DURATION_UNITS = [("minutes", _("minutes")), ("hours", _("hours")), ("days", _("days")), ("weeks", _("weeks"))]
MAX_DURATION = 9_999_999  # what is too long is said by the service; this only prevents an overflow


class DateInput(forms.DateInput):
    """The calendar of the browser, which also has one on phones."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class TimeInput(forms.TimeInput):
    input_type = "time"

    def __init__(self) -> None:
        super().__init__(format="%H:%M")


class SeriesForm(ModelForm):
    """`values` are those of the services, after validation."""

    template = forms.ModelChoiceField(
        queryset=Broadcast.objects.none(),
        label=_("Announcement"),
        help_text=_("A draft. Each occurrence is a copy of what it says at that time."),
    )
    starts_on = forms.DateField(label=_("First date"), widget=DateInput)
    at = forms.TimeField(label=_("Time"), widget=TimeInput)
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        help_text=_("The time of day stays the same when the clocks change."),
        widget=forms.Select(attrs={"translate": "no"}),
    )
    every = forms.IntegerField(label=_("Every"), min_value=1, max_value=MAX_INTERVAL, required=False)
    unit = forms.ChoiceField(label=_("Unit"), choices=UNITS, required=False)
    weekdays = forms.MultipleChoiceField(
        label=_("On"), choices=[*DAY_NAMES.items()], required=False, widget=forms.CheckboxSelectMultiple
    )
    day = forms.ChoiceField(label=_("On"), choices=DAYS, required=False)
    weekday = forms.ChoiceField(label=_("Weekday"), choices=DAYS_OF_WEEK, required=False)
    rule = forms.CharField(
        label=_("Rule"),
        max_length=MAX_RULE,
        required=False,
        help_text=_("An RRULE of RFC 5545, for example FREQ=MONTHLY;BYMONTHDAY=1,15"),
    )
    ends = forms.ChoiceField(label=_("Ends"), choices=ENDS, required=False)
    count = forms.IntegerField(label=_("Number of times"), min_value=1, max_value=MAX_COUNT, required=False)
    until = forms.DateField(label=_("Last date"), widget=DateInput, required=False)
    lasts = forms.IntegerField(
        label=_("Expires after"),
        min_value=1,
        max_value=MAX_DURATION,
        required=False,
        help_text=_("Empty: occurrences stay until they are withdrawn."),
    )
    lasts_unit = forms.ChoiceField(label=_("Unit of time"), choices=DURATION_UNITS, required=False)

    class Meta:
        model = BroadcastSeries
        fields = ("template", "starts_on", "at", "time_zone", "rule")

    starting: ClassVar[dict[str, Any]] = {"every": 1, "unit": "WEEKLY", "at": time(9), "lasts_unit": "days"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        series = self.instance
        if series.pk is None:
            self._offer_templates()
            now = timezone.localtime()
            own = {"starts_on": now.date(), "weekdays": [WEEKDAYS[now.weekday()]], "time_zone": str(now.tzinfo)}
            self.initial = {**self.starting, **own, **self.initial}
        else:
            del self.fields["template"]  # it never changes
            said = fields_of(series.rule) | _lasts(series.duration)
            self.initial = {**self.starting, **self.initial, **said}
        own_zone = str(self.initial.get("time_zone", ""))
        names = offered_zones() if own_zone in offered_zones() else [own_zone, *offered_zones()]
        self.fields["time_zone"].choices = [(name, name) for name in names]  # type: ignore[attr-defined]

    def _offer_templates(self) -> None:
        """Drafts, and the one from whose page the form was opened. Drafts that a series has made are none."""
        given = str(self.initial.get("template") or self.data.get("template") or "")
        wanted = Q(state=State.DRAFT, series=None)
        if given.isdecimal() and len(given) < 19:
            wanted |= Q(pk=int(given))
        self.fields["template"].queryset = Broadcast.objects.filter(wanted)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        self._require_what_counts(data)
        data["rule"] = rule_of(data)
        lasts, unit = data.get("lasts"), data.get("lasts_unit") or "days"
        self.values = {name: data[name] for name in services.SERIES_FIELDS if name in data}
        self.values["duration"] = lasts * DURATIONS[unit] if lasts else None
        if not {"every", "unit", "rule", "count", "until"} & {*self.errors}:
            fields = {"duration": "lasts", "rule": "unit" if data.get("unit") else "rule"}
            for field, sentence in services.check_series(self.values).items():
                self.add_error(fields.get(field, field), sentence)
        if self.instance.pk is not None and self.instance.template is None:
            self.add_error(None, _("Its announcement was deleted."))
        return data

    def _require_what_counts(self, data: dict[str, Any]) -> None:
        field = {"COUNT": "count", "UNTIL": "until"}.get(data.get("ends", "")) if data.get("unit") else "rule"
        if field and not data.get(field) and not {field, "unit"} & {*self.errors}:
            self.add_error(field, forms.ValidationError(_("This field is required."), code="required"))


def _lasts(duration: timedelta | None) -> dict[str, Any]:
    """In the largest unit of which it is a multiple."""
    if duration is None:
        return {}
    unit = next(unit for unit, length in DURATIONS.items() if not duration % length)
    return {"lasts": duration // DURATIONS[unit], "lasts_unit": unit}
