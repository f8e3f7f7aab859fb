"""What a held HTTP connection keeps for as long as it is open."""

import asyncio
import weakref
from typing import Any

import pytest

from push import gate
from push.gate import Visitor
from push.hub import Hub
from push.transports import iframe
from tests.push.fakes import until


async def test_the_request_is_not_kept(the_hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes 4 kB, a quarter of what a connection may take."""
    requests: list[weakref.ref[Any]] = []
    admit = gate.admit

    def admitted(scope: dict[str, Any]) -> Visitor:
        visitor = admit(scope)
        requests.append(weakref.ref(visitor.request))
        return visitor

    async def send(message: dict[str, Any]) -> None:
        """Nobody reads it."""

    monkeypatch.setattr(gate, "admit", admitted)
    headers = [(b"host", b"localhost"), (b"cookie", b"sessionid=" + b"x" * 32)]
    scope = {"type": "http", "method": "GET", "path": "/push/iframe/", "query_string": b"", "headers": headers}
    held = asyncio.create_task(iframe.application(scope, asyncio.Event().wait, send))
    await until(lambda: requests)
    assert [request() for request in requests] == [None]
    assert not held.done()
    held.cancel()
