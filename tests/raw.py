"""A WebSocket and an HTTP client that do what no library would: byte by byte, as rude as a test needs them.

async with open_socket(site, cookies) as socket:     a WebSocket after its handshake (nothing read beyond it)
    socket.writer.write(frame(b"…") + frame(b"", PING))
    await socket.close_code()                        reads until the server's close frame; None if there was none
"""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import cycle

from tests.servers import Site

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
HANDSHAKE = (
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
)


def frame(payload: bytes, opcode: int = TEXT, final: bool = True) -> bytes:
    """A masked frame (RFC 6455, 5.2); the mask is zero, so that the payload stands there as it is."""
    first, size = (0x80 if final else 0) | opcode, len(payload)
    if size < 126:
        head = bytes((first, 0x80 | size))
    elif size < 1 << 16:
        head = bytes((first, 0x80 | 126)) + size.to_bytes(2, "big")
    else:
        head = bytes((first, 0x80 | 127)) + size.to_bytes(8, "big")
    return head + bytes(4) + payload


@dataclass
class Raw:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    received: list[tuple[int, bytes]] = field(default_factory=list)  # frames: opcode and payload

    async def rest(self) -> bytes:
        """All that still comes."""
        with suppress(ConnectionError):
            return await self.reader.read()
        return b""

    async def frame(self) -> tuple[int, bytes]:
        """The next frame of the server. Raises IncompleteReadError or ConnectionError at the end."""
        first, size = await self.reader.readexactly(2)
        if size == 126:
            size = int.from_bytes(await self.reader.readexactly(2), "big")
        elif size == 127:
            size = int.from_bytes(await self.reader.readexactly(8), "big")
        self.received.append((first & 15, await self.reader.readexactly(size)))
        return self.received[-1]

    async def until(self, text: bytes, deadline: float = 10) -> bytes:
        """The first frame that holds this text. Raises EOFError or ConnectionError if the server closes before."""
        async with asyncio.timeout(deadline):
            while text not in (got := await self.frame())[1]:
                if got[0] == CLOSE:
                    raise EOFError
        return got[1]

    async def close_code(self, deadline: float = 10) -> int | None:
        """Read on until the server closes: its code, or None if it just hung up."""
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            async with asyncio.timeout(deadline):
                while not self.received or self.received[-1][0] != CLOSE:
                    await self.frame()
        opcode, payload = self.received[-1] if self.received else (0, b"")
        return struct.unpack("!H", payload[:2])[0] if opcode == CLOSE and len(payload) >= 2 else None

    def reset(self) -> None:
        """End it with RST, as a process that was killed with bytes unread."""
        self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


def request(site: Site, path: str, *lines: str, method: str = "GET", cookies: dict[str, str] | None = None) -> bytes:
    """The head of an HTTP request."""
    cookie = "; ".join(f"{name}={value}" for name, value in (cookies or {}).items())
    head = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{site.ports[0]}", *([f"Cookie: {cookie}"] if cookie else [])]
    return "\r\n".join([*head, *lines, "", ""]).encode()


@asynccontextmanager
async def connect(site: Site, said: bytes = b"") -> AsyncIterator[Raw]:
    """A connection on which that has been sent."""
    raw = Raw(*await asyncio.open_connection("127.0.0.1", site.ports[0]))
    raw.writer.write(said)
    try:
        yield raw
    finally:
        raw.writer.close()
        with suppress(ConnectionError):
            await raw.writer.wait_closed()


def handshake(site: Site, cookies: dict[str, str]) -> bytes:
    return request(site, "/push/ws/", *HANDSHAKE, f"Origin: {site.url('')}", cookies=cookies)


@asynccontextmanager
async def open_socket(site: Site, cookies: dict[str, str], after: bytes = b"") -> AsyncIterator[Raw]:
    """A WebSocket; `after` is sent in one write with the handshake."""
    async with connect(site, handshake(site, cookies) + after) as raw:
        head = await raw.reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101"), head
        yield raw


# What clients send without a pause: a piece of bytes, repeated without end. One says goodbye: if it is not cut off.
FLOODS: dict[str, bytes] = {
    "sync": frame(b'{"type":"sync"}') * 100,
    "ping": frame(b'{"type":"ping"}') * 100,
    "read": frame(b'{"type":"read","refs":["comment-999999"]}') * 100,
    "read_all": frame(b'{"type":"read_all","up_to":1}') * 100,
    "junk": frame(b"junk") * 100,
    "deep junk": frame(b"[" * 60_000),
    "binary": frame(b"\x00", BINARY) * 100,
    "empty frames": frame(b"") * 1000,
    "WebSocket pings": frame(b"", PING) * 1000,
    "WebSocket pongs": frame(b"x" * 125, PONG) * 1000,
    "empty fragments": frame(b"", CONTINUATION, final=False) * 1000,
    "byte by byte": frame(b" " * 30_000) + frame(struct.pack("!H", 1000), CLOSE),
}
# What has to come before, so that the flood is one.
BEFORE = {"empty fragments": frame(b"", TEXT, final=False)}
BYTES_AT_ONCE = {"byte by byte": 1}  # else all of the piece
SLOWEST = 60.0  # seconds, for a server on a busy machine


async def flood(site: Site, cookies: dict[str, str], kind: str, together: bool = False) -> int | None:
    """Send one of `FLOODS` until the server ends it; the close code. `together`: the first piece with the handshake."""
    before, piece = BEFORE.get(kind, b""), FLOODS[kind]
    async with open_socket(site, cookies, after=before + piece if together else b"") as socket:
        if not together:
            try:
                await socket.until(b'"unread"', SLOWEST)
            except (EOFError, ConnectionError):  # shut out
                return await socket.close_code(SLOWEST)
            socket.writer.write(before)
        sending = asyncio.ensure_future(_repeat(socket.writer, piece, BYTES_AT_ONCE.get(kind, len(piece))))
        try:
            return await socket.close_code(SLOWEST)
        finally:
            sending.cancel()


async def _repeat(writer: asyncio.StreamWriter, piece: bytes, size: int) -> None:
    """Send the piece again and again, in parts of this size."""
    with suppress(ConnectionError):
        for at in cycle(range(0, len(piece), size)):
            writer.write(piece[at : at + size])
            await writer.drain()
            await asyncio.sleep(0)
