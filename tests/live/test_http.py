"""Every address beside the API answers every method and condition in HTTP's own words (RFC 9110), on both servers."""

from http.client import HTTPConnection, HTTPResponse
from typing import Any, NamedTuple

import pytest

from tests.conftest import StartSite
from tests.servers import Site

PROBLEM = "application/problem+json"
SAFE = "GET, HEAD, OPTIONS"
OTHER_METHODS = ["POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"]
STREAMS = {"/push/sse/": "text/event-stream", "/push/iframe/": "text/html; charset=utf-8"}
PLAIN = ["/push/poll/", "/push/events/", "/healthz", "/readyz", "/metrics"]
ALLOWED = dict.fromkeys((*STREAMS, *PLAIN, "/push/ws/"), SAFE) | {"/push/mqtt/user": "OPTIONS, POST"}


@pytest.fixture(params=["daphne", "uvicorn"])
def site(shared_site: StartSite, request: pytest.FixtureRequest) -> Site:
    return shared_site(server=request.param, bus="memory")


class Answer(NamedTuple):
    """`body` is None for a stream that has not ended."""

    status: int
    headers: Any
    body: bytes


class Caller:
    """A bare client, which shows what was really sent."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._cookie = f"sessionid={site.cookies('bob')['sessionid']}"

    def __call__(self, method: str, path: str, *, signed_in: bool = True, **headers: str) -> Answer:
        connection = HTTPConnection("127.0.0.1", self._site.ports[0], timeout=10)
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, headers=({"Cookie": self._cookie} if signed_in else {}) | fields)
        response: HTTPResponse = connection.getresponse()
        answer = Answer(response.status, response.headers, response.read())
        connection.close()
        return answer


@pytest.fixture
def call(site: Site) -> Caller:
    return Caller(site)


@pytest.mark.parametrize("path", ALLOWED)
def test_methods_that_are_not_answered(call: Caller, path: str) -> None:
    methods = [*OTHER_METHODS, *(() if "GET" in ALLOWED[path] else ("GET", "HEAD"))]
    for method in [method for method in methods if method not in ALLOWED[path]]:
        for signed_in in (True, False):
            answer = call(method, path, signed_in=signed_in)
            assert (answer.status, answer.headers["Allow"]) == (405, ALLOWED[path]), method
            assert answer.headers["Content-Type"] == PROBLEM
            assert (b"bad_method" in answer.body) == (method != "HEAD")
    options = call("OPTIONS", path)
    assert (options.status, options.headers["Allow"], options.body) == (204, ALLOWED[path], b"")


@pytest.mark.parametrize("path", STREAMS)
def test_head_of_a_stream_ends_at_once(call: Caller, path: str) -> None:
    answer = call("HEAD", path)
    assert (answer.status, answer.headers["Content-Type"], answer.body) == (200, STREAMS[path], b"")
    assert answer.headers["Cache-Control"] == "no-cache, no-transform"
    anonymous = call("HEAD", path, signed_in=False)
    assert (anonymous.status, anonymous.body) == (401, b"")
    assert anonymous.headers["WWW-Authenticate"]


def test_head_of_the_librarys_stream(call: Caller) -> None:
    answer = call("HEAD", "/push/events/")
    assert (answer.status, answer.headers["Content-Type"], answer.body) == (200, "text/event-stream", b"")


def test_head_of_the_poll(call: Caller) -> None:
    full, head = call("GET", "/push/poll/"), call("HEAD", "/push/poll/")
    assert (head.status, head.body) == (200, b"")
    for name in ("Content-Type", "Content-Length", "ETag", "Cache-Control", "Vary", "X-Poll-Interval"):
        assert head.headers[name] == full.headers[name]


CONDITIONS = {
    "known": ("If-None-Match", "{tag}", 304),
    "known, weakly": ("If-None-Match", 'W/{tag}, "x"', 304),
    "any": ("If-None-Match", "*", 304),
    "another": ("If-None-Match", '"x"', 200),
    "malformed": ("If-None-Match", "x", 200),
    "as demanded": ("If-Match", "{tag}", 200),
    "whatever": ("If-Match", "*", 200),
    "not as demanded": ("If-Match", '"x"', 412),
    "no date to compare with": ("If-Unmodified-Since", "Sat, 01 Jan 2000 00:00:00 GMT", 200),
}


def test_conditions_of_the_poll(call: Caller) -> None:
    tag = call("GET", "/push/poll/").headers["ETag"]
    for name, (header, value, status) in CONDITIONS.items():
        for method in ("GET", "HEAD"):
            for more in ({}, {"Prefer": "wait=0"}):
                answer = call(method, "/push/poll/", **{header: value.format(tag=tag)}, **more)
                assert answer.status == status, name
                if status == 304:
                    assert (answer.headers["ETag"], answer.body) == (tag, b"")
                    assert not {"Content-Type", "Content-Length"} & set(answer.headers)
                elif status == 412:
                    assert answer.headers["Content-Type"] == PROBLEM


def test_any_state_is_known_at_once_however_long_one_would_wait(call: Caller) -> None:
    assert call("GET", "/push/poll/", If_None_Match="*", Prefer="wait=55").status == 304


def test_a_websocket_asked_for_in_plain_http(call: Caller) -> None:
    for signed_in in (True, False):
        answer = call("GET", "/push/ws/", signed_in=signed_in)
        assert (answer.status, answer.headers["Upgrade"]) == (426, "websocket")
        assert "upgrade" in answer.headers["Connection"].lower()
        assert (answer.headers["Content-Type"], b"upgrade_required" in answer.body) == (PROBLEM, True)


def test_an_immediate_304_of_the_api_has_no_length(call: Caller) -> None:
    for path in ("/api/v1/unread/", "/api/v1/inbox/", "/api/v1/openapi.json"):
        tag = call("GET", path).headers["ETag"]
        answer = call("GET", path, If_None_Match=tag)
        assert (answer.status, answer.body) == (304, b"")
        assert not {"Content-Type", "Content-Length"} & set(answer.headers)
