"""Thousands of clients in one process: bare sockets that look for the number in what arrives, and note when.

    python -m benchmarks.listeners < commands

One JSON command a line, one line of answer: `{"open": {…}}` once, then for each round `{"expect": 1}` before the write
and `{"wait": true}` after it. Each client takes the first number it sees as its base; a round is over when every one
has shown base + expected. Bare epoll, so that the clients cost little beside the server that is measured.
"""

import json
import os
import re
import select
import socket
from collections.abc import Callable, Iterator
from time import monotonic
from typing import Any

NUMBER = re.compile(rb'"unread": ?(\d+)')
PING = 0x89  # RFC 6455: FIN and opcode 9; uvicorn drops a client that does not answer
PONG = b"\x8a\x80\x00\x00\x00\x00"
DEADLINE = 60  # seconds for a round, and for all to connect
AT_ONCE = 50  # connections being opened at a time
STDIN = 0
WEBSOCKET = (
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: http://{host}\r\n"
)


class Client:
    """One connection: the number it saw first, and the one that ends the round for it."""

    __slots__ = ("base", "goal", "socket")

    def __init__(self, port: int, request: bytes) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), DEADLINE)
        self.socket.sendall(request)
        self.socket.setblocking(False)
        self.base: int | None = None
        self.goal = -1


class Crowd:
    """All of them."""

    def __init__(self) -> None:
        self.clients: dict[int, Client] = {}
        self.epoll = select.epoll()
        self.silent = False  # no state comes on connect
        self.opening = 0
        self.shown: list[float] = []

    def open(self, port: int, path: str, websocket: bool, cookies: list[str], silent: bool) -> bool:
        self.silent, host = silent, f"127.0.0.1:{port}"
        upgrade = WEBSOCKET.format(host=host) if websocket else "Accept: text/event-stream\r\n"
        for number, cookie in enumerate(cookies):
            request = f"GET {path.format(number=number)} HTTP/1.1\r\nHost: {host}\r\n{upgrade}"
            request += f"Cookie: sessionid={cookie}\r\n\r\n" if cookie else "\r\n"
            self._add(Client(port, request.encode()))
            self._until(lambda: self.opening < AT_ONCE)
        self._until(lambda: not self.opening)
        return True

    def expect(self, delta: int) -> bool:
        self.shown.clear()
        for client in self.clients.values():
            client.goal = (client.base or 0) + delta
        return True

    def wait(self, _: Any) -> dict[str, Any]:
        """Seconds (monotonic clock) at which the median, 99 % and the last of the clients showed it."""
        self._until(lambda: len(self.shown) == len(self.clients))
        shown = sorted(self.shown)
        return {"p50": shown[len(shown) // 2], "p99": shown[int(len(shown) * 0.99)], "last": shown[-1]}

    def run(self) -> None:
        """Obey the commands on stdin; read what arrives meanwhile."""
        self.epoll.register(STDIN, select.EPOLLIN)
        for line in self._lines():
            [(command, argument)] = json.loads(line).items()
            answer = self.open(**argument) if command == "open" else getattr(self, command)(argument)
            print(json.dumps(answer), flush=True)

    def _lines(self) -> Iterator[bytes]:
        waiting = b""
        while True:
            if STDIN in self._pump():
                read = os.read(STDIN, 1 << 20)
                if not read:
                    return
                *lines, waiting = (waiting + read).split(b"\n")
                yield from lines

    def _until(self, fact: Callable[[], bool]) -> None:
        end = monotonic() + DEADLINE
        while not fact():
            self._pump()
            if monotonic() > end:
                raise TimeoutError(f"{len(self.shown)} of {len(self.clients)} clients show the number")

    def _pump(self) -> list[int]:
        """Read what has arrived; which descriptors had something."""
        ready = [fd for fd, _events in self.epoll.poll(1)]
        for fd in ready:
            if fd != STDIN:
                self._read(self.clients[fd])
        return ready

    def _add(self, client: Client) -> None:
        self.clients[client.socket.fileno()] = client
        self.epoll.register(client.socket, select.EPOLLIN)
        self.opening += 1

    def _read(self, client: Client) -> None:
        data = client.socket.recv(1 << 16)
        if not data:
            raise ConnectionError("the server has closed a connection")
        if data[0] == PING:
            client.socket.send(PONG)
        numbers = NUMBER.findall(data)
        if client.base is None:
            if numbers or (self.silent and b"stream-open" in data):
                client.base = int(numbers[-1]) if numbers else 0
                self.opening -= 1
        elif numbers and int(numbers[-1]) == client.goal:
            client.goal = -1
            self.shown.append(monotonic())


if __name__ == "__main__":
    os.sched_setaffinity(0, {1})
    Crowd().run()
