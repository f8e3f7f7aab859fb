"""The first packet of an MQTT connection: it must come soon, and be a CONNECT of MQTT 3.1.1 (section 3.1)."""

import asyncio

from amqtt.adapters import ReaderAdapter
from amqtt.errors import NoDataError

SECONDS = 10.0  # until it must be there
MAX_BYTES = 64 * 1024
CONNECT = 0x10
NAME, LEVEL = b"\x00\x04MQTT", 4
# CONNACK: "unacceptable protocol version" of 3.1.1 (3.2.2.3), and "unsupported protocol version" of 5.0 (3.2.2.2), with
# no properties.
OLD_CONNACK, NEW_CONNACK = b"\x20\x02\x00\x01", b"\x20\x03\x00\x84\x00"


class Refused(Exception):
    """Not a CONNECT that can be served; `answer` is what the client is told before it is closed."""

    def __init__(self, answer: bytes = b"") -> None:
        super().__init__(answer)
        self.answer = answer


class Replayed(ReaderAdapter):
    """A reader from which something has been read already."""

    def __init__(self, begun: bytes, rest: ReaderAdapter) -> None:
        self._begun, self._rest = begun, rest

    async def read(self, n: int = -1) -> bytes:
        if not self._begun:
            return await self._rest.read(n)
        found, self._begun = (self._begun, b"") if n < 0 else (self._begun[:n], self._begun[n:])
        return found if n < 0 or len(found) == n else found + await self._rest.read(n - len(found))

    def feed_eof(self) -> None:
        self._rest.feed_eof()


async def expected(reader: ReaderAdapter) -> ReaderAdapter:
    """The reader, once its first packet has come and can be served; it reads that packet again. Raises `Refused`."""
    try:
        async with asyncio.timeout(SECONDS):
            packet = await _first_packet(reader)
    except (TimeoutError, NoDataError, OSError, asyncio.IncompleteReadError) as error:
        raise Refused from error
    body = packet[1 + _size_of_length(packet) :]
    if not body.startswith(NAME):
        raise Refused(OLD_CONNACK)
    level = body[len(NAME)]
    if level != LEVEL:
        raise Refused(NEW_CONNACK if level > LEVEL else OLD_CONNACK)
    return Replayed(packet, reader)


async def _first_packet(reader: ReaderAdapter) -> bytes:
    head = await _exactly(reader, 1)
    if head[0] != CONNECT:
        raise Refused
    length, shift = 0, 0
    while True:
        digit = (await _exactly(reader, 1))[0]
        head += bytes([digit])
        length |= (digit & 0x7F) << shift
        shift += 7
        if not digit & 0x80:
            break
        if shift > 21:  # four bytes at most (2.2.3)
            raise Refused
    if not len(NAME) < length <= MAX_BYTES:
        raise Refused
    return head + await _exactly(reader, length)


async def _exactly(reader: ReaderAdapter, size: int) -> bytes:
    found = b""
    while len(found) < size:
        piece = await reader.read(size - len(found))
        if not piece:
            raise Refused
        found += piece
    return found


def _size_of_length(packet: bytes) -> int:
    size = 1
    while packet[size] & 0x80:
        size += 1
    return size
