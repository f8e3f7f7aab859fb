"""What is muted arrives already read: by every way in, and nothing that was there before changes."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import get_user_model

from inbox import selectors, services
from inbox.core.snapshots import user_id
from inbox.errors import BadValue, NotFound
from inbox.models import CommentMessage, FollowMessage, MutedType, SystemMessage

from .people import people, state, unread
from .rest import Caller, person, problem

pytestmark = [pytest.mark.urls("tests.inbox.urls"), pytest.mark.django_db]

WAYS: dict[str, Callable[[Any], Any]] = {
    "send": lambda user: services.send([user], FollowMessage),
    "create": lambda user: FollowMessage.objects.create(recipient_id=user),
    "save": lambda user: FollowMessage(recipient_id=user).save(),
    "bulk_create": lambda user: FollowMessage.objects.bulk_create([FollowMessage(recipient_id=user)]),
}


@pytest.mark.parametrize("way", WAYS)
def test_what_is_muted_arrives_read(way: str) -> None:
    deaf, other = people(2)
    services.set_muted(deaf, ["follow"])
    for user in (deaf, other):
        WAYS[way](user)
    assert (unread(deaf), len(unread(other))) == (set(), 1)
    [item] = selectors.inbox_page(deaf).items
    assert item.read


def test_one_send_to_both(user: int) -> None:
    others = people(3)
    services.set_muted(others[1], ["follow", "comment"])
    assert services.send([user, *others], FollowMessage) == 4
    assert [selectors.snapshot(one).unread for one in (user, *others)] == [1, 1, 0, 1]


@pytest.mark.anywhere
def test_no_toast_for_it(user: int) -> None:
    services.set_muted(user, ["follow"])
    before = selectors.snapshot(user).version
    services.send([user], FollowMessage)
    assert selectors.newest({user_id(user): before}, "follow") == {}


@pytest.mark.anywhere
def test_other_types_and_critical_messages_are_told(user: int) -> None:
    services.set_muted(user, ["follow", "system"])
    services.send([user], CommentMessage, target_title="Tea")
    for level in ("info", "warning", "critical"):
        services.send([user], SystemMessage, title="Now", level=level)
        SystemMessage.objects.create(recipient_id=user, title="Now", level=level)
    assert selectors.snapshot(user).by_type == {"comment": 1, "system": 2}


@pytest.mark.parametrize("muted", [[], ["follow"]])
def test_muting_changes_nothing_that_is_there(unharmed: int, muted: list[str]) -> None:
    services.set_muted(unharmed, ["follow", "comment"])
    services.set_muted(unharmed, muted)
    assert selectors.muted(unharmed) == muted


@pytest.mark.anywhere
def test_mutes_are_a_set_of_known_types_of_a_user_who_exists(user: int) -> None:
    services.set_muted(user, ["comment", "follow", "comment"])
    assert selectors.muted(user) == ["follow", "comment"]
    with pytest.raises(BadValue, match="parcels"):
        services.set_muted(user, ["parcels"])
    assert selectors.muted(user) == ["follow", "comment"]
    with pytest.raises(NotFound):
        services.set_muted(10**9, ["follow"])


def test_they_go_with_the_user(user: int) -> None:
    services.set_muted(user, ["follow"])
    get_user_model().objects.get(pk=user).delete()
    assert not MutedType.objects.exists()


@pytest.mark.anywhere
class TestOverTheApi:
    @pytest.fixture
    def bob(self) -> Any:
        return person("bob")

    @pytest.fixture
    def call(self, bob: Any) -> Caller:
        return Caller(bob)

    def test_get_and_put(self, bob: Any, call: Caller) -> None:
        assert call.get("preferences/").json()["muted"] == []
        answer = call("PUT", "preferences/", {"muted": ["comment", "like", "comment"]})
        assert (answer.status_code, answer.json()) == (200, selectors.snapshot(bob).as_dict())
        assert call.get("preferences/").json()["muted"] == ["comment", "like"]
        before = state(bob.pk)
        services.send([bob], CommentMessage, target_title="Tea")
        assert state(bob.pk)[1] == before[1] == {}

    @pytest.mark.parametrize(
        ("body", "pointer"),
        [
            ({}, "/muted"),
            ({"muted": "like"}, "/muted"),
            ({"muted": ["broadcast"]}, "/muted/0"),
            ({"muted": ["like", "parcels"]}, "/muted/1"),
            ({"muted": ["like"] * 101}, "/muted"),
            ({"muted": [], "told": []}, "/told"),
        ],
    )
    def test_bad_values(self, call: Caller, body: Any, pointer: str) -> None:
        errors = problem(call("PUT", "preferences/", body), 422)["errors"]
        assert [error["pointer"] for error in errors] == [pointer]
        assert call.get("preferences/").json()["muted"] == []
