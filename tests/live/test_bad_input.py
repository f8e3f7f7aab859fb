"""Bad input is answered in its transport's own terms, and harms neither its connection nor the process."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from tests.clients import Refused, connect, plain_http
from tests.conftest import StartSite
from tests.servers import Site

MIB = 1024 * 1024


@pytest.fixture(params=["daphne", "uvicorn"])
def site(shared_site: StartSite, request: pytest.FixtureRequest) -> Site:
    return shared_site(server=request.param, bus="memory")


BAD_FRAMES = {
    "not JSON": ("reddot", "bad_json"),
    "empty": ("", "bad_json"),
    "half": ('{"type":', "bad_json"),
    "binary": (b'{"type":"ping"}', "bad_json"),
    "no object": ("[]", "bad_json"),
    "a number too long for Python": ("1" * 5000, "bad_json"),
    "deep": ("[" * 60_000, "bad_json"),
    "no type": ("{}", "unknown_type"),
    "unknown type": ('{"type":"explode"}', "unknown_type"),
    "type is no string": ('{"type":["ping"]}', "unknown_type"),
    "type is an object": ('{"type":{}}', "unknown_type"),
    "no refs": ('{"type":"read"}', "bad_value"),
    "refs is a string": ('{"type":"read","refs":"comment-1"}', "bad_value"),
    "refs are numbers": ('{"type":"read","refs":[1]}', "bad_value"),
    "too many refs": (json.dumps({"type": "read", "refs": ["comment-1"] * 1001}), "bad_value"),
    "no such ref": ('{"type":"read","refs":["comment-999999"]}', "not_found"),
    "no ref at all": ('{"type":"read","refs":["x"]}', "not_found"),
    "ref with NUL": ('{"type":"read","refs":["comment-1\\u0000"]}', "not_found"),
    "ref with a lone surrogate": ('{"type":"read","refs":["\\ud800"]}', "not_found"),
    "ref of 30 digits": ('{"type":"read","refs":["comment-' + "9" * 30 + '"]}', "not_found"),
    "negative ref": ('{"type":"read","refs":["comment--1"]}', "not_found"),
    "version is a string": ('{"type":"read","refs":["comment-1"],"version":"1"}', "bad_value"),
    "version is true": ('{"type":"read","refs":["comment-1"],"version":true}', "bad_value"),
    "version is negative": ('{"type":"read","refs":["comment-1"],"version":-1}', "bad_value"),
    "no up_to": ('{"type":"read_all"}', "bad_value"),
    "no token to undo": ('{"type":"undo"}', "bad_value"),
    "token is a number": ('{"type":"undo","undo":5}', "bad_value"),
    "unknown token": ('{"type":"undo","undo":"3q2-7wAAQACHmhPFRmQVng"}', "not_found"),
    "token with NUL": ('{"type":"undo","undo":"\\u0000"}', "not_found"),
    "own token is a number": ('{"type":"read_all","up_to":1,"act":5}', "bad_value"),
    "own token is short": ('{"type":"read_all","up_to":1,"act":"x"}', "bad_value"),
    "up_to is true": ('{"type":"read_all","up_to":true}', "bad_value"),
    "up_to is a string": ('{"type":"read_all","up_to":"1"}', "bad_value"),
    "up_to is negative": ('{"type":"read_all","up_to":-1}', "bad_value"),
    "up_to has 30 digits": ('{"type":"read_all","up_to":' + "9" * 30 + "}", "bad_value"),
    "seen without up_to": ('{"type":"seen"}', "bad_value"),
    "seen up to a string": ('{"type":"seen","up_to":"1"}', "bad_value"),
    "up_to is 1e3": ('{"type":"read_all","up_to":1e3}', "bad_value"),
    "up_to is NaN": ('{"type":"read_all","up_to":NaN}', "bad_value"),
}


async def test_a_bad_frame_is_answered_and_the_socket_stays_open(site: Site) -> None:
    async with connect("websocket", site, "bob") as client:
        await client.next()
        for case, (frame, code) in BAD_FRAMES.items():
            await client.send(frame)
            answer = await client.frame()
            assert (answer["type"], answer["code"]) == ("error", code), case
            assert answer["detail"], case
            await client.send({"type": "ping"})
            assert await client.frame() == {"type": "pong"}, case


async def test_one_foreign_ref_fails_the_whole_read(site: Site) -> None:
    hers = await call(site, "create", "comment", "alice", target_title="Tea")
    his = await call(site, "create", "comment", "bob", target_title="Tea")
    async with connect("websocket", site, "bob") as client:
        unread = (await client.next())["unread"]
        await client.send({"type": "read", "refs": [f"comment-{his}", f"comment-{hers}"]})
        assert (await client.frame())["code"] == "not_found"
        await client.send({"type": "sync"})
        assert (await client.next())["unread"] == unread
        await client.send({"type": "read", "refs": [f"comment-{his}"]})
        frames = [
            (await client.frame()) for _ in range(2)
        ]  # on a busy machine, the state comes by the bus before the answer
        assert {"written", "unread"} == {frame["type"] for frame in frames}
        assert [frame["unread"] for frame in frames if "unread" in frame] == [unread - 1]


async def test_a_read_of_what_was_shown_again_is_refused(site: Site) -> None:
    pk = await call(site, "broadcast", "At noon")
    async with connect("websocket", site, "bob") as client:
        seen = (await client.next())["version"]
        await call(site, "edit", "inbox.Broadcast", pk, title="At one", shows_again=True)
        await client.send({"type": "read", "refs": [f"broadcast-{pk}"], "version": seen})
        while (answer := await client.frame())["type"] != "error":
            pass
        assert answer["code"] == "changed"
    await call(site, "withdraw", pk)


async def test_a_frame_too_big_ends_the_socket(site: Site) -> None:
    async def ends_it(size: int) -> None:
        name = f"too-big-{size}"  # who is shut out for a while
        await call(site, "user", name)
        async with connect("websocket", site, name) as client:
            await client.next()
            with suppress(ConnectionClosed):  # while it is still being sent
                await client.send("x" * size)
            await client.socket.wait_closed()
            assert client.socket.close_code == 1009, size

    await asyncio.gather(*map(ends_it, [64 * 1024 + 1, MIB, 4 * MIB]))
    await still_works(site)


async def test_a_message_too_big_in_fragments_ends_the_socket(site: Site) -> None:
    """1009, or 1006 if what was still on its way reset the connection before the client had read why."""
    await call(site, "user", "too-big")
    async with connect("websocket", site, "too-big") as client:
        await client.next()
        with suppress(ConnectionClosed):  # while it is still being sent
            await client.socket.send(["x" * 30_000] * 5)
        await client.socket.wait_closed()
        assert client.socket.close_code in {1009, 1006}
    await still_works(site)


async def test_a_frame_of_64_kib_is_read(site: Site) -> None:
    async with connect("websocket", site, "bob") as client:
        await client.next()
        await client.send(json.dumps({"type": "ping"}).ljust(64 * 1024))
        assert await client.frame() == {"type": "pong"}


IGNORED_BY_POLL: dict[str, dict[str, str]] = {
    "If-None-Match: x": {"If-None-Match": "x"},
    "an unfinished tag": {"If-None-Match": '"1-', "Prefer": "wait=5"},
    "another's tag": {"If-None-Match": '"999-0"', "Prefer": "wait=5"},
    "a version of 30 digits": {"If-None-Match": f'"1-{"9" * 30}"', "Prefer": "wait=5"},
    "a negative version": {"If-None-Match": '"1--5"', "Prefer": "wait=5"},
    "bytes that are no text": {"If-None-Match": '"\u00ff\u00fe"', "Prefer": "wait=5"},
    "a wait and no tag": {"Prefer": "wait=5"},
}


async def test_a_poll_that_names_no_known_state_is_answered_at_once(site: Site) -> None:
    known = await call(site, "snapshot", "bob")
    async with browser(site) as http:
        for case, headers in IGNORED_BY_POLL.items():
            answer = await http.get("/push/poll/", headers=latin(headers))
            assert (answer.status_code, answer.json()) == (200, known), case


NO_WAITS = ["wait=1e9", "wait=-1", "wait=", "wait", "wait=9.5", "await=5", "x;wait=5", "\u00ff"]


async def test_a_wait_that_makes_no_sense_is_no_wait(site: Site) -> None:
    known = await call(site, "snapshot", "bob")
    tag = f'"{known["user"]}-{known["version"]}"'
    async with browser(site) as http:
        for prefer in NO_WAITS:
            answer = await http.get("/push/poll/", headers=latin({"If-None-Match": tag, "Prefer": prefer}))
            assert (answer.status_code, answer.headers["ETag"]) == (304, tag), prefer


WAITS_OF_A_SECOND = ["wait=1", "respond-async, wait=1", 'Wait="1"', "wait=1; foo=bar", "wait = 1"]


async def test_a_wait_ends_with_304(site: Site) -> None:
    known = await call(site, "snapshot", "bob")
    tag = f'"{known["user"]}-{known["version"]}"'
    known_and_more = {"If-None-Match": f'W/{tag}, "7"'}
    async with browser(site) as http:
        polls = [http.get("/push/poll/", headers={**known_and_more, "Prefer": prefer}) for prefer in WAITS_OF_A_SECOND]
        answers = await asyncio.gather(*polls)
    for answer in answers:
        assert (answer.status_code, answer.headers["ETag"], answer.content) == (304, tag, b"")
        assert answer.headers["Preference-Applied"] == "wait=1"
        assert answer.headers["X-Poll-Interval"] == "2"
        assert answer.elapsed.total_seconds() > 0.9


BAD_IDS = ["x:y:z", "user-1:x", ":", "error", "user-1:-5", f"user-1:{'9' * 30}", "user-1:\u00ff", "a:1," * 11]


@pytest.mark.parametrize("path", ["/push/sse/", "/push/events/"])
async def test_a_malformed_event_id_is_ignored(site: Site, path: str) -> None:
    async with browser(site) as http:
        for bad in BAD_IDS:
            assert '"unread":' in await first_event(http, path, headers=latin({"Last-Event-ID": bad})), bad
            assert '"unread":' in await first_event(http, path, params={"lastEventId": bad}), bad


TRUSTED = ["es-meta", "recover", "link", "channel", "channels", "x\x00"]


@pytest.mark.parametrize("path", ["/push/sse/", "/push/events/"])
async def test_parameters_the_library_would_trust_are_ignored(site: Site, path: str) -> None:
    async with browser(site) as http:
        for name in TRUSTED:
            assert '"unread":' in await first_event(http, path, params={name: "true"}), name


NO_SESSIONS = ["\x7f", "x" * 3000, "short", "%00" * 11, "\u00ff" * 32]


@pytest.mark.parametrize("path", ["/push/sse/", "/push/poll/", "/push/events/"])
async def test_a_cookie_that_is_no_session_is_nobody(site: Site, path: str) -> None:
    wait = {"If-None-Match": '"1-1"', "Prefer": "wait=5"}
    async with plain_http(site) as http:
        for cookie in NO_SESSIONS:
            answer = await http.get(path, headers=latin({"Cookie": f"sessionid={cookie}", **wait}))
            refused = (answer.status_code, answer.headers["Content-Type"]) == (401, "application/problem+json")
            assert refused or "forbidden" in answer.text or answer.status_code == 400, cookie  # 400: the server's own
    await still_works(site)


OTHER_ORIGINS = ["http://evil.example", "null", "http://127.0.0.1", "https://127.0.0.1:{port}"]


async def test_another_origin_is_refused(site: Site) -> None:
    cookies = await asyncio.to_thread(site.cookies, "bob")
    wait = {"If-None-Match": '"1-1"', "Prefer": "wait=5"}
    async with plain_http(site, cookies=cookies, timeout=20) as http:
        for origin in (other.format(port=site.ports[0]) for other in OTHER_ORIGINS):
            assert await socket_close_code(site, cookies, origin) == 4403, origin
            for path in ("/push/sse/", "/push/poll/"):
                answer = await http.get(path, headers={"Origin": origin, **wait})
                assert (answer.status_code, answer.json()["code"]) == (403, "bad_origin"), (path, origin)


async def test_the_connection_above_the_limit_is_refused_and_the_others_stay(start_site: StartSite) -> None:
    site = start_site(PUSH_MAX_CONNECTIONS_PER_USER=2)
    async with connect("websocket", site, "bob") as first, connect("sse", site, "bob") as second:
        await first.next()
        await second.next()
        for transport, code in (("websocket", 4429), ("sse", 429)):
            with pytest.raises(Refused) as refusal:
                async with connect(transport, site, "bob") as third:
                    await third.next()
            assert refusal.value.code == code
        await call(site, "send", "comment", ["bob"], target_title="Tea")
        await first.until_unread(1)
        await second.until_unread(1)


async def call(site: Site, do: str, *args: Any, **kwargs: Any) -> Any:
    return await asyncio.to_thread(site.call, do, *args, **kwargs)


@asynccontextmanager
async def browser(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    """Bob's."""
    cookies = await asyncio.to_thread(site.cookies, "bob")
    async with plain_http(site, timeout=20, cookies=cookies) as http:
        yield http


