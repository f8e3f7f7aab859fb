"""Users by the dozen, and what they see."""

from datetime import UTC, datetime
from itertools import count
from typing import Any

from django.contrib.auth.models import User

from inbox import selectors
from inbox.models import Broadcast, Mailbox

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)  # where the fixture `clock` stands
numbers = count()


def people(number: int, **flags: Any) -> list[int]:
    """Primary keys of new users, ascending. They have no mailboxes yet."""
    made = User.objects.bulk_create(User(username=f"user{next(numbers)}", **flags) for _ in range(number))
    return [user.pk for user in made]


def live(**columns: Any) -> Broadcast:
    return Broadcast.objects.create(**{"title": "News", "state": "live", **columns})


def unread(user: int) -> set[str]:
    """By every way of asking, which must agree."""
    snapshot = selectors.snapshot(user)
    items = [item.ref for item in selectors.inbox_page(user, unread=True).items]
    whole = [item.ref for item in selectors.inbox_page(user).items if not item.read]
    assert (snapshot.unread, items) == (len(items), whole)
    return set(items)


def state(user: int) -> Any:
    """What a user has: their mailbox by itself, as somebody else's broadcast moves everybody's clock."""
    page = selectors.inbox_page(user)
    return Mailbox.objects.get(pk=user).version, selectors.snapshot(user).by_type, page.items
