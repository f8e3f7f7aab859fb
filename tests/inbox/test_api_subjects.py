"""Following, silencing, visiting and topics over the API."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core import signing
from django.utils import timezone

from inbox import selectors, services
from inbox.core.visits import LIFETIME, visit_of
from inbox.models import Following, FollowMessage, Send
from inbox.services.choices import visits

from .may_follow import a_site_that_lets_follow, refused
from .people import state
from .rest import Caller, person, problem, snapshot_in
from .services import Service, service

pytestmark = [pytest.mark.urls("tests.inbox.urls"), pytest.mark.django_db, pytest.mark.anywhere, pytest.mark.any_django]
TEA, ODD = "blog.post:7", "blog.post:a b/../c?d#é%2F"


@pytest.fixture(autouse=True)
def site() -> Iterator[None]:
    with a_site_that_lets_follow():
        yield


@pytest.fixture
def bob() -> Any:
    return person("bob")


@pytest.fixture
def call(bob: Any) -> Caller:
    return Caller(bob)


def quoted(subject: str) -> str:
    """As an address: also what is a part of one."""
    return "".join(f"%{byte:02X}" for byte in subject.encode())


@pytest.mark.parametrize("subject", [TEA, ODD, "blog.post:/"])
def test_follow_list_and_unfollow(bob: Any, call: Caller, subject: str) -> None:
    path = f"following/{quoted(subject)}/"
    for _again in range(2):
        answer = call("PUT", path)
        assert (answer.status_code, answer.json()) == (200, selectors.snapshot(bob).as_dict())
    [row] = call.get("following/").json()["items"]
    assert (row["subject"], row["since"][-1]) == (subject, "Z")
    for _again in range(2):
        assert call("DELETE", path).status_code == 200
    assert call.get("following/").json() == {"items": [], "next": None}


def test_without_the_sites_yes_it_is_403(call: Caller) -> None:
    refused.add(TEA)
    answer = problem(call("PUT", f"following/{TEA}/"), 403)
    assert answer["code"] == "may_not_follow"
    assert not Following.objects.exists()


@pytest.mark.parametrize("path", ["following/tea/", "silences/tea/", "following/.post:7/", "silences/blog.post:%00/"])
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_what_is_no_subject_is_422(call: Caller, method: str, path: str) -> None:
    body = {"for": "day"} if method == "PUT" and path.startswith("silences") else None
    assert problem(call(method, path, body), 422)["errors"][0]["pointer"] == "/subject"


def test_pages(bob: Any, call: Caller) -> None:
    for number in range(5):
        services.silence(bob, f"blog.post:{number}")
    first = call.get("silences/?limit=3").json()
    second = call.get(f"silences/?limit=3&before={first['next']}").json()
    assert [row["subject"][-1] for row in (*first["items"], *second["items"])] == list("43210")
    assert second["next"] is None
    for path in ("silences/?before=x", "following/?before=x", "following/?limit=0"):
        problem(call.get(path), 422)


@pytest.mark.parametrize(("period", "days"), [("day", 1), ("week", 7), ("ever", None)])
def test_silence_list_and_unsilence(bob: Any, call: Caller, period: str, days: int | None) -> None:
    services.send([bob], FollowMessage, target=TEA)
    before = state(bob)
    answer = call("PUT", f"silences/{TEA}/", {"for": period})
    assert (answer.status_code, answer.json()) == (200, selectors.snapshot(bob).as_dict())
    [row] = call.get("silences/").json()["items"]
    assert (row["subject"], row["until"] is None) == (TEA, days is None)
    if days is not None:
        until = selectors.silences_page(bob).items[0].until
        assert until is not None
        assert timedelta(0) <= timezone.now() + timedelta(days=days) - until < timedelta(minutes=5)
    assert call("DELETE", f"silences/{TEA}/").status_code == 200
    assert call.get("silences/").json()["items"] == []
    assert state(bob) == before


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"for": "month"},
        {"for": "day", "until": "2100-01-01T00:00:00Z"},
        {"until": "2000-01-01T00:00:00Z"},
        {"until": "2100-01-01T00:00:00"},
        {"until": None},
        {"until": "9999-12-31T23:59:59-23:59"},
        {"until": 4102444800},
        {"until": "2100-01-01 00:00Z"},
        {"for": "day", "why": "noise"},
    ],
)
def test_other_silences_are_422(call: Caller, body: Any) -> None:
    problem(call("PUT", f"silences/{TEA}/", body), 422)
    assert call.get("silences/").json()["items"] == []


class TestTopics:
    @pytest.fixture
    def shop(self) -> Service:
        return service()

    def test_followers_and_recipients_once_each(self, bob: Any, shop: Service) -> None:
        ann, cid = person("ann"), person("cid")
        for user in (bob, ann):
            services.follow(user, TEA)
        body = {"type": "follow", "topic": TEA, "recipients": ["bob", "cid", "zed"], "actor": "ann"}
        answer = shop("POST", "messages/", body)
        assert (answer.status_code, answer.json()) == (
            201,
            {"send": Send.objects.get().pk, "created": 2, "unknown": ["zed"]},
        )
        rows = FollowMessage.objects.order_by("recipient").values_list("recipient", "subject")
        assert set(rows) == {(bob.pk, TEA), (cid.pk, TEA)}

    def test_a_topic_alone_and_no_word_about_who_follows(self, bob: Any, shop: Service) -> None:
        services.follow(bob, TEA)
        answer = shop("POST", "messages/", {"type": "follow", "topic": TEA, "subject": "blog.post:8", "actor": None})
        assert answer.json().keys() == {"send", "created", "unknown"}
        assert FollowMessage.objects.get().subject == "blog.post:8"
        assert shop("POST", "messages/", {"type": "follow", "topic": "blog.post:9"}).json()["created"] == 0

    def test_in_a_batch(self, bob: Any, shop: Service) -> None:
        services.follow(bob, TEA)
        events = [{"type": "follow", "topic": TEA}, {"type": "follow", "topic": "tea"}, {"type": "follow"}]
        results = shop("POST", "messages/batch/", {"messages": events}).json()["results"]
        assert [line["status"] for line in results] == [201, 422, 422]
        assert FollowMessage.objects.count() == 1

    @pytest.mark.parametrize("more", [{"audience": "everyone"}, {"groups": ["x"]}, {"recipients": []}])
    def test_what_does_not_go_with_it(self, shop: Service, more: Any) -> None:
        problem(shop("POST", "messages/", {"type": "follow", "topic": TEA, **more}), 422)


def fail() -> None:
    raise ValueError("a bug")


class TestVisits:
    def visit(self, user: Any, version: int | None = None, subject: str = TEA) -> str:
        return visit_of(user.pk, subject, selectors.versions([user.pk])[user.pk] if version is None else version)

    def test_what_the_page_could_show_is_read_and_nothing_else(self, bob: Any, call: Caller) -> None:
        for subject in (TEA, TEA, "blog.post:8", None):
            services.send([bob], FollowMessage, target=subject)
        visit = self.visit(bob)
        services.send([bob], FollowMessage, target=TEA)  # arrives before the page is visible
        answer = call("POST", "inbox/visited/", {"visit": visit})
        assert (answer.status_code, snapshot_in(answer)) == (200, selectors.snapshot(bob).as_dict())
        assert answer.json()["changed"] == 2
        left = [item.subject for item in selectors.inbox_page(bob).items if not item.read]
        assert left == [TEA, "", "blog.post:8"]
        assert call("POST", "inbox/undo/", {"undo": answer.json()["undo"]}).json()["unread"] == 5

    def test_one_that_failed_midway_goes_on(self, bob: Any, call: Caller, monkeypatch: Any) -> None:
        """Under a token of its own, which undoes all of it."""
        monkeypatch.setattr(visits, "BATCH", 4)
        FollowMessage.objects.bulk_create(FollowMessage(recipient=bob, subject=TEA) for _ in range(10))
        own = "v" * 22
        body = {"visit": self.visit(bob), "act": own}
        with monkeypatch.context() as patched:
            patched.setattr(visits, "let_others_write", fail)
            failure = problem(call("POST", "inbox/visited/", body), 500)
        assert (failure["changed"], failure["undo"], selectors.snapshot(bob).unread) == (4, own, 6)
        answer = call("POST", "inbox/visited/", body).json()
        assert (answer["changed"], answer["undo"], answer["unread"]) == (6, own, 0)
        assert call("POST", "inbox/undo/", {"undo": own}).json()["unread"] == 10

    def test_two_tabs(self, bob: Any, call: Caller) -> None:
        """The same visit twice, and an older one after a newer one."""
        services.send([bob], FollowMessage, target=TEA)
        older = self.visit(bob)
        services.send([bob], FollowMessage, target=TEA)
        newer = self.visit(bob)
        for visit in (newer, newer, older):
            assert call("POST", "inbox/visited/", {"visit": visit}).json()["unread"] == 0
        version = selectors.snapshot(bob).version
        call("POST", "inbox/visited/", {"visit": newer})
        assert selectors.snapshot(bob).version == version

    def test_what_became_unread_again_is_not_swallowed(self, bob: Any, call: Caller) -> None:
        services.send([bob], FollowMessage, target=TEA)
        visit, ref = self.visit(bob), FollowMessage.objects.get().ref
        services.mark_read(bob, [ref]), services.mark_unread(bob, [ref])
        assert call("POST", "inbox/visited/", {"visit": visit}).json()["unread"] == 1

    def test_broken_old_and_foreign_visits_mark_nothing(self, clock: Any, bob: Any) -> None:
        services.send([bob], FollowMessage, target=TEA)
        before, good, call = state(bob), self.visit(bob), Caller(bob)
        eve = person("eve")
        strange = [
            signing.dumps(value, salt="inbox.visits") for value in ([], [bob.pk, TEA], [bob.pk, "tea", 9], "x", None)
        ]
        other_salt = signing.dumps([bob.pk, TEA, 10**9])
        for visit in (
            "",
            "x",
            good[:-1],
            good + "x",
            self.visit(eve),
            visit_of(eve.pk, TEA, 10**9),
            other_salt,
            *strange,
        ):
            assert problem(call("POST", "inbox/visited/", {"visit": visit}), 422)["code"] == "bad_value"
        for body in ({}, {"visit": 7}, {"visit": "x" * 3000}, {"visit": good, "more": 1}):
            problem(call("POST", "inbox/visited/", body), 422)
        clock.shift(timedelta(seconds=LIFETIME + 1))
        problem(call("POST", "inbox/visited/", {"visit": good}), 422)
        assert state(bob) == before

    def test_many_in_batches(self, bob: Any, monkeypatch: Any) -> None:
        monkeypatch.setattr(visits, "BATCH", 4)
        FollowMessage.objects.bulk_create(FollowMessage(recipient=bob, subject=TEA) for _ in range(10))
        assert services.visit(bob, self.visit(bob)) == 10
        assert selectors.snapshot(bob).unread == 0
        assert selectors.snapshot(bob).version == 10 + 3
