"""The changes of a broadcast, in words."""

from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext, gettext_lazy

from ..models import Audience, Broadcast, BroadcastChange, Level, State
from ..rendering.texts import others, valid_buttons
from ..rendering.wording import shortened
from .zones import moment

CHOICES = {"state": State, "audience": Audience, "level": Level}
NAMES = {
    "people": gettext_lazy("people"),
    "excluded_people": gettext_lazy("people who are left out"),
    "filtered_people": gettext_lazy("people found by saved filters"),
    "excluded_filtered_people": gettext_lazy("people found by saved filters, who are left out"),
    # The fields of exclusions are called as the parts of the audience, below the heading “But not for”.
    "excluded_filters": gettext_lazy("saved filters whose people are left out"),
    "excluded_groups": gettext_lazy("excluded groups"),
    "excludes_staff": gettext_lazy("staff is left out"),
}
LONGEST = 200  # characters of a value; a click shows the rest


class ShownChange:
    """One row of the history: `moment`, `by`, and `lines`, each the name of what changed, and its values."""

    def __init__(self, change: BroadcastChange) -> None:
        self.moment = moment(change.at)
        self.by = change.by.get_username() if change.by else None
        self.is_first = not change.changed
        self.is_by_series = self.is_first and change.broadcast.occurrence is not None
        self.lines = [
            (_name(name), Shown(_value(name, before)), Shown(_value(name, after)))
            for name, (before, after) in change.changed.items()
        ]


class Shown:
    """A value: its text, and how it begins if it is long (`beginning`)."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.beginning = shortened(text, LONGEST) if len(text) > LONGEST else ""


def _name(column: str) -> str:
    if column in NAMES:
        return str(NAMES[column])
    try:
        return str(Broadcast._meta.get_field(column).verbose_name)  # type: ignore[union-attr]
    except FieldDoesNotExist:  # it was renamed since
        return column


def _value(column: str, value: Any) -> str:
    if value in (None, "", [], {}):
        return ""
    if column == "translations":
        return "; ".join(f"{code}: {text.title} {text.body}" for code, text in others(value).items())
    if column == "buttons":
        return "; ".join(f"{button['label']} ({button['url']})" for button in valid_buttons(value))
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if column in CHOICES:
        return str(dict(CHOICES[column].choices).get(value, value))
    found = parse_datetime(value) if column.endswith("_at") else None
    if found is not None:
        return moment(found)
    return str(value)
