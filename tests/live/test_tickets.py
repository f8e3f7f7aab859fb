"""Tickets on real servers: each transport takes one wherever it may stand; what ends one is in test_ends.py."""

import asyncio
import json
from itertools import count
from typing import Any

import httpx
import pytest
import websockets.asyncio.client
from websockets.exceptions import ConnectionClosed

from tests.clients import TRANSPORTS, Refused, connect
from tests.conftest import StartSite
from tests.servers import Site, eventually, wait_for
from tools import commands

OTHER = "https://app.example.org"
Answer = httpx.Response
HELD = ["/push/sse/", "/push/iframe/", "/push/poll/", "/push/events/"]
ASKING = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"}

numbers = count(1)


@pytest.fixture(params=[pytest.param("daphne", marks=pytest.mark.soak), "uvicorn"])
def site(shared_site: StartSite, request: pytest.FixtureRequest) -> Site:
    return shared_site(server=request.param, PUSH_ALLOWED_ORIGINS=OTHER)


@pytest.fixture
def name(site: Site) -> str:
    """A user of this test alone."""
    made = f"holder-{next(numbers)}"
    site.call("user", made)
    return made


async def call(site: Site, do: str, *args: Any, **kwargs: Any) -> Any:
    return await asyncio.to_thread(site.call, do, *args, **kwargs)


def ask(site: Site, path: str, method: str = "GET", params: Any = None, cookies: Any = None, **headers: Any) -> Answer:
    """Status, headers and body of an answer that ends; of one that does not, no body."""
    with (
        httpx.Client(base_url=site.url(""), cookies=cookies, timeout=10, verify=False) as client,
        client.stream(method, path, params=params, headers=headers) as answer,
    ):
        if "json" in answer.headers.get("Content-Type", ""):
            answer.read()
        return answer


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_every_transport_takes_one(site: Site, name: str, transport: str) -> None:
    ticket = await call(site, "ticket", name)
    async with connect(transport, site, name, ticket=ticket) as client:
        await client.until_unread(0)
        await call(site, "send", "comment", [name], target_title="Tea")
        await client.until_unread(1)


async def test_a_ticket_that_expires_ends_nothing(site: Site, name: str) -> None:
    key = (await asyncio.to_thread(site.cookies, name))["sessionid"]
    ticket = await call(site, "ticket", name, key, 1)
    async with connect("websocket", site, name, ticket=ticket) as client:
        await client.next()

        async def refused() -> bool:
            try:
                async with connect("sse", site, name, ticket=ticket):
                    return False
            except Refused as refusal:
                return refusal.code == 401

        await eventually(refused, what="the ticket to open nothing any more")
        checked = await call(site, "snapshot", name)
        await call(site, "send", "comment", [name], target_title="Tea")
        assert (await client.until_unread(1))["version"] > checked["version"]


@pytest.mark.parametrize("ticket", ["x", "x.y", "9" * 900, "é"])
def test_what_is_no_ticket(site: Site, ticket: str) -> None:
    bearer = f"Bearer {ticket}".encode()
    for path in HELD[:3]:
        for answer in (ask(site, path, Authorization=bearer), ask(site, path, params={"ticket": ticket})):
            assert (answer.status_code, answer.json()["code"]) == (401, "bad_ticket")
            assert "Bearer" in answer.headers["WWW-Authenticate"]


async def test_the_socket_of_a_bad_ticket_says_so(site: Site) -> None:
    offered: Any = ["reddot.v1.json", "reddot.ticket.x.y"]
    async with websockets.asyncio.client.connect(site.ws_url(), subprotocols=offered) as socket:
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4401, "bad_ticket")


def test_a_ticket_in_an_address_has_a_minute_at_most(site: Site, name: str) -> None:
    short, long = (site.call("ticket", name, None, ttl) for ttl in (60, 300))
    assert ask(site, "/push/poll/", params={"ticket": short}).json()["unread"] == 0
    refused = ask(site, "/push/poll/", params={"ticket": long})
    assert (refused.status_code, refused.json()["code"]) == (401, "ticket_too_long")


async def test_a_ticket_in_a_sockets_address(site: Site, name: str) -> None:
    ticket = await call(site, "ticket", name, None, 60)
    async with websockets.asyncio.client.connect(f"{site.ws_url()}?ticket={ticket}") as socket:
        assert json.loads(await socket.recv())["unread"] == 0


