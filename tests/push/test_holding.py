"""The front: which requests wait before the server sees them, for how long, and what becomes of the others."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import override_settings

from push.gate import holding, shutouts
from push.gate.credentials import Credential
from push.gate.holding import Front, hold, scope_of
from push.gate.shutouts import ShutOut
from push.routing import find_held
from tests.servers import eventually

COOKIE = "Cookie: a=b; sessionid=" + "x" * 32
KEY = Credential("session", "x" * 32)
UPGRADE = ("Upgrade: WebSocket", "Connection: Upgrade")


def head(path: str, *lines: str, method: str = "GET") -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: testserver", *lines, "", ""]).encode()


HELD = {
    "WebSocket": head("/push/ws/?language=en", *UPGRADE, COOKIE),
    "SSE": head("/push/sse/", COOKIE),
    "iframe": head("/push/iframe/", COOKIE),
    "long poll": head("/push/poll/", COOKIE, 'If-None-Match: "7-1"', "Prefer: wait=25"),
    "another spelling": head("/push/%73se/", COOKIE.replace("Cookie", "COOKIE")),
}
PASSED = {
    "a page": head("/inbox/", COOKIE),
    "short poll": head("/push/poll/", COOKIE, 'If-None-Match: "7-1"'),
    "another session": head("/push/sse/", COOKIE.replace("x", "y")),
    "nobody": head("/push/sse/"),
    "a forged ticket": head("/push/sse/?ticket=forged", COOKIE),
    "another host": head("/push/sse/", COOKIE).replace(b"testserver", b"evil.example"),
    "no HTTP": b"\x16\x03\x01\r\n\r\n",
    "bad bytes": b"GET /push/sse/\xff HTTP/1.1\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
}


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(shutouts, "_remembered", {})
    monkeypatch.setattr(shutouts, "_latest", 0.0)
    monkeypatch.setattr(ShutOut, "all_held", 0)
    with override_settings(ALLOWED_HOSTS=["testserver"]):
        yield


class Client:
    """A connection: what the server has got of it, and whether it was hung up on."""

    def __init__(self) -> None:
        self.got = b""
        self.hung_up = False
        self.front = Front(self._get, self._hang_up, lambda scope: find_held(scope) is not None)

    def _get(self, data: bytes) -> None:
        self.got += data

    def _hang_up(self) -> None:
        self.hung_up = True

    def send(self, data: bytes) -> "Client":
        self.front.receive(data)
        return self


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutouts, "HOLD_SECONDS", 0)
    monkeypatch.setattr(shutouts, "SPREAD_SECONDS", 0)


@pytest.mark.parametrize("kind", HELD)
async def test_a_request_of_a_shut_out_client_waits(kind: str, at_once: None) -> None:
    shut_out = shutouts.shut_out(KEY, 7)
    client = Client().send(HELD[kind])
    assert (client.got, shut_out.held) == (b"", 1)
    await eventually(lambda: client.front.passed)
    assert (client.got, shut_out.held) == (HELD[kind], 0)


@pytest.mark.parametrize("kind", PASSED)
def test_whatever_else_passes_at_once(kind: str) -> None:
    shutouts.shut_out(KEY, 7)
    assert Client().send(PASSED[kind]).got == PASSED[kind]


@pytest.mark.parametrize("kind", HELD)
def test_everything_passes_if_nobody_is_shut_out(kind: str) -> None:
    client = Client().send(HELD[kind][:10])
    assert client.front.passed
    assert client.got == HELD[kind][:10]


async def test_a_head_in_pieces_is_put_together() -> None:
    shutouts.shut_out(KEY, 7)
    client, stranger = Client(), Client()
    for at in range(0, len(HELD["SSE"]), 7):
        client.send(HELD["SSE"][at : at + 7])
        stranger.send(PASSED["another session"][at : at + 7])
    assert client.got == b""
    assert stranger.got == PASSED["another session"]
    client.front.lost()


def test_what_is_too_long_for_a_head_passes() -> None:
    shutouts.shut_out(KEY, 7)
    endless = b"GET /push/sse/ HTTP/1.1\r\nX: " + b"x" * holding.MAX_HEAD_BYTES
    assert Client().send(endless).got == endless


async def test_a_client_that_hangs_up_is_not_held_any_more() -> None:
    for _ in range(4):  # for eight seconds: a busy machine is slow
        shut_out = shutouts.shut_out(KEY, 7)
    for _ in range(200):  # ten times as many as are held
        client = Client().send(HELD["WebSocket"])
        client.front.lost()
        assert (client.hung_up, client.front.passed) == (False, False)
    assert (shut_out.held, shut_out.released, ShutOut.all_held) == (0, 0, 0)


@override_settings(PUSH_MAX_CONNECTIONS_PER_USER=2)
async def test_one_too_many_is_hung_up_on() -> None:
    shutouts.shut_out(KEY, 7)
    clients = [Client().send(HELD["WebSocket"]) for _ in range(3)]
    assert [client.hung_up for client in clients] == [False, False, True]
    for client in clients:
        client.front.lost()


async def test_a_held_client_that_goes_on_sending_is_hung_up_on() -> None:
    shutouts.shut_out(KEY, 7)
    client = Client().send(HELD["WebSocket"]).send(b"x" * 100)
    assert not client.hung_up
    client.send(b"x" * holding.MAX_HEAD_BYTES)
    assert (client.hung_up, client.got) == (True, b"")
    client.front.lost()


async def test_who_has_waited_before_the_server_does_not_wait_again(
    at_once: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The application refuses at once; the next one waits."""
    shut_out = shutouts.shut_out(KEY, 7)
    client = Client().send(HELD["WebSocket"])
    await eventually(lambda: client.front.passed)
    monkeypatch.setattr(shutouts, "HOLD_SECONDS", 30)

    async def silent() -> Any:
        await asyncio.get_running_loop().create_future()

    assert await hold(shut_out, silent, lambda: None)
    second = asyncio.ensure_future(hold(shut_out, silent, lambda: None))
    await asyncio.sleep(0)
    assert shut_out.held == 1
    second.cancel()
    await asyncio.wait([second])


def test_the_scope_of_a_head() -> None:
    assert scope_of(b"GET /a%20b?c=d HTTP/1.1\r\nHost: x\r\nUPGRADE: websocket") == {
        "type": "websocket",
        "method": "GET",
        "path": "/a b",
        "query_string": b"c=d",
        "headers": [(b"host", b"x"), (b"upgrade", b"websocket")],
    }
