"""Retention, export and erasure with keys that are no numbers, and types that the inbox does not know."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from inbox import selectors, services
from inbox.models import FollowMessage, Mailbox

from ..people import live, people, unread
from .models import ParcelMessage, Person, Post, ReplyMessage

pytestmark = pytest.mark.django_db


def test_the_newest_stay() -> None:
    users = people(3)
    for content in ("tea", "milk", "cups"):
        services.send(users[:2], ParcelMessage, content=content)
        services.send(users[:1], FollowMessage)
    before = selectors.versions(users)
    assert services.purgeable(0, 2) == services.purge(0, 2) == {"follows": 2, "parcel messages": 3}
    assert [len(unread(user)) for user in users] == [2, 2, 0]
    assert ParcelMessage.objects.filter(recipient=users[1]).latest("seq").content == "cups"
    after = selectors.versions(users)
    assert [after[user] > before[user] for user in before] == [True, True, False]


def test_what_goes_along_is_missed() -> None:
    """A reply hangs on another person's, which was read long ago."""
    author, first, second = people(3)
    post = Post.objects.create(author_id=author)
    services.send([first], ReplyMessage, post=post, read_at=timezone.now() - timezone.timedelta(days=9))
    services.send([second], ReplyMessage, post=post, to=ReplyMessage.objects.get())
    before = selectors.versions([first, second])
    assert services.purge(8, 0) == {"reply messages": 2}
    after = selectors.versions([first, second])
    assert (after[str(first)], after[str(second)]) == (before[str(first)] + 1, before[str(second)] + 1)
    assert unread(second) == set()


def run(command: str, *options: str) -> str:
    call_command(command, *options, stdout=(out := StringIO()))
    return out.getvalue()


@pytest.mark.parametrize("named", [True, False])
def test_somebody_is_told_and_forgotten(named: bool) -> None:
    going, staying = people(2)
    Person._base_manager.filter(pk=going).update(is_active=False, email="ann@example.org")
    services.send([going, staying], ParcelMessage, actor=going, content="tea")
    services.mark_read(going, [live().ref])
    who: list[Any] = ["ann@example.org"] if named else ["--id", str(going)]
    told = json.loads(run("export_user", *who))
    assert told["user"] == {"id": str(going), "name": "ann@example.org"}
    [parcel] = told["messages"]["parcel"]
    assert (parcel["content"], parcel["id"]) == ("tea", str(ParcelMessage.objects.get(recipient=going).pk))
    assert [said["content"] for said in told["said_to_others"]["parcel"]] == ["tea"]
    version = Mailbox.objects.get(pk=going).version
    assert "Erased: 3" in run("erase_user", *who, "--yes")
    assert ParcelMessage.objects.get().actor is None
    assert Mailbox.objects.get(pk=going).version > version
    assert (unread(going), len(unread(staying))) == (set(), 2)
