"""Faces: the site's function gives names, pictures and links of actors in bulk. Whatever it does, items are shown."""

from collections.abc import Sequence
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.translation import gettext_lazy

from inbox import selectors, services
from inbox.checks.settings import check_actors
from inbox.core import isolation
from inbox.models import CommentMessage, FollowMessage

from .links import UNFIT
from .people import live, one_of, people
from .rest import Caller, person

pytestmark = [pytest.mark.urls("tests.inbox.urls"), pytest.mark.django_db, pytest.mark.anywhere, pytest.mark.any_django]


class Faces:
    """The function of a site: it answers with `answer`, or as it is told."""

    def __init__(self) -> None:
        self.asked: list[list[Any]] = []
        self.entry: Any = None

    def __call__(self, users: Sequence[Any]) -> Any:
        self.asked.append([user.pk for user in users])
        return {
            user.pk: self.entry or {"picture": f"/faces/{user.pk}.svg", "url": f"/people/{user.pk}/"} for user in users
        }


@pytest.fixture
def faces(settings: Any) -> Faces:
    settings.INBOX_ACTORS = Faces()
    settings.INBOX_IMAGE_HOSTS = ["images.example.org"]
    isolation._logged.clear()
    return settings.INBOX_ACTORS  # type: ignore[no-any-return] (the settings are of any type)


def actor_of(user: Any, by: Any) -> Any:
    services.send([user], FollowMessage, actor=by)
    return selectors.inbox_page(user).items[0].as_dict().get("actor")


def test_a_page_asks_once_for_all_of_its_actors(faces: Faces) -> None:
    user, *others = people(12)
    for other in [*others, *others]:
        services.send([user], FollowMessage, actor=other)
        services.send([user], CommentMessage, actor=other, target_title="Tea")
    services.send([user], FollowMessage)
    live()
    with CaptureQueriesContext(connection) as with_faces:
        page = selectors.inbox_page(user, limit=100)
    [asked] = faces.asked
    assert sorted(asked) == sorted(others)
    assert [item.actor is None for item in page.items].count(True) == 2
    assert {item.actor.url for item in page.items if item.actor} == {f"/people/{pk}/" for pk in others}
    with pytest.MonkeyPatch.context() as patch, CaptureQueriesContext(connection) as without:
        patch.setattr("django.conf.settings.INBOX_ACTORS", None)
        selectors.inbox_page(user, limit=100)
    savepoint = ("SAVEPOINT", "RELEASE SAVEPOINT")  # because the test itself is a transaction
    asked_of_the_database = [query for query in with_faces if not query["sql"].startswith(savepoint)]
    assert len(asked_of_the_database) == len(without)


def test_so_does_a_batch_of_toasts(faces: Faces) -> None:
    alice, *users = people(12)
    services.send(users, FollowMessage, actor=alice)
    toasts = selectors.newest(dict.fromkeys(users, 0), "follow")
    assert faces.asked == [[alice]]
    assert {toast.as_toast()["actor"]["picture"] for toast in toasts.values()} == {f"/faces/{alice}.svg"}


def test_an_item_over_the_api(faces: Faces) -> None:
    ann, bob = person("ann"), person("bob")
    services.send([bob], FollowMessage, actor=ann)
    expected = {"name": "ann", "picture": f"/faces/{ann.pk}.svg", "url": f"/people/{ann.pk}/"}
    call, ref = Caller(bob), FollowMessage.objects.get().ref
    assert call("GET", f"inbox/{ref}/").json()["actor"] == expected
    assert call("GET", "inbox/").json()["items"][0]["actor"] == expected


def test_without_the_setting_there_are_none(settings: Any) -> None:
    user, other = people(2)
    for value in (None, ""):
        settings.INBOX_ACTORS = value
        assert actor_of(user, other) is None
        assert check_actors() == []


def test_deleted_actors_have_none(faces: Faces) -> None:
    user, other = people(2)
    assert actor_of(user, other)
    one_of(other).delete()
    assert selectors.inbox_page(user).items[0].actor is None
    assert faces.asked == [[other]]


def fail(users: Any) -> Any:
    raise RuntimeError("no faces today")


BROKEN = [fail, lambda users: None, lambda users: [1], lambda users: users[99], dict, "no.such.function", 7]


@pytest.mark.parametrize("function", BROKEN)
def test_a_function_that_fails_leaves_faces_out(settings: Any, caplog: Any, function: Any) -> None:
    """And is logged once, however many pages there are."""
    settings.INBOX_ACTORS = function
    isolation._logged.clear()
    user, other = people(2)
    for _ in range(3):
        assert actor_of(user, other) is None
    assert len(selectors.inbox_page(user).items) == 3
    assert [record.message for record in caplog.records] == [f"Asking INBOX_ACTORS failed (users {other})"]


ENTRIES: list[Any] = [None, 7, "x", [], {}, {"picture": 7, "url": [], "name": {}}, {"picture": b"/x", "name": "  "}]


@pytest.mark.parametrize("entry", ENTRIES)
def test_an_entry_that_says_nothing_leaves_the_name(settings: Any, entry: Any) -> None:
    settings.INBOX_ACTORS = lambda users: {user.pk: entry for user in users}
    user, other = people(2)
    name = one_of(other).get_username()
    assert actor_of(user, other) == {"name": name, "picture": "", "url": ""}


@pytest.mark.parametrize(
    "link", [*UNFIT, "javascript:alert(1)", "data:image/svg+xml,x", "//evil.example/", "/" + "x" * 500]
)
def test_links_that_are_none_are_left_out(faces: Faces, link: str) -> None:
    user, other = people(2)
    faces.entry = {"picture": link, "url": link}
    assert actor_of(user, other) == {"name": one_of(other).get_username(), "picture": "", "url": ""}


PICTURES = {
    "/faces/7.svg": True,
    "https://images.example.org/7.png": True,
    "http://images.example.org/7.png": False,
    "https://elsewhere.example/7.png": False,
    "https://images.example.org.evil.example/7.png": False,
}


@pytest.mark.parametrize(("picture", "is_shown"), PICTURES.items())
def test_pictures_come_from_this_site_or_from_hosts_that_it_names(faces: Faces, picture: str, is_shown: bool) -> None:
    user, other = people(2)
    faces.entry = {"picture": picture, "name": gettext_lazy("Delete")}
    found = actor_of(user, other)
    assert (found["picture"] == picture) is is_shown
    assert found["name"] == "Delete"


def test_names_are_cut_and_can_be_encoded(faces: Faces) -> None:
    user, other = people(2)
    faces.entry = {"name": "x\ud800" * 999}
    assert len(actor_of(user, other)["name"]) <= 150


@pytest.mark.parametrize("value", ["no.such.function", "inbox.conf.settings", 7])
def test_a_setting_that_is_no_function_is_said_at_start_up(settings: Any, value: Any) -> None:
    settings.INBOX_ACTORS = value
    assert [error.id for error in check_actors()] == ["inbox.E021"]
    settings.INBOX_ACTORS = "tests.inbox.test_faces.fail"
    assert check_actors() == []
