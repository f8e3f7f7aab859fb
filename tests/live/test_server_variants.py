"""The other protocol implementations that uvicorn can be told to use: wire.py knows each of them."""

import asyncio
from importlib.util import find_spec
from typing import Any

import pytest

from tests.clients import connect
from tests.conftest import StartSite

VARIANTS = [
    {"UVICORN_WS": "websockets", "UVICORN_HTTP": "h11", "PYTHONWARNINGS": "ignore"},
    {"UVICORN_LOOP": "asyncio"},
]
if find_spec("wsproto"):
    VARIANTS.append({"UVICORN_WS": "wsproto"})


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
async def test_state_change_and_restart(start_site: StartSite, variant: dict[str, Any]) -> None:
    site = start_site(server="uvicorn", **variant)
    async with connect("websocket", site, "bob") as socket, connect("sse", site, "bob") as stream:
        for client in (socket, stream):
            assert (await client.next())["unread"] == 0
        await asyncio.to_thread(site.call, "send", "comment", ["bob"], target_title="Tea")
        for client in (socket, stream):
            assert (await client.next())["unread"] == 1
        await socket.send("x" * 70_000)
        await socket.socket.wait_closed()
        assert socket.socket.close_code == 1009
    async with connect("websocket", site, "alice") as socket:
        await socket.next()
        site.web[0].stop()
        await socket.socket.wait_closed()
        assert socket.socket.close_code == 1012