class TestOtherOrigins:
    def test_may_read_what_a_ticket_opens(self, site: Site, name: str) -> None:
        asking = {"Authorization": f"Bearer {site.call('ticket', name)}", "Origin": OTHER}
        for path in (*HELD, "/api/v1/unread/"):
            answer = ask(site, path, **asking)
            assert answer.status_code == 200, path
            assert answer.headers["Access-Control-Allow-Origin"] == OTHER
            assert "Access-Control-Allow-Credentials" not in answer.headers
            assert "Origin" in answer.headers["Vary"]
        tag = ask(site, "/push/poll/", **asking).headers["ETag"]
        held = ask(site, "/push/poll/", **asking, **{"If-None-Match": tag, "Prefer": "wait=1"})
        assert held.status_code == 304
        assert "ETag" in held.headers["Access-Control-Expose-Headers"]

    @pytest.mark.parametrize("path", [*HELD, "/api/v1/inbox/read/"])
    def test_preflight(self, site: Site, path: str) -> None:
        answer = ask(site, path, "OPTIONS", Origin=OTHER, **ASKING)
        assert answer.status_code == 204
        assert answer.headers["Access-Control-Allow-Origin"] == OTHER
        assert "authorization" in answer.headers["Access-Control-Allow-Headers"].lower()

    def test_read_refusals_too(self, site: Site) -> None:
        for path in ("/push/sse/", "/push/poll/", "/api/v1/unread/"):
            answer = ask(site, path, Origin=OTHER, Authorization="Bearer x")
            assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (401, OTHER)

    @pytest.mark.parametrize(
        "origin", ["https://evil.example", "null", f"{OTHER}.evil.example", "http://app.example.org"]
    )
    def test_strangers_may_not(self, site: Site, name: str, origin: str) -> None:
        bearer = f"Bearer {site.call('ticket', name)}"
        for path in HELD:
            answer = ask(site, path, Authorization=bearer, Origin=origin)
            assert answer.status_code == 403, path
            assert "Access-Control-Allow-Origin" not in answer.headers
        assert "Access-Control-Allow-Origin" not in ask(site, "/push/sse/", "OPTIONS", Origin=origin, **ASKING).headers

    def test_never_come_with_a_cookie(self, site: Site, name: str) -> None:
        assert ask(site, "/push/sse/", cookies=site.cookies(name), Origin=OTHER).status_code == 403

    async def test_open_sockets(self, site: Site, name: str) -> None:
        ticket = await call(site, "ticket", name)
        offered: Any = ["reddot.v1.json", f"reddot.ticket.{ticket}"]
        for origin, code in ((OTHER, None), ("https://evil.example", 4403)):
            opening = websockets.asyncio.client.connect(site.ws_url(), origin=origin, subprotocols=offered)  # type: ignore[arg-type]
            async with opening as socket:
                if code is None:
                    assert json.loads(await socket.recv())["unread"] == 0
                    continue
                with pytest.raises(ConnectionClosed) as closed:
                    await socket.recv()
                assert closed.value.rcvd is not None
                assert closed.value.rcvd.code == code


@pytest.mark.parametrize("server", ["daphne", "uvicorn"])
async def test_no_access_log_has_one_in_clear(
    start_site: StartSite, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    more = {"warning": "info", "0": "1"}  # uvicorn's --log-level, daphne's -v
    usual = commands.web
    monkeypatch.setattr(commands, "web", lambda *given: [more.get(part, part) for part in usual(*given)])
    site = start_site(server=server, PYTHONUNBUFFERED=1)
    process = site.web[0]
    ticket = await call(site, "ticket", "bob", None, 60)
    query = f"x=1&ticket={ticket}&y=2"
    for path in HELD:
        assert ask(site, f"{path}?{query}").status_code == 200
    async with websockets.asyncio.client.connect(f"{site.ws_url()}?{query}") as socket:
        await socket.recv()
    logged = [*HELD, "/push/ws/"] if server == "uvicorn" else ["/push/poll/", "/push/ws/"]  # daphne: what has ended
    wait_for(lambda: all(path in process.logs() for path in logged), what="all of it to be logged")
    assert ticket not in process.logs()
    assert "ticket=-&y=2" in process.logs()
