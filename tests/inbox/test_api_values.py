"""Values that the REST API does not take: each is named in the answer, and none does harm."""

from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.core.handlers.asgi import ASGIRequest
from django.urls import resolve
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from .examples import examples
from .rest import IN_CHINESE, PREFIX, Caller, problem, snapshot_in, state

pytestmark = [pytest.mark.urls("tests.inbox.urls"), pytest.mark.django_db]


@pytest.fixture
def browser(bob: Any) -> Caller:
    return Caller(bob)


@pytest.fixture
def call(browser: Caller) -> Caller:
    browser.headers |= IN_CHINESE
    return browser


SOON = (timezone.now() + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
NUMBERS = [-1, 10**30, 1.5, True, "1", None, float("nan")]
BAD_BODIES: list[tuple[str, Any, str]] = [
    *[("POST inbox/read/", {"up_to": number}, "/up_to") for number in NUMBERS],
    ("POST inbox/read/", {"up_to": 2**53}, "/up_to"),
    ("POST inbox/read/", {}, ""),
    ("POST inbox/read/", {"refs": ["comment-1"], "up_to": 1}, ""),
    ("POST inbox/read/", {"refs": ["comment-1"], "type": "comment"}, ""),
    ("POST inbox/read/", {"refs": []}, "/refs"),
    ("POST inbox/read/", {"refs": None}, "/refs"),
    ("POST inbox/read/", {"refs": "comment-1"}, "/refs"),
    ("POST inbox/read/", {"refs": ["comment-1"] * 1001}, "/refs"),
    ("POST inbox/read/", {"refs": ["comment-1", "x\x00y-1"]}, "/refs/1"),
    ("POST inbox/read/", {"refs": ["\ud800-1"]}, "/refs/0"),
    ("POST inbox/read/", {"refs": ["comment--1"]}, "/refs/0"),
    ("POST inbox/read/", {"refs": ["comment-1\n"]}, "/refs/0"),
    ("POST inbox/read/", {"refs": ["comment-١"]}, "/refs/0"),
    ("POST inbox/read/", {"refs": [1]}, "/refs/0"),
    ("POST inbox/read/", {"up_to": 1, "type": "poem"}, "/type"),
    ("POST inbox/read/", {"up_to": 1, "type": "\x00"}, "/type"),
    ("POST inbox/read/", {"up_to": 1, "a/b~c": 1}, "/a~1b~0c"),
    ("POST inbox/read/", {"up_to": 1, "\ud800": 1}, ""),
    ("POST inbox/read/", [], ""),
    ("POST inbox/read/", None, ""),
    ("POST inbox/read/", b"null", ""),
    ("POST inbox/read/", b'{"refs": ["\xed\xa0\x80-1"]}', "/refs/0"),
    *[("POST inbox/seen/", {"up_to": number}, "/up_to") for number in (*NUMBERS, 2**53)],
    ("POST inbox/seen/", {}, "/up_to"),
    ("POST inbox/seen/", {"up_to": 1, "type": "comment"}, "/type"),
    ("PATCH inbox/comment-1/", {}, ""),
    ("PATCH inbox/comment-1/", {"read": 1}, "/read"),
    ("PATCH inbox/comment-1/", {"read": None}, "/read"),
    ("PATCH inbox/comment-1/", {"read": "true"}, "/read"),
    ("PATCH inbox/comment-1/", {"deleted": True}, "/deleted"),
    ("PATCH inbox/comment-1/", {"deleted": 0}, "/deleted"),
    ("PATCH inbox/comment-1/", {"archived": True, "read": False}, ""),
    ("PATCH inbox/comment-1/", {"read": True, "title": "x"}, "/title"),
    ("PATCH inbox/comment-1/", {"starred": None}, "/starred"),
    *[
        ("PATCH inbox/comment-1/", {"snoozed_until": moment}, "/snoozed_until")
        for moment in ("2020-01-01T00:00:00Z", "2999-01-01T00:00:00Z", "2030-01-01T00:00:00", "tomorrow", "", 1, True)
    ],
    ("PATCH inbox/comment-1/", {"snoozed_until": SOON, "archived": True}, ""),
    ("PATCH inbox/comment-1/", {"snoozed_until": SOON, "read": True}, ""),
    ("PATCH preferences/", {"time_zone": "\ud800"}, "/time_zone"),
    ("PATCH preferences/", {"language": "\ud800"}, "/language"),
]


def test_bad_values_in_a_body_are_422(call: Caller, subtests: pytest.Subtests) -> None:
    for operation, body, pointer in BAD_BODIES:
        method, path = operation.split()
        with subtests.test(operation=operation, body=ascii(body)[:60]):
            [error] = problem(call(method, path, body), 422)["errors"]
            assert (error["part"], error["pointer"]) == ("body", pointer)
            assert error["detail"]


BAD_QUERIES = [
    ("limit=0", "/limit"),
    ("limit=101", "/limit"),
    ("limit=-1", "/limit"),
    ("limit=" + "9" * 30, "/limit"),
    ("limit=" + "9" * 5000, "/limit"),
    ("limit=x", "/limit"),
    ("limit=1%00", "/limit"),
    ("type=poem", "/type"),
    ("type=%00", "/type"),
    ("type=%ED%A0%80", "/type"),
    ("unread=maybe", "/unread"),
    ("archived=2", "/archived"),
    ("starred=2", "/starred"),
    ("snoozed=", "/snoozed"),
    ("before=x", "/before"),
    ("before=%00", "/before"),
    ("before=%ED%A0%80", "/before"),
    ("before=" + "x" * 501, "/before"),
    ("before=WzEsbnVsbCxudWxsXQ:1vMxyz:forged", "/before"),
]


def test_bad_values_in_a_query_are_422(call: Caller, subtests: pytest.Subtests) -> None:
    for query, pointer in BAD_QUERIES:
        with subtests.test(query=query[:60]):
            [error] = problem(call.get(f"inbox/?{query}"), 422)["errors"]
            assert (error["part"], error["pointer"]) == ("query", pointer)


NO_REFS = ["%00", "comment-%00", "%ED%A0%80", "comment--1", "Comment-1", "comment-1%0A", "x" * 99]


def test_what_cannot_be_a_ref_is_422(call: Caller, subtests: pytest.Subtests) -> None:
    for ref in NO_REFS:
        with subtests.test(ref=ref):
            [error] = problem(call.get(f"inbox/{ref}/"), 422)["errors"]
            assert (error["part"], error["pointer"]) == ("path", "/ref")


@pytest.mark.anywhere
@pytest.mark.parametrize(
    "body", [b"{", b"\xff", b"{'a': 1}", b"[" * 60_000, b'{"up_to": ' + b"9" * 5000 + b"}"], ids=len
)
def test_what_is_not_json_is_400(call: Caller, body: bytes) -> None:
    assert problem(call("POST", "inbox/read/", body), 400)["code"] == "bad_json"


@pytest.mark.anywhere
@pytest.mark.parametrize("path", ["inbox/read/", "inbox/comment-1/"])
def test_a_body_has_a_limit(call: Caller, path: str) -> None:
    method = "POST" if path == "inbox/read/" else "PATCH"
    problem(call(method, path, b" " * (64 * 1024 + 1)), 413)
    problem(call(method, path, b" " * 10_000_000), 413)  # beyond DATA_UPLOAD_MAX_MEMORY_SIZE too


@pytest.mark.anywhere
def test_a_body_of_undeclared_length_has_the_same_limit(bob: Any) -> None:
    scope = {"type": "http", "method": "POST", "path": f"{PREFIX}inbox/read/", "headers": [], "query_string": b""}
    scope["headers"] = [(b"content-type", b"application/json"), (b"transfer-encoding", b"chunked")]
    match = resolve(f"{PREFIX}inbox/read/")
    request = ASGIRequest(scope, stream := BytesIO(b" " * 10_000_000))
    problem(match.func(request), 413)
    assert stream.tell() <= 64 * 1024 + 1


@pytest.mark.anywhere
@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""]
)
def test_only_json_is_read(call: Caller, content_type: str) -> None:
    problem(call("POST", "inbox/read/", b'{"up_to": 1}', content_type=content_type), 415)


@pytest.mark.anywhere
def test_a_form_cannot_bring_its_token_along(bob: Any) -> None:
    body = f"csrfmiddlewaretoken={'t' * 32}".encode()
    answer = Caller(bob, csrf=False)("POST", "inbox/read/", body, content_type="application/x-www-form-urlencoded")
    problem(answer, 415)


@pytest.mark.anywhere
def test_too_many_parameters_are_400(call: Caller, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
    problem(call.get("inbox/?" + "&".join(f"a{n}=1" for n in range(1001))), 400)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)
fields = st.sampled_from(["refs", "up_to", "type", "read", "archived", "deleted"])
bodies = values | st.dictionaries(fields, values | st.just(["comment-1"]) | st.just("comment"), max_size=3)


@examples(40)
@given(body=bodies, operation=st.sampled_from([("POST", "inbox/read/"), ("PATCH", "inbox/comment-1/")]))
def test_no_body_does_harm(bob: Any, browser: Caller, body: Any, operation: tuple[str, str]) -> None:
    before = state(bob)
    answer = browser(*operation, body)
    if answer.status_code == 200:
        assert snapshot_in(answer) == state(bob).as_dict()
    else:
        assert problem(answer, answer.status_code)["status"] in {404, 422}
        assert state(bob) == before
