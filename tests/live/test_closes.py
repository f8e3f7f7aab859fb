"""An ordinary close is no error, whatever was being answered: nothing above WARNING is logged."""

import asyncio
import re
from collections.abc import Awaitable, Callable

import pytest

from tests import raw
from tests.conftest import StartSite
from tests.raw import Raw, frame
from tests.servers import Site, eventually

BAD_LINES = re.compile(r"^.*(?: ERROR | CRITICAL |Traceback).*$", re.MULTILINE)
GOODBYE = frame(b"\x03\xe8", raw.CLOSE)  # 1000

SAID = {
    "nothing": b"",
    "ping": frame(b'{"type":"ping"}'),
    "sync": frame(b'{"type":"sync"}'),
    "read": frame(b'{"type":"read","refs":["comment-1"]}'),
    "read_all": frame(b'{"type":"read_all","up_to":1}'),
    "junk": frame(b"junk"),
    "many": frame(b'{"type":"ping"}') * 20,
    "a WebSocket ping": frame(b"", raw.PING),
    "half a frame": frame(b'{"type":"ping"}')[:9],
    "an open message": frame(b'{"type"', final=False),
}


def say_goodbye(socket: Raw) -> None:
    socket.writer.write(GOODBYE)


def half_close(socket: Raw) -> None:
    socket.writer.write_eof()


def say_goodbye_and_reset(socket: Raw) -> None:
    say_goodbye(socket)
    socket.reset()


def end_of_file(socket: Raw) -> None:
    socket.writer.close()


ENDINGS: dict[str, Callable[[Raw], None]] = {
    "close frame": say_goodbye,
    "close frame and reset": say_goodbye_and_reset,
    "reset": Raw.reset,
    "end of file": end_of_file,
    "half close": half_close,
}


@pytest.fixture(params=["daphne", "uvicorn"])
def site(shared_site: StartSite, request: pytest.FixtureRequest) -> Site:
    return shared_site(server=request.param, bus="memory")


async def all_gone(site: Site, before: int) -> None:
    """No connection is held any more, and the loop has come round since."""

    async def gone() -> bool:
        return await asyncio.to_thread(site.call, "push.hub.connection_count") <= before

    await eventually(gone, what="the connections to go")
    for _ in range(3):
        await asyncio.to_thread(site.call, "push.hub.connection_count")


async def errors_of(site: Site, work: Awaitable[object]) -> list[str]:
    """The lines of errors that the web process logs during `work`."""
    known = len(site.web[0].logs())
    before = await asyncio.to_thread(site.call, "push.hub.connection_count")
    await work
    await all_gone(site, before)
    return BAD_LINES.findall(site.web[0].logs()[known:])


@pytest.mark.parametrize("ending", ENDINGS)
async def test_a_websocket_that_closes_while_it_is_answered_logs_no_error(site: Site, ending: str) -> None:
    cookies = await asyncio.to_thread(site.cookies, "bob")

    async def visit(said: bytes, wait: bool) -> None:
        async with raw.open_socket(site, cookies) as socket:
            if wait:
                await socket.until(b'"unread"')
            socket.writer.write(said)
            ENDINGS[ending](socket)
            await asyncio.sleep(0.01)  # let the server answer some of them before the connection is closed

    async def visits() -> None:
        for said in SAID.values():
            await visit(said, True)
            await visit(said, False)

    assert await errors_of(site, visits()) == []


async def test_a_ping_and_a_close_frame_in_one_write(site: Site) -> None:
    cookies = await asyncio.to_thread(site.cookies, "bob")

    async def visits() -> None:
        for _ in range(10):
            async with raw.open_socket(site, cookies) as socket:
                await socket.until(b'"unread"')
                socket.writer.write(SAID["ping"] + GOODBYE)
                assert await socket.close_code() == 1000

    assert await errors_of(site, visits()) == []


@pytest.mark.parametrize("whose", ["his", "nobody's", "none"])
async def test_a_handshake_that_is_broken_off_logs_no_error(site: Site, whose: str) -> None:
    """While it is accepted, or while it is refused."""
    cookies = {"nobody's": {"sessionid": "x" * 32}, "none": {}}.get(whose)
    cookies = await asyncio.to_thread(site.cookies, "bob") if cookies is None else cookies

    async def visits() -> None:
        for end in ENDINGS.values():
            for said in (b"", SAID["ping"], SAID["ping"] + GOODBYE):
                async with raw.connect(site, raw.handshake(site, cookies) + said) as socket:
                    end(socket)

    assert await errors_of(site, visits()) == []


HELD: dict[str, tuple[str, ...]] = {
    "/push/sse/": (),
    "/push/iframe/": (),
    "/push/poll/": ("Prefer: wait=30", "If-None-Match: {etag}"),
    "/push/events/": (),
    "/api/v1/inbox/": (),
}
STREAMS = {"/push/sse/", "/push/iframe/", "/push/events/"}


@pytest.mark.parametrize("path", HELD)
async def test_a_response_that_is_broken_off_logs_no_error(site: Site, path: str) -> None:
    cookies = await asyncio.to_thread(site.cookies, "bob")
    known = await asyncio.to_thread(site.call, "snapshot", "bob")
    tag = f'"{known["user"]}-{known["version"]}"'
    request = raw.request(site, path, *(line.format(etag=tag) for line in HELD[path]), cookies=cookies)

    async def visits() -> None:
        for end in (Raw.reset, end_of_file, half_close):
            for wait in {False, path in STREAMS}:
                async with raw.connect(site, request) as stream:
                    if wait:
                        await stream.reader.readuntil(b"unread")
                    end(stream)

    assert await errors_of(site, visits()) == []
