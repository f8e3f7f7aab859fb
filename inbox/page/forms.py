"""The forms of pages that need no scripts: preferences, and snoozing."""

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils import formats, timezone
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from .. import selectors
from ..core.zones import zones_by_region
from ..models import Density, event_types
from ..rendering.languages import languages

MORNING, LATER = time(9), timedelta(hours=3)
DAY = 24 * 60 * 60  # seconds: how old a page may be whose words are kept
AS_THE_PAGE, AS_THE_BROWSER = _("As the page"), _("As the browser")


class PreferencesForm(forms.Form):
    """A checked type is counted, an unchecked one is muted: the types that are not muted are easier to understand."""

    told = forms.MultipleChoiceField(
        label=_("Count these in my badge"), required=False, widget=forms.CheckboxSelectMultiple
    )
    language = forms.ChoiceField(
        label=_("Language"),
        required=False,
        help_text=_("For the pages of this site, and for devices and programs that name no language."),
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        required=False,
        help_text=_("Times in announcements are shown in it. Authors enter times in it."),
        widget=forms.Select(attrs={"translate": "no"}),
    )
    character_keys = forms.BooleanField(
        label=_("Letters and other characters are shortcuts in the inbox"),
        required=False,
        help_text=_("Switch them off if they get in the way, when you dictate for example. All other keys still act."),
    )

    density = forms.ChoiceField(
        label=_("Density of lists"),
        required=False,
        choices=Density.choices,
        widget=forms.RadioSelect,
        help_text=_("Compact shows more notifications at once, in the inbox and in the bell."),
    )

    def __init__(self, data: QueryDict | None, user: Any) -> None:
        types, muted, chosen = event_types(), selectors.muted(user), selectors.chosen(user)
        told = [name for name in types if name not in muted]
        super().__init__(data, initial={"told": told, **chosen._asdict()}, label_suffix="")
        self._offer("told", [(name, capfirst(model._meta.verbose_name_plural)) for name, model in types.items()])
        self._offer("language", [("", AS_THE_PAGE), *languages().items()])
        self._offer("time_zone", [("", AS_THE_BROWSER), *_zones(chosen.time_zone)])

    def _offer(self, field: str, choices: list[Any]) -> None:
        offering: Any = self.fields[field]
        offering.choices = choices

    def preferences(self) -> dict[str, Any]:
        """The arguments of `services.set_preferences`. Call it on a valid form. A field that was not sent is left out:
        a page of the site's own may have fewer."""
        told = self.cleaned_data["told"]
        sent = {name: self.cleaned_data[name] for name in ("language", "time_zone") if name in self.data}
        keys = {"character_keys": self.cleaned_data["character_keys"]} if "characters" in self.data else {}
        density = {"density": self.cleaned_data["density"]} if self.cleaned_data["density"] else {}
        return {"muted": [name for name in event_types() if name not in told], **sent, **keys, **density}


class SnoozeForm(forms.Form):
    """Items, and until when they are hidden. Moments are in the current time zone of Django. `shown` is when the page
    was made, as a timestamp: “tomorrow” is the day that it named, even if it is sent after midnight."""

    items = forms.MultipleChoiceField(label=_("Notifications"), widget=forms.CheckboxSelectMultiple)
    until = forms.ChoiceField(label=_("Snooze until"), widget=forms.RadioSelect)
    at = forms.DateTimeField(
        label=_("Date and time"),
        required=False,
        widget=forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"}),
    )

    def __init__(self, data: QueryDict | None, items: Iterable[tuple[str, str]], now: datetime) -> None:
        self.shown = _shown(data.get("shown", "") if data else "", int(now.timestamp()))
        self.moments = moments(datetime.fromtimestamp(int(self.shown), now.tzinfo))
        super().__init__(data, initial={"until": "tomorrow", "at": self.moments["tomorrow"]}, label_suffix="")
        offered: Any = self.fields
        offered["items"].choices = list(items)
        words = {"later": _("Later today"), "tomorrow": _("Tomorrow morning"), "week": _("Next week")}
        named = [(name, f"{words[name]} ({in_words(moment)})") for name, moment in self.moments.items()]
        offered["until"].choices = [*named, ("at", _("Date and time"))]

    def end(self) -> datetime | None:
        """The moment that was chosen; None if it is to be typed and was not. Call it on a valid form."""
        chosen: datetime | None = self.moments.get(self.cleaned_data["until"], self.cleaned_data["at"])
        return chosen


def moments(now: datetime) -> dict[str, datetime]:
    """What is offered at this moment, which is in the reader's time zone; as snooze.js offers it."""
    today, zone = now.date(), now.tzinfo
    later = _full_hour(now.astimezone(UTC) + LATER, zone)
    tomorrow = datetime.combine(today + timedelta(days=1), MORNING, zone)
    week = datetime.combine(today + timedelta(days=7 - today.weekday()), MORNING, zone)
    return {**({"later": later} if later.date() == today else {}), "tomorrow": tomorrow, "week": week}


def _full_hour(moment: datetime, zone: tzinfo | None) -> datetime:
    """The next of that zone. Minutes are counted, not hours of the clock: clocks may change meanwhile."""
    minutes = -moment.astimezone(zone).minute % 60
    return (moment.replace(second=0, microsecond=0) + timedelta(minutes=minutes)).astimezone(zone)


def in_words(moment: datetime) -> str:
    """In the current time zone of Django."""
    return formats.date_format(timezone.localtime(moment), "SHORT_DATETIME_FORMAT")


def _shown(sent: str, now: int) -> str:
    """What was sent if it is a timestamp of the last day; else this moment."""
    is_number = sent.isascii() and sent.isdecimal() and len(sent) <= len(str(now))
    return sent if is_number and 0 <= now - int(sent) <= DAY else str(now)


def _zones(own: str) -> list[tuple[str, Any]]:
    """By region. An own zone that is not offered was chosen elsewhere, and stays."""
    groups = [(region, [(name, name) for name in names]) for region, names in zones_by_region()]
    if own and own not in {name for _region, names in zones_by_region() for name in names}:
        return [(own, own), *groups]
    return [*groups]