def latin(headers: dict[str, str]) -> Any:
    """httpx would refuse what is not ASCII."""
    return {name: value.encode("latin-1") for name, value in headers.items()}


async def first_event(http: httpx.AsyncClient, path: str, **options: Any) -> str:
    """The first data of a stream."""
    async with http.stream("GET", path, **options) as stream:
        assert stream.status_code == 200, await stream.aread()
        async for line in stream.aiter_lines():
            if line.startswith("data: {"):
                return line
    raise AssertionError("the stream ended")


async def socket_close_code(site: Site, cookies: dict[str, str], origin: str) -> int | None:
    import websockets.asyncio.client

    cookie = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
    connecting = websockets.asyncio.client.connect(site.ws_url(), origin=origin, additional_headers=cookie)  # type: ignore[arg-type]
    async with connecting as socket:
        await socket.wait_closed()
        return socket.close_code


async def still_works(site: Site, name: str = "bob") -> None:
    async with connect("websocket", site, name) as client:
        assert (await client.next()) == await call(site, "snapshot", name)


async def test_an_answer_is_not_left_out_because_of_a_frame_before_it(site: Site) -> None:
    """Each pair has its state and its pong, however close they come."""
    async with connect("websocket", site, "bob") as client:
        await client.next()
        for _ in range(40):
            await client.send({"type": "sync"})
            await client.send({"type": "ping"})
        types = [(await client.frame())["type"] for _ in range(40)]
        while types.count("pong") < 40:
            types.append((await client.frame())["type"])


async def test_a_flood_of_frames_harms_nobody_else(site: Site) -> None:
    async with connect("websocket", site, "bob") as flood, connect("websocket", site, "bob") as other:
        await flood.next()
        await other.next()
        with suppress(ConnectionClosed):
            for _ in range(1000):
                await flood.send('{"type":"read","refs":["comment-999999"]}')
        await other.send({"type": "ping"})
        assert await other.frame() == {"type": "pong"}
    await still_works(site, "alice")  # bob is shut out for a moment
