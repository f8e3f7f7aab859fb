"""Methods, conditions and content of the API in HTTP's own words (RFC 9110), at every address."""

import gzip
import json
from typing import Any

import pytest

from inbox.api import api
from inbox.api.shared.document import openapi

from .repeated import stopped
from .rest import PREFIX, Caller, announcement, comment, person, problem, state
from .services import Service, service

pytestmark = [pytest.mark.urls("tests.inbox.urls"), pytest.mark.django_db, pytest.mark.anywhere]

PATHS = {
    path.removeprefix(PREFIX): (
        {method.upper() for method in operations},
        any(operation["tags"] == ["For services"] for operation in operations.values()),
    )
    for path, operations in openapi(api, PREFIX)["paths"].items()
}
READ = [path for path, (methods, _of_services) in PATHS.items() if "GET" in methods]
WRITTEN = [(method, path) for path, (methods, _of) in PATHS.items() for method in sorted(methods - {"GET"})]
OTHERS = ["openapi.json", "docs/swagger-ui.css"]  # the page `docs` has a CSRF token, new each time


class World:
    """Bob, a service, and something at every address."""

    def __init__(self, bob: Any) -> None:
        self.bob, self.caller, self.shop = bob, Caller(bob), service()
        sent = self.shop("POST", "messages/", {"type": "follow", "recipients": ["bob"], "key": "k"}).json()["send"]
        self.ids = {"sends": sent, "users": bob.pk, "broadcasts": announcement().pk}
        self.ids["broadcast-series"] = stopped(bob.pk).pk
        about = comment(bob)
        self.ref, self.keys = about.ref, {"inbox": about.thread, "messages": "k"}

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        of_services = PATHS.get(path, ({}, False))[1]
        caller: Caller | Service = self.shop if of_services else self.caller
        first = path.split("/")[0]
        key, pk = self.keys.get(first), self.ids.get(first)
        path = path.format(ref=self.ref, subject="blog.post:7", key=key, id=pk)
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        return caller(method, path, body, headers={**caller.headers, **fields})


@pytest.fixture(scope="module")
def world(in_one_transaction: None) -> World:
    return World(person("bob"))


@pytest.mark.parametrize("path", [*READ, *OTHERS])
def test_head_is_get_without_its_body(world: World, path: str) -> None:
    world.call("GET", path)  # the use of the token is noted
    full, head = world.call("GET", path), world.call("HEAD", path)
    assert (full.status_code, head.status_code, head.content) == (200, 200, b"")
    assert head["Content-Length"] == str(len(full.content))
    counted = {"RateLimit", "Content-Length", "X-Request-ID"}
    assert kept(head, counted) == kept(full, counted)


def kept(answer: Any, without: set[str]) -> dict[str, str]:
    return {name: value for name, value in answer.items() if name not in without}


CONDITIONS: dict[str, tuple[str, str, int]] = {
    "known": ("If-None-Match", "{tag}", 304),
    "known, weakly": ("If-None-Match", "W/{tag}", 304),
    "one of many": ("If-None-Match", '"a", {tag}, "b"', 304),
    "any": ("If-None-Match", "*", 304),
    "another": ("If-None-Match", '"a"', 200),
    "no tag": ("If-None-Match", "a", 200),
    "as demanded": ("If-Match", "{tag}", 200),
    "whatever it is": ("If-Match", "*", 200),
    "not as demanded": ("If-Match", '"a"', 412),
    "weak ones never match strongly": ("If-Match", "W/{tag}", 412),
    "no date to compare with": ("If-Modified-Since", "Fri, 01 Jan 2100 00:00:00 GMT", 200),
    "nor here": ("If-Unmodified-Since", "Sat, 01 Jan 2000 00:00:00 GMT", 200),
    "no ranges": ("Range", "bytes=0-1", 200),
}


COMPARED = {"inbox/", "broadcasts/", *OTHERS}
EVERYWHERE = ("known", "not as demanded")  # the others are compared by one function, whatever the address


@pytest.mark.parametrize("path", [*READ, *OTHERS])
def test_conditions_of_reading(world: World, path: str) -> None:
    tag = world.call("GET", path)["ETag"]
    for name in CONDITIONS if path in COMPARED else EVERYWHERE:
        header, value, status = CONDITIONS[name]
        for method in ("GET",) if status == 200 else ("GET", "HEAD"):
            answer = world.call(method, path, **{header: value.format(tag=tag)})
            assert answer.status_code == status, name
            if status == 304:
                assert (answer["ETag"], answer.content) == (tag, b"")
                assert answer["Vary"]
                assert not {"Content-Type", "Content-Length"} & answer.headers.keys()
            elif status == 412 and method == "GET":
                assert problem(answer, 412)["code"] == "precondition_failed"


def test_a_write_under_a_condition_that_does_not_hold(world: World) -> None:
    before = state(world.bob)
    for method, path in WRITTEN:
        for header, value in (("If-Match", '"a"'), ("If-None-Match", "*")):
            problem(world.call(method, path, {}, **{header: value}), 412)
            anonymous = Caller(csrf=False)(
                method, path.format(ref=world.ref, id=1, key="k", subject="blog.post:7"), {}, headers={header: value}
            )
            problem(anonymous, 401)
    assert state(world.bob) == before


def test_conditions_that_hold(world: World) -> None:
    for fields in (
        {"If-Match": "*"},
        {"If-None-Match": '"a"'},
        {"If-Unmodified-Since": "Sat, 01 Jan 2000 00:00:00 GMT"},
    ):
        assert world.call("PUT", "preferences/", {"muted": []}, **fields).status_code == 200


@pytest.mark.parametrize("coding", ["gzip", "GZIP", "br", "gzip, identity", "x"])
def test_a_coded_body_is_refused_by_its_coding(world: World, coding: str) -> None:
    body = gzip.compress(json.dumps({"type": "follow", "recipients": ["bob"]}).encode())
    before = state(world.bob)
    answer = world.call("POST", "messages/", body, Content_Encoding=coding)
    assert problem(answer, 415)["code"] == "bad_media_type"
    assert answer["Accept-Encoding"] == "identity"
    assert state(world.bob) == before


def test_identity_is_no_coding(world: World) -> None:
    body = {"type": "follow", "recipients": ["bob"]}
    assert world.call("POST", "messages/", body, Content_Encoding="identity").status_code == 201
