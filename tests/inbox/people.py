"""Users by the dozen, and what they see."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db.models import UUIDField
from django.test import TestCase

from inbox import selectors, services
from inbox.models import Broadcast, Mailbox
from inbox.signals import undone_found

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)  # where the fixture `clock` stands
numbers = count(1)


def people(number: int, **flags: Any) -> list[Any]:
    """Primary keys of new users, ascending. They have no mailboxes yet."""
    made = get_user_model()._base_manager.bulk_create(person(next(numbers), **flags) for _ in range(number))
    return [user.pk for user in made]


def newcomer(**flags: Any) -> Any:
    """The primary key of a user who registers now, with a mailbox."""
    user = person(next(numbers), **flags)
    user.save()
    return user.pk


def person(n: int, **flags: Any) -> Any:
    """Not saved yet. UUIDs are made in order, so that a random history can be played again."""
    model = get_user_model()
    if isinstance(model._meta.pk, UUIDField):
        flags["pk"] = UUID(int=n << 64)
    return model(**{model.USERNAME_FIELD: f"user{n}"}, **flags)


def one_of(pk: Any) -> Any:
    return get_user_model()._base_manager.get(pk=pk)


def live(**columns: Any) -> Broadcast:
    return Broadcast.objects.create(**{"title": "News", "state": "live", **columns})


def joined(pk: Any, *groups: Group) -> None:
    one_of(pk).groups.add(*groups)


def listed(broadcast: Broadcast, *users: Any, is_excluded: bool = False) -> None:
    """These are the chosen people of the broadcast."""
    services.set_people(broadcast, users, is_excluded=is_excluded)


@contextmanager
def undone() -> Iterator[list[tuple[bool, tuple[Any, ...]]]]:
    """What the reads in the body report: whether broadcasts are due, and users."""
    found: list[tuple[bool, tuple[Any, ...]]] = []

    def note(is_due: bool, user_ids: list[Any], **kwargs: Any) -> None:
        found.append((is_due, tuple(user_ids)))

    undone_found.connect(note)
    with TestCase.captureOnCommitCallbacks(execute=True):
        yield found
    undone_found.disconnect(note)


def mend(*users: Any) -> None:
    """What a read of these users would find undone."""
    assert services.mend(is_due=True, users=users)


def unread(user: Any) -> set[str]:
    """By every way of asking, which must agree."""
    snapshot = selectors.snapshot(user)
    items = [item.ref for item in selectors.inbox_page(user, unread=True).items]
    whole = [item.ref for item in selectors.inbox_page(user).items if not item.read]
    assert (snapshot.unread, items) == (len(items), whole)
    return set(items)


def state(user: Any) -> Any:
    """What a user has: their mailbox by itself, as somebody else's broadcast moves everybody's clock."""
    page = selectors.inbox_page(user)
    return Mailbox.objects.get(pk=user).version, selectors.snapshot(user).by_type, page.items
