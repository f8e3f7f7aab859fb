"""Thousands of clients in one process: bare sockets that look for the number in what arrives, and note when.

    python -m benchmarks.listeners < commands

One JSON command a line: `{"open": {...}}`, then `{"round": {"delta": 1, "start": …}}` any number of times. Each
client takes the first number it sees as its base; a round is over when every one has shown base + delta.
"""

import asyncio
import json
import os
import re
import sys
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

NUMBER = re.compile(rb'"unread": ?(\d+)')
PING = 0x89  # RFC 6455: FIN and opcode 9; uvicorn drops a client that does not answer
PONG = b"\x8a\x80\x00\x00\x00\x00"
DEADLINE = 60  # seconds for a round
AT_ONCE = 50  # connections being opened at a time
WEBSOCKET = (
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: http://{host}\r\n"
)


@dataclass
class Crowd:
    """What all clients share: how far each must count, and how many have. `silent`: no state comes on connect."""

    silent: bool = False
    delta: int = 0
    shown: list[float] = field(default_factory=list)
    waiting: int = 0
    done: asyncio.Event = field(default_factory=asyncio.Event)

    def arrived(self) -> None:
        self.shown.append(monotonic())
        self.waiting -= 1
        if not self.waiting:
            self.done.set()


class Listener(asyncio.Protocol):
    """One client."""

    def __init__(self, crowd: Crowd, request: bytes) -> None:
        self.crowd, self.request = crowd, request
        self.base: int | None = None
        self.round = -1
        self.ready = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        if data[0] == PING:
            self.transport.write(PONG)
        if self.base is None and b"stream-open" in data and self.crowd.silent:
            data = b'"unread":0'
        numbers = NUMBER.findall(data)
        if not numbers:
            return
        number = int(numbers[-1])
        if self.base is None:
            self.base = number
            self.ready.set_result(None)
        elif number == self.base + self.crowd.delta and self.round != self.crowd.delta:
            self.round = self.crowd.delta
            self.crowd.arrived()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.ready.done():
            self.ready.set_exception(ConnectionError("closed before the first number"))


async def open_all(crowd: Crowd, port: int, path: str, websocket: bool, cookies: list[str]) -> list[Listener]:
    loop, gate = asyncio.get_running_loop(), asyncio.Semaphore(AT_ONCE)
    host = f"127.0.0.1:{port}"
    upgrade = WEBSOCKET.format(host=host) if websocket else "Accept: text/event-stream\r\n"

    async def open_one(number: int) -> Listener:
        request = f"GET {path.format(number=number)} HTTP/1.1\r\nHost: {host}\r\n{upgrade}"
        request += f"Cookie: sessionid={cookies[number]}\r\n\r\n" if cookies[number] else "\r\n"
        async with gate:
            _transport, listener = await loop.create_connection(
                lambda: Listener(crowd, request.encode()), "127.0.0.1", port
            )
            await asyncio.wait_for(listener.ready, DEADLINE)
        return listener

    return list(await asyncio.gather(*map(open_one, range(len(cookies)))))


async def play(crowd: Crowd) -> dict[str, Any]:
    """Wait until all show base + delta; seconds at which the median, 99 % and the last did (monotonic clock)."""
    try:
        await asyncio.wait_for(crowd.done.wait(), DEADLINE)
    except TimeoutError:
        raise TimeoutError(f"{crowd.waiting} clients still do not show {crowd.delta} more") from None
    shown = sorted(crowd.shown)
    return {"p50": shown[len(shown) // 2], "p99": shown[int(len(shown) * 0.99)], "last": shown[-1]}


def expect(crowd: Crowd, count: int, delta: int) -> None:
    crowd.delta, crowd.waiting = delta, count
    crowd.shown.clear()
    crowd.done.clear()


async def main() -> None:
    os.sched_setaffinity(0, {1})
    crowd, listeners = Crowd(), []
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        asked = json.loads(line)
        answer: Any = True
        if "open" in asked:
            crowd.silent = asked["open"].pop("silent")
            listeners = await open_all(crowd, **asked["open"])
        elif "expect" in asked:
            expect(crowd, len(listeners), asked["expect"])
        else:
            answer = await play(crowd)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
