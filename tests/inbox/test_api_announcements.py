"""Banners and dialogs in the API for users, and writes that name the version that was on screen."""

from typing import Any

import pytest

from inbox import services
from inbox.models import Broadcast

from .rest import Caller, announcement, comment, person, problem, snapshot_in, state

pytestmark = [pytest.mark.urls("tests.inbox.urls"), pytest.mark.django_db, pytest.mark.anywhere, pytest.mark.any_django]

EVERYWHERE = {"as_banner": True, "as_dialog": True}
BUTTON = {"url": "/tea", "label": "Tea", "labels": {"de": "Tee"}}


@pytest.fixture
def call(bob: Any) -> Caller:
    return Caller(bob)


def shown(call: Caller, query: str = "") -> Any:
    answer = call.get(f"inbox/announcements/{query}")
    assert answer.status_code == 200
    return answer.json()


def show_again(broadcast: Broadcast, **values: Any) -> None:
    services.change_broadcast(broadcast, values, show_again=True)


def test_nothing_to_show(bob: Any, call: Caller) -> None:
    announcement()
    assert shown(call) == {"user": bob.pk, "version": state(bob).version, "items": []}


def test_what_a_page_needs_to_show_one(call: Caller) -> None:
    broadcast = announcement(**EVERYWHERE, language="en", url="/more", level="warning", buttons=[BUTTON])
    [item] = shown(call)["items"]
    assert item.pop("created_at").endswith("Z")
    assert item == {
        "ref": broadcast.ref,
        "type": "broadcast",
        "title": "Maintenance",
        "body": "At noon.",
        "body_html": "<p>At <strong>noon</strong>.</p>\n",
        "lang": "en",
        "url": "/more",
        "level": "warning",
        "buttons": [{"label": "Tea", "lang": "en", "url": "/tea"}],
        "kinds": ["banner", "dialog"],
    }
    [row] = call.get("inbox/").json()["items"]
    assert row["buttons"] == item["buttons"]


def test_the_page_says_the_language(call: Caller) -> None:
    announcement(**EVERYWHERE, language="en", translations={"zh-hans": {"title": "维护", "body": ""}})
    assert [item["title"] for item in shown(call, "?language=zh-hans")["items"]] == ["维护"]
    assert [item["title"] for item in shown(call, "?language=xx")["items"]] == ["Maintenance"]


def test_it_supports_conditional_requests(call: Caller) -> None:
    announcement(**EVERYWHERE)
    tag = call.get("inbox/announcements/")["ETag"]
    assert call("GET", "inbox/announcements/", headers={"If-None-Match": tag}).status_code == 304


def test_closing_and_confirming(bob: Any, call: Caller) -> None:
    broadcast = announcement(**EVERYWHERE)
    closed = call("POST", f"inbox/announcements/{broadcast.ref}/close/")
    assert (closed.status_code, snapshot_in(closed)) == (200, state(bob).as_dict())
    assert [item["kinds"] for item in shown(call)["items"]] == [["dialog"]]
    body = {"version": shown(call)["version"]}
    confirmed = call("POST", f"inbox/announcements/{broadcast.ref}/confirm/", body)
    assert (confirmed.status_code, confirmed.json()["unread"]) == (200, 1)
    assert shown(call)["items"] == []
    for again in ("close", "confirm"):
        assert snapshot_in(call("POST", f"inbox/announcements/{broadcast.ref}/{again}/")) == confirmed.json()


@pytest.mark.parametrize("act", ["close", "confirm"])
def test_what_has_nothing_to_close_is_not_found(bob: Any, call: Caller, act: str) -> None:
    for ref in (announcement().ref, comment(bob).ref, announcement(**EVERYWHERE, audience="staff").ref, "broadcast-0"):
        problem(call("POST", f"inbox/announcements/{ref}/{act}/"), 404)


@pytest.mark.parametrize("act", ["close", "confirm"])
def test_a_version_is_a_number_in_a_known_field(call: Caller, act: str) -> None:
    ref = announcement(**EVERYWHERE).ref
    for body in ({"version": -1}, {"version": "5"}, {"version": None}, {"seen": 5}, [], 5):
        problem(call("POST", f"inbox/announcements/{ref}/{act}/", body), 422)
    assert len(shown(call)["items"]) == 1


# Acting on what has changed

WRITES = {
    "read": ("PATCH", "inbox/{ref}/", {"read": True}),
    "archive": ("PATCH", "inbox/{ref}/", {"archived": True}),
    "read some": ("POST", "inbox/read/", {"refs": ["{ref}"]}),
    "delete": ("DELETE", "inbox/{ref}/", None),
    "close": ("POST", "inbox/announcements/{ref}/close/", {}),
    "confirm": ("POST", "inbox/announcements/{ref}/confirm/", {}),
}
every_write = pytest.mark.parametrize(("method", "path", "body"), WRITES.values(), ids=WRITES)


def write(call: Caller, method: str, path: str, body: Any, ref: str, version: int) -> Any:
    path = path.format(ref=ref)
    if body is None:
        return call(method, f"{path}?version={version}")
    if "refs" in body:
        body = {"refs": [ref]}
    return call(method, path, {**body, "version": version})


@every_write
def test_a_write_to_what_was_shown_again_is_refused(bob: Any, call: Caller, method: str, path: str, body: Any) -> None:
    broadcast = announcement(**EVERYWHERE)
    version = call.get("inbox/").json()["version"]
    show_again(broadcast, title="Moved", body="At *one*.")
    before = state(bob)
    refusal = problem(write(call, method, path, body, broadcast.ref, version), 409)
    assert refusal["code"] == "changed"
    assert refusal["items"] == call.get("inbox/").json()["items"]
    assert refusal["announcements"] == shown(call)["items"]
    assert refusal["items"][0]["title"] == "Moved"
    assert state(bob) == before
    assert write(call, method, path, body, broadcast.ref, before.version).status_code == 200
    assert state(bob).version > before.version


@every_write
def test_a_small_edit_refuses_nothing(call: Caller, method: str, path: str, body: Any) -> None:
    broadcast = announcement(**EVERYWHERE)
    version = call.get("inbox/").json()["version"]
    services.change_broadcast(broadcast, {"title": "Typo"})
    assert write(call, method, path, body, broadcast.ref, version).status_code == 200


def test_a_banner_alone_is_in_the_refusal_without_an_item(call: Caller) -> None:
    broadcast = announcement(in_inbox=False, as_banner=True)
    version = shown(call)["version"]
    show_again(broadcast, title="Moved")
    refusal = problem(call("POST", f"inbox/announcements/{broadcast.ref}/close/", {"version": version}), 409)
    assert (refusal["items"], [each["title"] for each in refusal["announcements"]]) == ([], ["Moved"])


def test_a_version_alone_is_no_change(bob: Any, call: Caller) -> None:
    ref = comment(bob).ref
    problem(call("PATCH", f"inbox/{ref}/", {"version": 5}), 422)
    problem(call("POST", "inbox/read/", {"up_to": 5, "version": 5}), 422)
    problem(call("POST", "inbox/read/", {"version": 5}), 422)
    problem(call("DELETE", f"inbox/{ref}/?version=x"), 422)


def test_others_are_not_told_of_it() -> None:
    broadcast = announcement(**EVERYWHERE, audience="staff")
    call = Caller(person("eve"))
    show_again(broadcast, title="Secret")
    problem(call("POST", f"inbox/announcements/{broadcast.ref}/close/", {"version": 0}), 404)
    assert shown(call)["items"] == []
