"""What the user's half of the REST API refuses: always a problem document, never with an effect."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError

from inbox import selectors
from inbox.api import api
from inbox.api.shared.document import openapi
from inbox.core.visits import visit_of

from .may_follow import a_site_that_lets_follow
from .people import live
from .rest import BUTTONS, PREFIX, Caller, announcement, comment, person, problem, state, undoable

pytestmark = [pytest.mark.urls("tests.inbox.urls"), pytest.mark.django_db, pytest.mark.anywhere]

OPERATIONS = [
    (method.upper(), path.removeprefix(PREFIX))
    for path, operations in openapi(api, PREFIX)["paths"].items()
    for method, operation in operations.items()
    if operation["tags"] != ["For services"]
]
WRITES = [(method, path) for method, path in OPERATIONS if method != "GET"]
BODIES: dict[tuple[str, str], Any] = {
    ("PATCH", "inbox/{ref}/"): {"read": True},
    ("POST", "inbox/{ref}/pressed/"): {"button": 1},
    ("POST", "inbox/read/"): {"up_to": 10**9},
    ("POST", "inbox/seen/"): {"up_to": 10**9},
    ("POST", "inbox/changes/"): {"filter": {}, "up_to": 10**9, "archived": True},
    ("POST", "inbox/undo/"): {"undo": "x" * 22},
    ("PUT", "silences/{subject}/"): {"for": "day"},
    ("PUT", "preferences/"): {"muted": ["like"]},
    ("PATCH", "preferences/"): {"language": "de"},
}


@pytest.fixture(autouse=True)
def site() -> Iterator[None]:
    with a_site_that_lets_follow():
        yield


@pytest.fixture
def call(bob: Any) -> Caller:
    return Caller(bob)


@pytest.fixture
def ref(bob: Any) -> str:
    return comment(bob, buttons=BUTTONS).ref


def send(call: Caller, method: str, path: str, ref: str) -> Any:
    body = {"events": [{"ref": ref, "what": "seen"}]} if path == "inbox/events/" else BODIES.get((method, path))
    if path == "inbox/visited/":
        body = {"visit": visit_of(User.objects.get(username="bob").pk, "blog.post:7", 10**9)}
    return call(method, path.format(ref=ref, key="s1", subject="blog.post:7"), body)


def test_the_writes_are_known() -> None:
    items = [("PATCH", "inbox/{ref}/"), ("DELETE", "inbox/{ref}/"), ("POST", "inbox/{ref}/pressed/")]
    items += [("POST", f"inbox/{name}/") for name in ("read", "seen", "changes", "undo", "events")]
    announcements = [("POST", f"inbox/announcements/{{ref}}/{action}/") for action in ("close", "confirm")]
    preferences = [("PUT", "preferences/"), ("PATCH", "preferences/")]
    subjects = [(method, f"{path}/{{subject}}/") for method in ("PUT", "DELETE") for path in ("following", "silences")]
    others = [("POST", "tickets/"), ("POST", "inbox/visited/")]
    assert {*items, *announcements, *preferences, *subjects, *others} == set(WRITES)


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_anonymous_is_401(method: str, path: str, bob: Any, ref: str) -> None:
    before = state(bob)
    answer = send(Caller(csrf=False), method, path, ref)
    assert problem(answer, 401)["code"] == "not_signed_in"
    assert answer["WWW-Authenticate"].startswith("Session")
    assert answer["Cache-Control"] == "private, no-store"
    assert state(bob) == before


def test_a_deactivated_user_is_401(bob: Any, call: Caller) -> None:
    type(bob).objects.filter(pk=bob.pk).update(is_active=False)
    problem(call.get("unread/"), 401)


@pytest.mark.parametrize(("method", "path"), WRITES)
def test_every_write_needs_the_csrf_token(method: str, path: str, bob: Any, ref: str) -> None:
    if path.startswith(("inbox/announcements/", "inbox/events/")):
        ref = live(as_banner=True, as_dialog=True).ref
    undoable(bob)
    before = state(bob)
    assert problem(send(Caller(bob, csrf=False), method, path, ref), 403)["code"] == "csrf_failed"
    forged = Caller(bob)
    forged.headers = {"X-CSRFToken": "f" * 32}
    problem(send(forged, method, path, ref), 403)
    elsewhere = Caller(bob)
    elsewhere.headers |= {"Origin": "https://evil.example"}
    problem(send(elsewhere, method, path, ref), 403)
    assert state(bob) == before
    assert send(Caller(bob), method, path, ref).status_code in {200, 201, 204}


@pytest.mark.parametrize(("method", "path"), [pair for pair in OPERATIONS if "{ref}" in pair[1]])
def test_foreign_and_unknown_refs_are_404(method: str, path: str, bob: Any, ref: str) -> None:
    eve = Caller(person("eve"))
    staff_only = announcement(audience="staff").ref
    before = state(bob)
    for foreign in (ref, staff_only, "comment-999", "poem-1", "comment-" + "9" * 30):
        problem(send(eve, method, path, foreign), 404)
    assert state(bob) == before


def test_one_foreign_ref_fails_them_all(bob: Any, call: Caller, ref: str) -> None:
    foreign = comment(person("eve")).ref
    before = state(bob)
    problem(call("POST", "inbox/read/", {"refs": [ref, foreign]}), 404)
    assert state(bob) == before


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("POST", "unread/", "GET, HEAD, OPTIONS"),
        ("PUT", "inbox/", "GET, HEAD, OPTIONS"),
        ("GET", "inbox/read/", "OPTIONS, POST"),
        ("HEAD", "inbox/read/", "OPTIONS, POST"),
        ("PUT", "inbox/comment-1/", "DELETE, GET, HEAD, OPTIONS, PATCH"),
        ("TRACE", "unread/", "GET, HEAD, OPTIONS"),
        ("DELETE", "openapi.json", "GET, HEAD, OPTIONS"),
        ("POST", "docs", "GET, HEAD, OPTIONS"),
        ("POST", "", "GET, HEAD, OPTIONS"),
    ],
)
def test_other_methods_are_405(call: Caller, method: str, path: str, allow: str) -> None:
    answer = call(method, path)
    if method == "HEAD":
        assert (answer.status_code, answer.content) == (405, b"")
    else:
        problem(answer, 405)
    assert answer["Allow"] == allow
    answer = call("OPTIONS", path)
    assert (answer.status_code, answer.content, answer["Allow"]) == (204, b"", allow)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("path", ["nothing/", "unread", "inbox", "inbox/read", "docs/../secret", "%00"])
def test_other_addresses_are_404(call: Caller, method: str, path: str) -> None:
    problem(call(method, path), 404)


def test_a_database_away_is_503(call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(user: Any) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr(selectors, "snapshot", fail)
    answer = call.get("unread/")
    assert "locked" not in problem(answer, 503)["detail"]
    assert answer["Retry-After"] == "1"


def test_a_crash_is_500_and_logged(
    call: Caller, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(user: Any) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr(selectors, "snapshot", fail)
    assert "secret" not in json.dumps(problem(call.get("unread/"), 500))
    assert "RuntimeError: secret" in caplog.text
