"""Requests over kept connections, each sent when the one before it on that connection was answered.

Bare sockets and epoll: an HTTP library would need more CPU for a request than some of the servers.
"""

import re
import selectors
import socket
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from time import perf_counter

PATIENCE = 120  # seconds without any answer
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)


@dataclass
class Played:
    """What came of it: seconds each good answer took, seconds of all, and how many had which other status."""

    took: list[float] = field(default_factory=list)
    elapsed: float = 0.0
    refused: Counter[int] = field(default_factory=Counter)

    @property
    def rate(self) -> float:
        return len(self.took) / self.elapsed

    def quantile(self, part: float) -> float:
        """Milliseconds; of few answers a high quantile is the slowest."""
        return sorted(self.took)[min(int(len(self.took) * part), len(self.took) - 1)] * 1000 if self.took else 0.0


class Connection:
    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.read, self.sent = b"", 0.0

    def send(self, request: bytes) -> None:
        self.read, self.sent = b"", perf_counter()
        self.socket.sendall(request)

    def status(self) -> int | None:
        """Of the answer, once all of it is here."""
        part = self.socket.recv(1 << 18)
        if not part:
            raise ConnectionError("the server closed the connection")
        self.read += part
        head, end, body = self.read.partition(b"\r\n\r\n")
        if not end:
            return None
        length = LENGTH.search(head + b"\r\n")
        if length is None:
            raise ValueError(f"an answer without a length: {head!r}")
        return int(head[9:12]) if len(body) >= int(length[1]) else None


def play(port: int, requests: Iterator[bytes], connections: int, seconds: float) -> Played:
    """Ask for so long, at least once on each connection, and wait for the last answers."""
    played, end = Played(), perf_counter() + seconds
    with selectors.DefaultSelector() as selector:
        opened = [Connection(port) for _ in range(connections)]
        start = perf_counter()
        for connection in opened:
            selector.register(connection.socket, selectors.EVENT_READ, connection)
            connection.send(next(requests))
        while selector.get_map():
            for connection in _ready(selector):
                if (status := connection.status()) is None:
                    continue
                _note(played, status, perf_counter() - connection.sent)
                if perf_counter() < end:
                    connection.send(next(requests))
                else:
                    selector.unregister(connection.socket)
        played.elapsed = perf_counter() - start
        for connection in opened:
            connection.socket.close()
    return played


def _ready(selector: selectors.BaseSelector) -> list[Connection]:
    ready = selector.select(PATIENCE)
    if not ready:
        raise TimeoutError(f"no answer for {PATIENCE} s")
    return [key.data for key, _events in ready]


def _note(played: Played, status: int, took: float) -> None:
    if status in {200, 201}:
        played.took.append(took)
    else:
        played.refused[status] += 1
