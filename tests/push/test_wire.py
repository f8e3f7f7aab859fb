"""Wires: what is sent inline, what must wait, and where each server hides its transport."""

import asyncio
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.uri import parse_uri

from push.wire import Gone, ReadyFrame, Wire, wire
from push.wire.base import ROOM, AsyncioWire, TwistedWire, UnknownWire
from push.wire.servers import Message, limit_frames
from tests.push.fakes import until


class Client:
    """An ASGI `send` that waits while `open` is not set."""

    def __init__(self) -> None:
        self.got: list[Any] = []
        self.open = asyncio.Event()
        self.open.set()

    async def send(self, message: Message) -> None:
        await self.open.wait()
        self.got.append(message["n"])


async def test_a_send_that_need_not_wait_is_done_inline() -> None:
    client = Client()
    line = Wire(client.send)
    line.write({"n": 1})
    assert client.got == [1]
    assert line.idle()


async def test_a_send_that_waits_goes_on_in_a_task_and_in_order() -> None:
    client = Client()
    line = Wire(client.send)
    client.open.clear()
    for n in (1, 2, 3):
        line.write({"n": n})
    assert not line.idle()
    client.open.set()
    await until(line.idle)
    assert client.got == [1, 2, 3]


async def test_a_client_that_is_gone_is_said_to_be() -> None:
    async def send(message: Message) -> None:
        raise ConnectionResetError

    with pytest.raises(Gone):
        Wire(send).write({"n": 1})


async def test_one_that_goes_while_it_is_waited_for_is_no_error() -> None:
    async def send(message: Message) -> None:
        await asyncio.sleep(0)
        raise ConnectionResetError

    line = Wire(send)
    line.write({"n": 1})
    await until(line.idle)


async def test_an_unknown_server_loses_its_task() -> None:
    held = asyncio.Event()

    async def application() -> None:
        lines.append(wire(Client().send))
        held.set()
        await asyncio.Event().wait()

    lines: list[Wire] = []
    task = asyncio.create_task(application())
    await held.wait()
    assert type(lines[0]) is UnknownWire
    lines[0].abort()
    with pytest.raises(asyncio.CancelledError):
        await task


class Uvicorn(Client):
    """A protocol or request cycle: `send` is its method, the transport beside it."""

    def __init__(self) -> None:
        super().__init__()
        self.buffered = 0
        self.aborted = False
        self.transport = SimpleNamespace(get_write_buffer_size=lambda: self.buffered, abort=self.abort)

    def abort(self) -> None:
        self.aborted = True


async def test_uvicorn() -> None:
    server = Uvicorn()
    line = wire(server.send)
    assert isinstance(line, AsyncioWire)
    assert line.idle()
    server.buffered = 10
    assert (line.idle(), line.has_room()) == (False, True)
    server.buffered = ROOM
    assert not line.has_room()
    line.abort()
    assert server.aborted


class Daphne:
    """`send` is partial(server.handle_reply, protocol)."""

    def __init__(self) -> None:
        self.aborted = False
        self.closed: list[int] = []
        self.maxFramePayloadSize = 1 << 20
        self.failByDrop = True
        self.transport = SimpleNamespace(_tempDataLen=0, dataBuffer=b"", offset=0, abortConnection=self.abort)

    def abort(self) -> None:
        self.aborted = True

    def sendCloseFrame(self, code: int, reasonUtf8: bytes, isReply: bool) -> None:  # noqa: N802, N803 (autobahn's)
        self.closed.append(code)


async def handle_reply(protocol: Daphne, message: Message) -> None:
    pass


async def test_daphne() -> None:
    protocol = Daphne()
    send = partial(handle_reply, protocol)
    line = wire(send)
    assert isinstance(line, TwistedWire)
    assert line.idle()
    protocol.transport._tempDataLen = 5
    assert (line.idle(), line.has_room()) == (False, True)
    protocol.transport._tempDataLen = ROOM
    assert not line.has_room()
    protocol.transport._tempDataLen, protocol.transport.dataBuffer = 0, b"half sent"
    assert not line.idle()
    line.close(1012, "restarting")
    assert protocol.closed == [1012]
    line.abort()
    assert protocol.aborted
    limit_frames(send, 65536)
    assert (protocol.maxFramePayloadSize, protocol.failByDrop) == (65536, False)


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536])
def test_the_frame_of_a_text_is_what_a_client_reads(size: int) -> None:
    text = ("né" * size)[: size // 2] + "x" * (size - size // 2)
    client = ClientProtocol(parse_uri("ws://localhost/"), state=State.OPEN)
    client.receive_data(ReadyFrame(text).raw + ReadyFrame("next").raw)
    first, second = client.events_received()
    assert isinstance(first, Frame)
    assert (first.opcode, first.fin, bytes(first.data).decode()) == (Opcode.TEXT, True, text)
    assert isinstance(second, Frame)
    assert second.data == b"next"


@pytest.mark.parametrize("ending", ["closing handshake", "closing transport"])
async def test_frames_are_written_as_they_are_only_while_the_socket_is_open(ending: str) -> None:
    sent: list[Any] = []
    written: list[bytes] = []
    closing: list[bool] = []

    class Protocol:
        conn = SimpleNamespace(state=State.OPEN)
        transport = SimpleNamespace(
            get_write_buffer_size=lambda: 0, write=written.append, is_closing=lambda: bool(closing)
        )

        async def send(self, message: Message) -> None:
            sent.append(message)

    protocol = Protocol()
    line, text = wire(protocol.send), ReadyFrame("hello")
    line.write(text)
    assert (written, sent) == ([text.raw], [])
    line.write({"type": "websocket.send", "text": "by the server"})
    if ending == "closing handshake":
        protocol.conn.state = State.CLOSING
    else:
        closing.append(True)
    line.write(text)
    assert written == [text.raw]
    assert [message["text"] for message in sent] == ["by the server", "hello"]
