"""System checks of event types: errors that would fail at the first read or write, or make counts wrong."""

from collections.abc import Callable, Iterator

from django.core import checks
from django.db.models import SET_DEFAULT

from ..core.names import RESERVED as RESERVED_NAMES
from ..core.names import TYPE_NAME
from ..models import Message, message_models
from ..models.base import MailboxRowQuerySet

# Members of the body of a send, and arguments of `services.send`.
RESERVED = {"type", "recipients", "audience", "groups", "strict", "topic", "target", "key", "again"}
REPLACEABLE = {"url"}  # by one for longer links
Fault = tuple[str, str]  # what is wrong, and what to do
RENAME = "Rename it."


def check_event_types(**kwargs: object) -> list[checks.CheckMessage]:
    found: list[checks.CheckMessage] = []
    for model in message_models():
        for number, faults in CHECKS.items():
            for fault, hint in faults(model):
                found.append(checks.Error(f"{model._meta.label} {fault}.", hint=hint, obj=model, id=number))
    return found


def _reserved(model: type[Message]) -> Iterator[Fault]:
    for name in sorted(RESERVED & {field.name for field in model._meta.concrete_fields}):
        yield f"has a column “{name}”, which means something else in a send", RENAME


def _shadows(model: type[Message]) -> Iterator[Fault]:
    """A column must not hide an attribute of every message, such as `ref` or `save()`."""
    ours = set(dir(Message)) - {field.attname for field in Message._meta.concrete_fields} - {"level"}
    for name in sorted(ours & {field.attname for field in model._meta.concrete_fields if not field.primary_key}):
        yield f"has a column “{name}”, which means something else in every message", RENAME


def _replaces(model: type[Message]) -> Iterator[Fault]:
    """A column in the place of one of ours, which Django allows: it may have had that name before ours did. Every field
    that is inherited keeps the counter of the first."""
    own = {field.name: field.creation_counter for field in model._meta.concrete_fields}
    for field in Message._meta.fields:
        if own.get(field.name) != field.creation_counter and field.name not in REPLACEABLE:
            yield f"has a column “{field.name}” of its own, in the place of that of every message", RENAME


def _deletions(model: type[Message]) -> Iterator[Fault]:
    """Django writes `SET_DEFAULT` without using a manager."""
    for field in model._meta.concrete_fields:
        if field.remote_field and field.remote_field.on_delete is SET_DEFAULT:
            hint = "Use CASCADE, SET_NULL or SET(…) in place of SET_DEFAULT."
            yield f"would change without a new version when what its “{field.name}” points to is deleted", hint


def _parents(model: type[Message]) -> Iterator[Fault]:
    for parent in model._meta.parents:
        if issubclass(parent, Message):
            hint = "Derive it from Message or from an abstract class, or make it a proxy."
            yield f"has its rows in the table of {parent._meta.label} too, so each would be counted twice", hint


def _managers(model: type[Message]) -> Iterator[Fault]:
    for manager in model._meta.managers:
        if not isinstance(manager.get_queryset(), MailboxRowQuerySet):
            hint = "Derive its queryset from inbox.models.base.MailboxRowQuerySet."
            yield f"has a manager “{manager.name}”, whose writes would advance no version", hint


def _name(model: type[Message]) -> Iterator[Fault]:
    """The public name must be valid in refs and in the API, and unique."""
    hint = "Set another one, which begins with a letter, as `inbox_type` of the class."
    if not isinstance(model.inbox_type, str):
        yield "has a column “inbox_type”, where its public name is expected", RENAME
        return
    name = model.event_type()
    others = [other for other in message_models() if isinstance(other.inbox_type, str)]
    first = next((other for other in others if other.event_type() == name), model)
    if not TYPE_NAME.fullmatch(name):
        yield f"has the public name “{name}”, which is not of up to 50 lower-case letters, digits and underscores", hint
    elif name in RESERVED_NAMES:
        yield f"has the public name “{name}”, which means something else", hint
    elif first is not model:
        yield f"has the public name “{name}”, which is that of {first._meta.label}", hint


CHECKS: dict[str, Callable[[type[Message]], Iterator[Fault]]] = {
    "inbox.E002": _reserved,
    "inbox.E005": _name,
    "inbox.E009": _shadows,
    "inbox.E010": _deletions,
    "inbox.E011": _parents,
    "inbox.E012": _managers,
    "inbox.E022": _replaces,
}
