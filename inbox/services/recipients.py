"""Looks up the users that another service names (by id, user name or audience), any number in a few queries."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, TypedDict

from django.contrib.auth import get_user_model
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import QuerySet

from ..core.lookups import Among
from ..core.snapshots import UserId
from ..core.users import SiteUser, UserPk, user_pk_or_none
from ..core.validators import validate_text
from ..models import Audience, Mailbox, audiences, ledger


class ById(TypedDict):
    """A user by id. Needed for ids that are text, because a plain string is a user name."""

    id: UserId


Recipient = int | str | ById  # an id, a user name, or an id


class Directory:
    """The users that a request names, looked up in a few queries. Creates their missing mailboxes, unless nothing will
    be written into them."""

    def __init__(self, given: Iterable[Recipient], *, need_mailboxes: bool = True) -> None:
        recipients = list(given)
        by_name = dict(_named({one for one in recipients if isinstance(one, str) and _is_storable(one)}))
        ids = {key for one in recipients if (key := _id_in(one)) is not None}
        self._existing = (_existing if need_mailboxes else _users)(ids | set(by_name.values()))
        self._by_name = {name: pk for name, pk in by_name.items() if pk in self._existing}

    def find(self, given: Recipient) -> UserPk | None:
        """The primary key of a user; None if there is no such user."""
        if isinstance(given, str):
            return self._by_name.get(given)
        key = _id_in(given)
        return key if key in self._existing else None

    def sort(self, given: Sequence[Recipient]) -> tuple[list[UserPk], list[Recipient]]:
        """The primary keys of recipients, sorted and unique; and the recipients that do not exist, as given."""
        found = [(one, self.find(one)) for one in given]
        return sorted({pk for _one, pk in found if pk is not None}), [one for one, pk in found if pk is None]


def _is_storable(name: str) -> bool:
    try:
        validate_text(name)
    except ValidationError:
        return False
    return True


def _id_in(given: Recipient) -> UserPk | None:
    """The primary key in a number or `{"id": …}`; None for a user name or a value that can't be a key."""
    if isinstance(given, str):
        return None
    return user_pk_or_none(given["id"] if isinstance(given, Mapping) else given)


def audience(name: str, groups: Collection[int] = ()) -> list[UserPk]:
    """Primary keys of the active users of an audience, sorted. Creates their missing mailboxes."""
    users = _active()
    if name == Audience.STAFF:
        users = users.filter(is_staff=True)
    elif name == Audience.GROUPS:
        member = audiences.membership()
        users = users.filter(pk__in=_members(*member, groups)) if member else users.none()
    for chunk in ledger.chunks(list(users.filter(mailbox=None).values_list("pk", flat=True))):
        ledger.ensure(chunk)
    return list(users.order_by("pk").values_list("pk", flat=True))


def _members(through: Any, user_column: str, groups: Collection[int]) -> "QuerySet[Any, Any]":
    rows: QuerySet[Any] = through.objects.using(ledger.alias()).filter(group__in=groups)
    return rows.values(f"{user_column}_id")


def _active() -> QuerySet[SiteUser]:
    users = get_user_model()._base_manager.using(ledger.alias())
    try:
        get_user_model()._meta.get_field("is_active")
    except FieldDoesNotExist:
        return users.all()
    return users.filter(is_active=True)


def _named(names: Collection[str]) -> Iterable[tuple[str, UserPk]]:
    model = get_user_model()
    users = model._base_manager.using(ledger.alias())
    for chunk in ledger.chunks(list(names)):
        yield from users.filter(Among(model.USERNAME_FIELD, chunk)).values_list(model.USERNAME_FIELD, "pk")


def _users(pks: Collection[UserPk]) -> set[UserPk]:
    users = get_user_model()._base_manager.using(ledger.alias())
    return {
        pk for chunk in ledger.chunks(list(pks)) for pk in users.filter(Among("pk", chunk)).values_list("pk", flat=True)
    }


def _existing(pks: Collection[UserPk]) -> set[UserPk]:
    found: set[UserPk] = set()
    for chunk in ledger.chunks(list(pks)):
        mailboxes = Mailbox.objects.filter(Among("pk", chunk)).values_list("pk", flat=True)
        here = set(mailboxes)
        if len(here) < len(chunk):  # unknown ids, or users without a mailbox
            ledger.ensure(chunk)
            here = set(mailboxes.all())
        found |= here
    return found
