"""A broadcast that several change at once: what others have done is read under the lock, and stays."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import connection

from inbox import services
from inbox.models import Broadcast, Scope
from inbox.rendering import markdown, markup

from .people import NOW
from .rest import problem, state
from .services import Service, service
from .threads import together

pytestmark = [pytest.mark.urls("tests.inbox.urls"), pytest.mark.django_db(transaction=True)]


@pytest.fixture
def draft(bob: Any) -> Broadcast:
    return Broadcast.objects.create(title="Old")


@pytest.fixture
def live(draft: Broadcast) -> Broadcast:
    services.publish(draft)
    return draft


@pytest.fixture
def desk() -> Service:
    return service(name="desk")


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], None]:
    """Something that another does before the request has the lock."""

    def arrange(deed: Any) -> None:
        def hold(pk: Any) -> Any:
            deed(Broadcast.objects.get(pk=pk))
            return held(pk)

        held = services.locked_broadcast
        monkeypatch.setattr(services, "locked_broadcast", hold)

    return arrange


def address(broadcast: Broadcast) -> str:
    return f"broadcasts/{broadcast.pk}/"


def test_published_meanwhile(desk: Service, bob: Any, draft: Broadcast, meanwhile: Any) -> None:
    meanwhile(services.publish)
    [error] = problem(desk("PATCH", address(draft), {"publish_at": NOW.isoformat()}), 422)["errors"]
    assert error["pointer"] == "/publish_at"
    assert Broadcast.objects.get().publish_at is None


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_published_before_one_who_may_only_write(bob: Any, draft: Broadcast, meanwhile: Any, method: str) -> None:
    meanwhile(services.publish)
    problem(service(Scope.BROADCASTS_WRITE)(method, address(draft), {"title": "New"}), 403)
    assert Broadcast.objects.get().title == "Old"


def test_withdrawn_meanwhile(desk: Service, bob: Any, live: Broadcast, meanwhile: Any) -> None:
    meanwhile(services.withdraw)
    changed = desk("PATCH", address(live), {"title": "New"}).json()
    assert (changed["title"], changed["state"]) == ("New", "withdrawn")
    assert state(bob).unread == 0


@pytest.mark.parametrize("action", ["publish/", "withdraw/"])
def test_deleted_meanwhile(desk: Service, draft: Broadcast, meanwhile: Any, action: str) -> None:
    meanwhile(Broadcast.delete)
    problem(desk("POST", address(draft) + action), 404)


def test_all_at_once(desk: Service, bob: Any, live: Broadcast) -> None:
    changes = {"title": "New", "body": "New", "level": "critical", "url": "/new/"}
    works = [partial(another(desk), "PATCH", address(live), {name: value}) for name, value in changes.items()]
    answers = together(*works, partial(another(desk), "POST", f"{address(live)}withdraw/"))
    assert {answer.status_code for answer in answers} == {200}
    found = desk.get(address(live)).json()
    assert changes.items() <= found.items()
    assert (found["state"], state(bob).unread) == ("withdrawn", 0)


def another(desk: Service) -> Service:
    """A client of its own, with the same token."""
    return Service(desk.headers["Authorization"].removeprefix("Bearer "))


def test_nobody_waits_while_a_text_is_rendered(desk: Service, bob: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten thousand brackets take a second: not with the clock in hand."""
    locked: list[bool] = []

    def parse(text: str) -> markdown.Parsed:
        locked.append(connection.in_atomic_block)
        return parsed(text)

    parsed = markdown.parse
    monkeypatch.setattr(markdown, "parse", parse)
    path = f"broadcasts/{desk('POST', 'broadcasts/', {'title': 'New', 'body': 'one'}).json()['id']}/"
    desk("PATCH", path, {"body": "two"})
    for method, action, body in (
        ("POST", "publish/", None),
        ("PATCH", "", {"title": "Newer"}),
        ("POST", "withdraw/", None),
    ):
        markup.cache_clear()
        assert desk(method, path + action, body).json()["body_html"] == "<p>two</p>\n"
    assert locked == [False] * 5


def test_one_key_from_many_sides(desk: Service, bob: Any, draft: Broadcast) -> None:
    """One of them does it; the others are told so, or to wait."""
    path = f"{address(draft)}publish/"
    answers = together(*[partial(another(desk).once, "k", "POST", path) for _ in range(4)])
    assert {answer.status_code for answer in answers} <= {200, 409}
    done = [answer.content for answer in answers if answer.status_code == 200]
    assert len(set(done)) == 1
    assert desk.once("k", "POST", path).content == done[0]
