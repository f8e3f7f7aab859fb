"""Subjects: what a message is about, as a text that any table can hold."""

import re
from datetime import timedelta

from django.db.models import Model
from django.utils.translation import gettext as _

from ..errors import BadValue

MAX_LENGTH = 200
PERIODS: dict[str, timedelta | None] = {
    "day": timedelta(days=1),
    "week": timedelta(days=7),
    "ever": None,
}  # of a silence
SUBJECT_PATTERN = r"^[^\s.:/\x00]+\.[^\s.:/\x00]+:[^\x00]+$"
_SUBJECT = re.compile(r"[^\s.:/\x00]+\.[^\s.:/\x00]+:[^\x00\ud800-\udfff]+", re.DOTALL)

Target = Model | str  # an object, or its subject


def subject_of(target: Target) -> str:
    """The subject that stands for this object: `blog.post:7`. A proxy has that of its table. A subject is its own.

    Raises BadValue if the object is not stored, its key is too long, or the text is no subject.
    """
    if isinstance(target, str):
        return _checked(target)
    model = target._meta.concrete_model or type(target)
    subject = f"{model._meta.label_lower}:{target.pk}"
    if target.pk is None or not is_subject(subject):
        raise BadValue(_("A message can't be about this object: it has no key that could be stored."))
    return subject


def is_subject(text: str) -> bool:
    """Whether the text has the form of a subject. The object need not exist."""
    return len(text) <= MAX_LENGTH and _SUBJECT.fullmatch(text) is not None


def _checked(subject: str) -> str:
    if not is_subject(subject):
        raise BadValue(_("A subject is “app.model:key”, as in “blog.post:7”, with at most %d characters.") % MAX_LENGTH)
    return subject
