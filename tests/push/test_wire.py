"""Wires: what is sent inline, what must wait, and where each server hides its transport."""

import asyncio
import socket
from collections.abc import Iterator
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from daphne.ws_protocol import WebSocketFactory
from twisted.internet.tcp import Server
from twisted.internet.testing import MemoryReactorClock
from uvicorn import Config
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.uri import parse_uri

from push.wire import Gone, ReadyFrame, Wire, wire
from push.wire import daphne as daphne_wires
from push.wire import uvicorn as uvicorn_wires
from push.wire.base import UnknownWire
from push.wire.daphne import TwistedWire
from push.wire.servers import Message, limit_frames
from push.wire.uvicorn import AsyncioWire, SocketWire
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


HANDSHAKE = (
    b"GET /push/ws/ HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


@pytest.fixture
def sockets() -> Iterator[tuple[socket.socket, socket.socket, Any]]:
    """The server's end of a TCP connection, the client's, and the client's address."""
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_connection(listener.getsockname()) as client:
        server, address = listener.accept()
        server.setblocking(False)
        client.settimeout(5)
        with server:
            yield server, client, address


class Uvicorn:
    """An accepted WebSocket in uvicorn's own protocol, on a real transport."""

    def __init__(self) -> None:
        self.send: Any = None
        self.accepted = asyncio.Event()

    async def application(self, scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.accept"})
        self.send = send
        self.accepted.set()
        await asyncio.Event().wait()

    async def connect(self, server: socket.socket, client: socket.socket) -> Any:
        config = Config(self.application, interface="asgi3", ws="websockets-sansio", lifespan="off", log_config=None)
        config.load()
        protocol = WebSocketsSansIOProtocol(config, ServerState(), {})
        server.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        await asyncio.get_running_loop().connect_accepted_socket(lambda: protocol, server)
        client.sendall(HANDSHAKE)
        await asyncio.wait_for(self.accepted.wait(), 10)
        return protocol


async def test_uvicorn(sockets: Any) -> None:
    server, client, _ = sockets
    accepted = Uvicorn()
    protocol = await accepted.connect(server, client)
    line, text = wire(accepted.send), ReadyFrame("hello")
    assert type(line) is SocketWire
    line.write(text)
    assert (await received(client)).endswith(text.raw)
    assert line.idle()
    protocol.transport.write(b"\0" * 8_000_000)  # more than any kernel takes of a client that does not read
    assert (line.idle(), line.has_room()) == (False, False)
    line.abort()
    assert protocol.transport.is_closing()


async def test_uvicorn_without_what_the_fast_wire_needs(sockets: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    server, client, _ = sockets
    accepted = Uvicorn()
    protocol = await accepted.connect(server, client)
    monkeypatch.setattr(uvicorn_wires, "is_supported", lambda: False)
    assert type(wire(accepted.send)) is AsyncioWire
    protocol.transport.abort()


@pytest.mark.parametrize("ending", ["closing handshake", "closing transport"])
async def test_frames_are_written_as_they_are_only_while_the_socket_is_open(sockets: Any, ending: str) -> None:
    server, client, _ = sockets
    accepted = Uvicorn()
    protocol = await accepted.connect(server, client)
    line: Any = wire(accepted.send)
    if ending == "closing handshake":
        protocol.conn.send_close(1000)
    else:
        protocol.transport.close()
    assert not line._write_frame(ReadyFrame("hello").raw)
    protocol.transport.abort()


async def received(client: socket.socket) -> bytes:
    return await asyncio.to_thread(client.recv, 65_536)


class Daphne:
    """An accepted WebSocket in daphne's own protocol, on Twisted's own transport."""

    def __init__(self, server: socket.socket, client: socket.socket, address: Any) -> None:
        asgi = SimpleNamespace(
            protocol_connected=lambda protocol: None,
            protocol_disconnected=lambda protocol: None,
            root_path="",
            proxy_forwarded_address_header=None,
            create_application=lambda protocol, scope: asyncio.Queue(),
            log_action=lambda *args: None,
        )
        self.protocol = WebSocketFactory(asgi).buildProtocol(None)
        self.protocol._raw_query_string = b""
        self.reactor, port = MemoryReactorClock(), SimpleNamespace(_realPortNumber=0)
        self.transport = Server(server, self.protocol, address, port, 1, self.reactor)
        self.protocol.makeConnection(self.transport)
        self.protocol.dataReceived(HANDSHAKE)
        self.protocol.serverAccept(None)
        self.transport.doWrite()
        client.recv(65_536)
        self.send = partial(handle_reply, self.protocol)


async def handle_reply(protocol: Any, message: Message) -> None:
    pass


async def test_daphne(sockets: Any) -> None:
    server, client, address = sockets
    daphne = Daphne(server, client, address)
    line, text = wire(daphne.send), ReadyFrame("hello")
    assert type(line) is TwistedWire
    assert line.idle()
    line.write(text)
    assert (line.idle(), line.has_room()) == (False, True)
    daphne.transport.doWrite()
    assert (client.recv(65_536), line.idle()) == (text.raw, True)
    daphne.transport.write(b"\0" * 8_000_000)
    daphne.transport.doWrite()  # a part of it
    assert (line.idle(), line.has_room()) == (False, False)
    limit_frames(daphne.send, 65536)
    assert (daphne.protocol.maxFramePayloadSize, daphne.protocol.failByDrop) == (65536, False)
    line.close(1012, "restarting")
    assert daphne.protocol.localCloseCode == 1012
    assert not line._write_frame(text.raw)  # type: ignore[attr-defined]
    line.abort()
    daphne.reactor.advance(0)
    assert daphne.transport.disconnected


async def test_daphne_without_what_the_fast_wire_needs(sockets: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    daphne = Daphne(*sockets)
    monkeypatch.setattr(daphne_wires, "is_supported", lambda: False)
    assert type(wire(daphne.send)) is UnknownWire


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
