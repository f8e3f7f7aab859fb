"""A user's id that JavaScript would round is text on every transport, and no other user's."""

import json
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from inbox import services
from inbox.core.snapshots import MAX_NUMBER
from inbox.models import FollowMessage
from push.frames import snapshot_json
from push.gate.credentials import Credential
from push.hub.queries import Query, read
from push.nudges import bus
from push.transports.eventstream import NO_VERSION, Storage, channel_of, user_of

pytestmark = pytest.mark.django_db
NEIGHBOURS = [MAX_NUMBER + 1, MAX_NUMBER + 2]  # one and the same number in JavaScript


@pytest.fixture
def two() -> list[Any]:
    """The first has one unread message, the second none."""
    users = [get_user_model().objects.create_user(f"user-{pk}", pk=pk) for pk in NEIGHBOURS]
    services.send([users[0]], FollowMessage)
    return users


def test_each_polls_their_own(two: list[Any]) -> None:
    for user, unread in zip(two, (1, 0), strict=True):
        client = Client()
        client.force_login(user)
        answer = client.get("/push/poll/")
        assert (answer.json()["user"], answer.json()["unread"]) == (str(user.pk), unread)
        assert answer["ETag"].startswith(f'"{user.pk}-')
        assert client.get("/push/poll/", headers={"If-None-Match": answer["ETag"]}).status_code == 304
        assert client.get("/api/v1/unread/").json() == answer.json()


def test_the_hub_reads_them_by_session(two: list[Any]) -> None:
    credentials = []
    for user in two:
        client = Client()
        client.force_login(user)
        credentials.append(Credential("session", client.session.session_key or ""))
    answer = read(Query(opening=credentials))
    assert [answer.opened[credential] for credential in credentials] == [str(pk) for pk in NEIGHBOURS]
    assert [answer.snapshots[str(pk)].unread for pk in NEIGHBOURS] == [1, 0]
    assert json.loads(snapshot_json(answer.snapshots[str(NEIGHBOURS[0])]))["user"] == str(NEIGHBOURS[0])


def test_each_has_a_channel(two: list[Any]) -> None:
    for user, unread in zip(two, (1, 0), strict=True):
        channel = channel_of(user.pk)
        assert user_of(channel) == str(user.pk)
        [event] = Storage().get_events(channel, NO_VERSION)
        assert json.loads(event.data)["unread"] == unread


def test_a_nudge_names_them_by_text() -> None:
    assert bus.parse(bus.Nudge([str(pk) for pk in NEIGHBOURS]).as_dict()).users == [str(pk) for pk in NEIGHBOURS]
