"""Validators of text and links. They run before a value reaches the database."""

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from ..rendering.links import is_link

MAX_TITLE, MAX_BODY, MAX_LANGUAGES = 200, 10_000, 100  # of a broadcast: characters, characters, translations
MAX_BUTTONS, MAX_LABEL, MAX_LINK = 2, 60, 500  # of a broadcast or message: buttons, characters, characters

_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{1,8}){0,4}", re.ASCII)
# PostgreSQL refuses NUL. A lone surrogate can't be encoded as UTF-8.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
# The same for JSON Schema (ECMA-262). JSON has no lone surrogates.
TEXT_PATTERN = r"^[^\x00]*$"
# White space, controls, marks of direction, and characters that show nothing although they are letters or symbols.
_INVISIBLE = (
    r"\x00-\x20\x7f-\xa0\xad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f"
    r"\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
)
_VISIBLE = re.compile(f"[^{_INVISIBLE}]")
SAYING_PATTERN = rf"^[^\x00]*[^{_INVISIBLE}][^\x00]*$"


def validate_says_something(value: str) -> None:
    """Raise ValidationError unless a reader sees at least one character; and as `validate_text`."""
    validate_text(value)
    if not _VISIBLE.search(value):
        raise ValidationError(_("Write something that can be seen."), code="invisible")


def validate_text(value: str) -> None:
    """Raise ValidationError for characters that UTF-8 or a database can't store."""
    if _UNSTORABLE.search(value):
        raise ValidationError(_("Null characters and lone surrogates are not allowed."), code="unstorable")


def validate_language(value: str) -> None:
    """Raise ValidationError unless it is the code of a language, as in `LANGUAGES`."""
    if not _LANGUAGE.fullmatch(value):
        raise ValidationError(_("“%(value)s” is no code of a language.") % {"value": value}, code="language")


def validate_translations(value: object) -> None:
    """Raise ValidationError unless it maps languages to {"title": …, "body": …}, with the limits of a broadcast."""
    if not isinstance(value, dict) or len(value) > MAX_LANGUAGES:
        raise ValidationError(_("Translations map at most %d languages to texts.") % MAX_LANGUAGES, code="translations")
    for language, text in value.items():
        validate_language(language)
        if (
            not isinstance(text, dict)
            or {*text} != {"title", "body"}
            or not all(isinstance(each, str) for each in text.values())
        ):
            raise ValidationError(_("A translation has a title and a text."), code="translations")
        if not text["title"] or len(text["title"]) > MAX_TITLE or len(text["body"]) > MAX_BODY:
            limits = {"language": language, "title": MAX_TITLE, "body": MAX_BODY}
            sentence = _("%(language)s: a title has 1 to %(title)d characters, a text at most %(body)d.")
            raise ValidationError(sentence % limits, code="translations")
        validate_says_something(text["title"])
        validate_text(text["body"])


def validate_buttons(value: object) -> None:
    """Raise ValidationError unless it lists at most two {"url": …, "label": …, "labels": {language: label}}."""
    if not isinstance(value, list) or len(value) > MAX_BUTTONS:
        raise ValidationError(_("At most %d buttons are allowed.") % MAX_BUTTONS, code="buttons")
    for button in value:
        if not isinstance(button, dict) or {*button} != {"url", "label", "labels"}:
            raise ValidationError(_("A button has a link, a label, and labels in other languages."), code="buttons")
        _validate_labels(button["label"], button["labels"])
        if not isinstance(button["url"], str) or not 0 < len(button["url"]) <= MAX_LINK:
            raise ValidationError(_("A button has a link of 1 to %d characters.") % MAX_LINK, code="buttons")
        validate_link(button["url"])


def _validate_labels(label: object, labels: object) -> None:
    if not isinstance(labels, dict) or len(labels) > MAX_LANGUAGES:
        raise ValidationError(_("The labels of a button map languages to texts."), code="buttons")
    for language in labels:
        validate_language(language)
    for text in (label, *labels.values()):
        if not isinstance(text, str) or not 0 < len(text) <= MAX_LABEL:
            raise ValidationError(_("The label of a button has 1 to %d characters.") % MAX_LABEL, code="buttons")
        validate_says_something(text)


def validate_link(value: str) -> None:
    """Raise ValidationError unless the link is http(s) or a path on this site (see `rendering/links.py`)."""
    if not is_link(value):
        raise ValidationError(_("Enter an http(s) address or a path that starts with one slash."), code="link")
