"""How subjects are called, for a user who follows or has silenced them.

Anybody can silence any subject, and who follows one may have lost the right to see it. So the object's own name is for
those only whom the site lets follow it now; for others it is “Post 7”.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.utils.text import capfirst

from ...core.isolation import log_failure
from ...core.site_functions import in_savepoints
from ...core.users import UserOrPk, user_pk
from ...models import Following
from ...rendering.bidi import balanced
from ...rendering.wording import shortened
from .stances import lets_follow

MAX_NAME = 100  # characters
Keys = Mapping[str, str]  # subject -> primary key, as in the subject


@dataclass(frozen=True, slots=True)
class SubjectName:
    """`is_gone`: there is no such object any more. Told only to those who follow it, or may."""

    text: str
    is_gone: bool = False


def subject_names(user: UserOrPk, subjects: Collection[str]) -> dict[str, SubjectName]:
    """The name of each subject, as this user may know it.

    Asks the site once for each subject (`INBOX_MAY_FOLLOW`), and the database once for each model. What the site's code
    fails to name is called as if the user might not know it.
    """
    pk = user_pk(user)
    allowed = {subject for subject in subjects if lets_follow(pk, subject)}
    followed = set(Following.objects.filter(mailbox=pk, subject__in=subjects).values_list("subject", flat=True))
    found = {subject: SubjectName(_general_name(subject)) for subject in subjects}
    for model, keys in _by_model(allowed | followed).items():
        texts = _texts(model, keys)
        for subject, text in texts.items():
            if text is None:
                found[subject] = SubjectName(found[subject].text, is_gone=True)
            elif text and subject in allowed:
                found[subject] = SubjectName(text)
    return found


def _general_name(subject: str) -> str:
    """“Post 7”."""
    model = _model_of(subject)
    if model is None:
        return subject
    return f"{capfirst(str(model._meta.verbose_name))} {subject.partition(':')[2]}"


def _model_of(subject: str) -> type[Model] | None:
    """The model that `subject_of` gives this name."""
    label = subject.partition(":")[0]
    try:
        model = apps.get_model(label)
    except (LookupError, ValueError):  # the app was removed, or another program sends about things of its own
        return None
    return model if model._meta.label_lower == label and model._meta.concrete_model is model else None


def _by_model(subjects: Collection[str]) -> dict[type[Model], dict[str, str]]:
    """Model -> subject -> key. Without subjects of which this site has no model."""
    found: dict[type[Model], dict[str, str]] = defaultdict(dict)
    for subject in subjects:
        if (model := _model_of(subject)) is not None:
            found[model][subject] = subject.partition(":")[2]
    return found


def _texts(model: type[Model], keys: Keys) -> dict[str, str | None]:
    """What these objects call themselves; None for one that does not exist. One statement. Empty if the site's code
    fails."""
    try:
        given = {subject: _key(model, key) for subject, key in keys.items()}
        with in_savepoints():
            rows = model._default_manager.filter(pk__in=[key for key in given.values() if key is not None])
            texts = {row.pk: _one_line(row) for row in rows}
    except Exception:  # noqa: BLE001 (logged there)
        log_failure(f"Naming objects of {model._meta.label}")
        return {}
    return {subject: texts.get(key) for subject, key in given.items()}


def _key(model: type[Model], key: str) -> Any:
    """None if no object can have this key."""
    field: Any = model._meta.pk
    try:
        value = field.to_python(key)
        field.run_validators(value)
    except ValidationError:
        return None
    return value if str(value) == key else None  # “07” is a key of another subject


def _one_line(row: Model) -> str:
    text = " ".join(str(row).encode(errors="ignore").decode().split())
    return balanced(shortened(text, MAX_NAME))
