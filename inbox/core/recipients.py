"""Whom another service means: ids, user names, audiences; looked up together, whatever their number."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import FieldDoesNotExist, ValidationError

from ..errors import BadValue
from ..models import Audience, Mailbox
from . import audiences, ledger
from .lookups import Among
from .users import user_pk
from .validators import validate_text

ID, NAME = "id", "name"
Given = int | str | Mapping[str, Any]
Key = tuple[str, Any]  # (ID, a primary key) or (NAME, a user name)


class Directory:
    """Who is who among the users that were named, in a few queries for all of them. Each has a mailbox then."""

    def __init__(self, given: Iterable[Given]) -> None:
        keys = {key for one in given if (key := key_of(one)) is not None}
        names = {name for kind, name in keys if kind == NAME}
        self._of = {(NAME, name): pk for name, pk in _named(names)}
        here = _existing({pk for kind, pk in keys if kind == ID} | set(self._of.values()))
        self._of = {key: pk for key, pk in self._of.items() if pk in here}
        self._of.update({(ID, pk): pk for pk in here})

    def find(self, given: Given) -> Any:
        """The primary key of a user, or None if there is no such user."""
        key = key_of(given)
        return None if key is None else self._of.get(key)

    def sort(self, given: Sequence[Given]) -> tuple[list[Any], list[Given]]:
        """Primary keys, sorted, each once; and what is nobody's, as it was given."""
        found = [(one, self.find(one)) for one in given]
        return sorted({pk for _one, pk in found if pk is not None}), [one for one, pk in found if pk is None]


def key_of(given: Given) -> Key | None:
    """A number or `{"id": …}` is an id, a string a user name; None for what can be neither."""
    try:
        if isinstance(given, str):
            validate_text(given)
            return NAME, given
        return ID, user_pk(given["id"] if isinstance(given, Mapping) else given)
    except (BadValue, ValidationError):
        return None


def audience(name: str, groups: Collection[Any] = ()) -> list[Any]:
    """Primary keys of the active users of an audience, sorted. Each has a mailbox then."""
    users = _active()
    if name == Audience.STAFF:
        users = users.filter(is_staff=True)
    elif name == Audience.GROUPS:
        member = audiences.membership()
        users = users.filter(pk__in=_members(*member, groups)) if member else users.none()
    for chunk in ledger.chunks(list(users.filter(mailbox=None).values_list("pk", flat=True))):
        ledger.ensure(chunk)
    return list(users.order_by("pk").values_list("pk", flat=True))


def _members(through: Any, user_column: str, groups: Collection[Any]) -> Any:
    return through.objects.using(ledger.alias()).filter(group__in=groups).values(f"{user_column}_id")


def _active() -> Any:
    users = get_user_model()._base_manager.using(ledger.alias())
    try:
        get_user_model()._meta.get_field("is_active")
    except FieldDoesNotExist:
        return users.all()
    return users.filter(is_active=True)


def _named(names: Collection[str]) -> Iterable[tuple[str, Any]]:
    model: Any = get_user_model()
    users = model._base_manager.using(ledger.alias())
    for chunk in ledger.chunks(list(names)):
        yield from users.filter(Among(model.USERNAME_FIELD, chunk)).values_list(model.USERNAME_FIELD, "pk")


def _existing(pks: Collection[Any]) -> set[Any]:
    found: set[Any] = set()
    for chunk in ledger.chunks(list(pks)):
        mailboxes = Mailbox.objects.filter(Among("pk", chunk)).values_list("pk", flat=True)
        here = set(mailboxes)
        if len(here) < len(chunk):  # nobody, or somebody whose mailbox is still to be made
            ledger.ensure(chunk)
            here = set(mailboxes.all())
        found |= here
    return found
