"""Which requests are held beside Django, and what else with_push answers."""

from typing import Any

import pytest
from django.core.asgi import get_asgi_application
from django.test import Client, override_settings

from push import routing
from push.asgi import with_push
from push.routing import find_held
from push.transports import polling, sse, websocket


def scope(path: str, kind: str = "http", method: str = "GET", **headers: str) -> dict[str, Any]:
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"type": kind, "path": path, "method": method, "headers": pairs, "root_path": "", "query_string": b""}


WAITING = {"if_none_match": '"1-1"', "prefer": "wait=5"}


def test_what_is_held() -> None:
    assert find_held(scope("/push/ws/", "websocket")) is websocket.application
    assert find_held(scope("/push/sse/")) is sse.application
    assert find_held(scope("/push/poll/", **WAITING)) is polling.application


@pytest.mark.parametrize(
    "other",
    [
        scope("/"),
        scope("/push/sse/", "websocket"),
        scope("/push/poll/", "websocket"),
        scope("/push/poll/"),
        scope("/push/poll/", prefer="wait=5"),
        scope("/push/poll/", if_none_match='"1-1"'),
        scope("/push/poll/", if_none_match='"1-1"', prefer="wait=x"),
        scope("/push/poll/", if_none_match="*", prefer="wait=5"),
        scope("/push/poll/", if_match='"1-1"', **WAITING),
        scope("/push/poll/", method="HEAD", **WAITING),
        scope("/push/events/"),
        {"type": "lifespan"},
    ],
)
def test_what_goes_to_django(other: dict[str, Any]) -> None:
    assert find_held(other) is None


def test_below_a_prefix() -> None:
    assert find_held({**scope("/app/push/sse/"), "root_path": "/app"}) is sse.application
    assert find_held({**scope("/apple/push/sse/"), "root_path": "/app"}) is None


async def talk(application: Any, kind: dict[str, Any], *received: dict[str, Any]) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []
    queue = list(received)

    async def receive() -> dict[str, Any]:
        return queue.pop(0)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await application(kind, receive, send)
    return sent


async def test_lifespan() -> None:
    messages = ({"type": "lifespan.startup"}, {"type": "lifespan.shutdown"})
    answers = await talk(with_push(get_asgi_application()), {"type": "lifespan"}, *messages)
    assert [answer["type"] for answer in answers] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


async def test_a_websocket_nobody_serves() -> None:
    answers = await talk(with_push(get_asgi_application()), scope("/x/", "websocket"), {"type": "websocket.connect"})
    assert answers == [{"type": "websocket.close"}]


async def test_a_site_with_websockets_of_its_own_gets_the_rest() -> None:
    seen: list[str] = []

    async def site(kind: Any, receive: Any, send: Any) -> None:
        seen.append(kind["type"])

    for kind in ("websocket", "lifespan", "http"):
        await talk(with_push(site), scope("/x/", kind))
    assert seen == ["websocket", "lifespan", "http"]


async def test_a_bug_before_the_hub_is_answered_logged_and_signalled(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from django.core.signals import got_request_exception

    def fail(kind: Any) -> None:
        raise RuntimeError("a bug")

    signalled: list[Any] = []
    receiver = lambda **kwargs: signalled.append(kwargs)  # noqa: E731 (kept alive for the weak reference)
    got_request_exception.connect(receiver)
    monkeypatch.setattr("push.gate.admit", fail)
    answers = await talk(sse.application, scope("/push/sse/"))
    assert answers[0]["status"] == 500
    assert (b"content-type", b"application/problem+json") in answers[0]["headers"]
    assert "a bug" in caplog.text
    assert len(signalled) == 1
    socket = await talk(websocket.application, scope("/push/ws/", "websocket"), {"type": "websocket.connect"})
    assert [message["type"] for message in socket] == ["websocket.accept", "websocket.close"]
    assert socket[-1]["code"] == 1011
    assert len(signalled) == 2


@pytest.mark.parametrize("path", ["/push/sse/", "/push/changes/", "/push/ws/"])
def test_on_a_server_without_push_asgi_the_routes_say_so(client: Client, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (501, "needs_asgi")


@pytest.mark.parametrize("path", ["", "nothing/", "banners/x!/", "banners/", "poll/x", "mqtt/", "%00", "nothing"])
@pytest.mark.parametrize("method", ["get", "post", "options"])
def test_other_addresses_are_problems(client: Client, method: str, path: str) -> None:
    answer = getattr(Client(enforce_csrf_checks=True), method)(f"/push/{path}")
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
    assert answer.json()["code"] == "not_found"


def test_a_missing_slash_is_added(client: Client) -> None:
    answer = client.get("/push/poll?x=1")
    assert (answer.status_code, answer["Location"]) == (301, "/push/poll/?x=1")


def test_routes_follow_the_urlconf() -> None:
    names = {"ws": "websocket", "sse": "sse", "poll": "poll", "iframe": "iframe", "changes": "changes"}
    assert routing.held_paths() == {f"/push/{path}/": name for path, name in names.items()}


async def test_a_ticket_of_the_sites_own_is_left_alone() -> None:
    """What else is called that, a support desk's say, is none of our business."""
    asked: list[bytes] = []

    async def site(scope: Any, receive: Any, send: Any) -> None:
        asked.append(scope["query_string"])

    application = routing.beside(site)
    for path in ("/support/", "/push/events/", "/api/v1/unread/"):
        await talk(application, {**scope(path), "query_string": b"ticket=7"})
    assert asked == [b"ticket=7", b"ticket=-", b"ticket=7"]


class TestShortPoll:
    pytestmark = pytest.mark.django_db

    def test_nobody(self, client: Client) -> None:
        answer = client.get("/push/poll/")
        assert (answer.status_code, answer["Content-Type"]) == (401, "application/problem+json")
        assert answer.json()["title"] == "Unauthorized"

    def test_the_state_and_its_headers(self, admin_client: Client, admin_user: Any) -> None:
        answer = admin_client.get("/push/poll/")
        assert answer.json() == {
            "user": admin_user.pk,
            "version": 1,
            "unread": 0,
            "capped": False,
            "by_type": {},
            "unseen": 0,
            "threads": 0,
        }
        assert answer["ETag"] == f'"{admin_user.pk}-1"'
        assert answer["Cache-Control"] == "private, no-cache"
        assert {"Cookie", "Authorization"} <= set(answer["Vary"].split(", "))
        assert int(answer["X-Poll-Interval"]) > 0

    @override_settings(PUSH_RESYNC_SECONDS=11)
    def test_not_modified(self, admin_client: Client) -> None:
        tag = admin_client.get("/push/poll/")["ETag"]
        answer = admin_client.get("/push/poll/", headers={"If-None-Match": f'"x", W/{tag}'})
        assert (answer.status_code, answer.content, answer["ETag"]) == (304, b"", tag)
        assert answer["X-Poll-Interval"] == "11"

    def test_only_reading(self, admin_client: Client) -> None:
        assert admin_client.post("/push/poll/").status_code == 405
        assert admin_client.head("/push/poll/").status_code == 200
