"""The users whom the names in a file mean. Any number of names costs a few statements."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import IntegerField, QuerySet
from django.db.models.functions import Lower

from ...core.lookups import Among
from ...core.users import SiteUser, UserPk, user_pk_or_none
from ...models import ledger
from .names import Name

CHUNK = 40_000  # names per look-up: one by e-mail address reads all users, and an author sees the progress of each
Pair = tuple[str, UserPk]


class People:
    """`named`: what is meant -> the users with it."""

    def __init__(self, names: Collection[Name]) -> None:
        self.names = names
        self.named: dict[str, tuple[UserPk, ...]] = {}

    def look_up(self) -> Iterator[int]:
        """Yields how many of the names have been looked for. The user name counts first, then the id, then the e-mail
        address."""
        names = list(self.names)
        done = 0
        for chunk in ledger.chunks(names, CHUNK):
            self._find([_by_user_name], {name[0] for name in chunk if len(name) > 1})
            self._find([_by_user_name, _by_id, _by_email], {self.meant(name) for name in chunk})
            done += len(chunk)
            yield done

    def meant(self, name: Name) -> str:
        """Which of the possible meanings of a line it is."""
        return next((each for each in name if each in self.named), name[-1])

    def _find(self, look_ups: Iterable[Any], names: set[str]) -> None:
        names = {name for name in names if "\0" not in name}
        for look_up in look_ups:
            for name, pk in look_up([name for name in names if name not in self.named]):
                self.named[name] = (*self.named.get(name, ()), pk)


def _by_user_name(names: list[str]) -> list[Pair]:
    field = get_user_model().USERNAME_FIELD
    return list(_users().filter(Among(field, names)).values_list(field, "pk")) if names else []


def _by_id(names: list[str]) -> list[Pair]:
    if isinstance(get_user_model()._meta.pk, IntegerField):
        names = [name for name in names if name.isdecimal()]  # to find that in the exception takes 40 µs a name
    keys = _spellings((pk, name) for name in names if (pk := user_pk_or_none(name)) is not None)
    found = _users().filter(Among("pk", keys)).values_list("pk", flat=True) if keys else []
    return [(name, pk) for pk in found for name in keys[pk]]


def _by_email(names: list[str]) -> list[Pair]:
    field = get_user_model().get_email_field_name()
    known = any(column.name == field for column in get_user_model()._meta.concrete_fields)
    given = _spellings((name.lower(), name) for name in names if "@" in name) if known else {}
    if not given:
        return []
    rows = _users().annotate(_email=Lower(field)).filter(Among("_email", given)).values_list("_email", "pk")
    return [(name, pk) for email, pk in rows for name in given[email]]


def _spellings(pairs: Iterable[tuple[Any, str]]) -> dict[Any, list[str]]:
    """Key -> the names that mean it: “7” and “07”, or an address in large and small letters."""
    found = defaultdict(list)
    for key, name in pairs:
        found[key].append(name)
    return found


def _users() -> QuerySet[SiteUser]:
    return get_user_model()._base_manager.using(ledger.alias())
