"""The fields of a broadcast form for its buttons: a link, a label, and the label in each language of the site."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..core.validators import MAX_BUTTONS, MAX_LABEL, MAX_LINK, validate_link, validate_says_something

NUMBERS = range(1, MAX_BUTTONS + 1)


def label_field(number: int, language: str = "") -> str:
    return f"button_{number}_label" + (f"_{language.replace('-', '_')}" if language else "")


def link_field(number: int) -> str:
    return f"button_{number}_url"


def fields(languages: Mapping[str, str]) -> dict[str, forms.Field]:
    """`languages`: code -> name."""
    found: dict[str, forms.Field] = {}
    for number in NUMBERS:
        label = format_lazy(gettext_lazy("Button {}"), number)
        found[label_field(number)] = _label(label)
        found[link_field(number)] = forms.CharField(
            label=format_lazy(gettext_lazy("Link of button {}"), number),
            max_length=MAX_LINK,
            required=False,
            validators=[validate_link],
        )
        for code, name in languages.items():
            found[label_field(number, code)] = _label(format_lazy("{} ({})", label, name), lang=code)
    return found


def _label(label: Any, **attributes: str) -> forms.CharField:
    widget = forms.TextInput(attrs=attributes)
    return forms.CharField(
        label=label, max_length=MAX_LABEL, required=False, validators=[validate_says_something], widget=widget
    )


def initial(buttons: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for number, button in zip(NUMBERS, buttons, strict=False):
        found |= {label_field(number): button["label"], link_field(number): button["url"]}
        found |= {label_field(number, code): label for code, label in button["labels"].items()}
    return found


def chosen(data: Mapping[str, Any], languages: Iterable[str], before: Iterable[Mapping[str, Any]]) -> list[Any]:
    """The column for the values of these fields. Labels in languages that the site has lost stay in it."""
    codes, old = [*languages], [*before]
    found = []
    for number in NUMBERS:
        label, url = data.get(label_field(number), ""), data.get(link_field(number), "")
        kept = old[number - 1]["labels"] if number <= len(old) else {}
        labels = {code: text for code, text in kept.items() if code not in codes}
        labels |= {code: text for code in codes if (text := data.get(label_field(number, code), ""))}
        if label and url:
            found.append({"url": url, "label": label, "labels": labels})
    return found


def errors(data: Mapping[str, Any], languages: Iterable[str]) -> dict[str, str]:
    """Field -> sentence, for values that are valid by themselves."""
    codes, found = [*languages], {}
    for number in NUMBERS:
        label, link = label_field(number), link_field(number)
        translated = [name for code in codes if data.get(name := label_field(number, code))]
        if not data.get(label, "-") and (data.get(link) or translated):
            found[label] = _("A button needs a label.")
        if not data.get(link, "-") and (data.get(label) or translated):
            found[link] = _("A button needs a link.")
        if (own := label_field(number, data.get("language") or "-")) in translated:
            found[own] = _("This is the language of the text above.")
    return found
