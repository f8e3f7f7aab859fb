"""Clients that open connections and end them in a loop. No library would: byte by byte, on `tests.raw`.

Each of `LOOPS` is one turn, and returns whether the server let the client in.
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress

from tests import raw
from tests.servers import Site

Turn = Callable[[Site, dict[str, str]], Awaitable[bool]]


async def open_and_close(site: Site, cookies: dict[str, str]) -> bool:
    """A WebSocket, until its first snapshot."""
    async with raw.open_socket(site, cookies) as socket:
        return await _is_served(socket)


async def too_big(site: Site, cookies: dict[str, str]) -> bool:
    """A WebSocket that announces a frame beyond the limit."""
    async with raw.open_socket(site, cookies) as socket:
        if not await _is_served(socket):
            return False
        socket.writer.write(raw.frame(b"x" * 65_537)[:14])
        await socket.close_code()
        return True


async def hang_up(site: Site, cookies: dict[str, str]) -> bool:
    """A handshake, whose answer nobody waits for."""
    async with raw.connect(site, raw.handshake(site, cookies)) as socket:
        await socket.writer.drain()
        return True


def stream(path: str, *lines: str) -> Turn:
    """A request, until its answer begins."""

    async def turn(site: Site, cookies: dict[str, str]) -> bool:
        async with raw.connect(site, raw.request(site, path, *lines, cookies=cookies)) as socket:
            return (await socket.reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")

    return turn


def unread(path: str, *lines: str) -> Turn:
    """A request, whose answer nobody waits for."""

    async def turn(site: Site, cookies: dict[str, str]) -> bool:
        async with raw.connect(site, raw.request(site, path, *lines, cookies=cookies)) as socket:
            await socket.writer.drain()
            return True

    return turn


POLL = ("/push/poll/", 'If-None-Match: "none"', "Prefer: wait=20")
LOOPS: dict[str, Turn] = {
    "WebSocket": open_and_close,
    "WebSocket, hung up": hang_up,
    "frame too big": too_big,
    "SSE": stream("/push/sse/"),
    "SSE, hung up": unread("/push/sse/"),
    "iframe": stream("/push/iframe/"),
    "long poll": stream(*POLL),
    "long poll, hung up": unread(*POLL),
}


async def _is_served(socket: raw.Raw) -> bool:
    with suppress(EOFError, ConnectionError):
        await socket.until(b'"unread"')
        return True
    return False
