"""The other protocol implementations that uvicorn can be told to use: wire.py knows each of them."""

from importlib.util import find_spec
from typing import Any

import pytest

from tests import raw
from tests.clients import connect
from tests.conftest import StartSite
from tests.live.floods import call, newcomer
from tests.servers import Site

VARIANTS = [
    {"UVICORN_WS": "websockets", "UVICORN_HTTP": "h11", "PYTHONWARNINGS": "ignore"},
    {"UVICORN_LOOP": "asyncio"},
]
if find_spec("wsproto"):
    VARIANTS.append({"UVICORN_WS": "wsproto"})


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
async def test_states_limits_and_restart(start_site: StartSite, variant: dict[str, Any]) -> None:
    site = start_site(server="uvicorn", **variant)
    await a_change_arrives(site)
    await too_much_ends_a_socket(site)
    await a_restart_sends_clients_away(site)


async def a_change_arrives(site: Site) -> None:
    async with connect("websocket", site, "bob") as socket, connect("sse", site, "bob") as stream:
        for client in (socket, stream):
            assert (await client.next())["unread"] == 0
        await call(site, "send", "comment", ["bob"], target_title="Tea")
        for client in (socket, stream):
            assert (await client.next())["unread"] == 1


async def too_much_ends_a_socket(site: Site) -> None:
    """A frame that is too big, in full or announced by its head, and several floods."""
    async with connect("websocket", site, "bob") as socket:
        await socket.next()
        await socket.send("x" * 70_000)
        await socket.socket.wait_closed()
        assert socket.socket.close_code == 1009
    async with raw.open_socket(site, await newcomer(site, "big")) as half:
        await half.until(b'"unread"')
        half.writer.write(raw.frame(b"x" * 70_000)[:14])
        assert await half.close_code() == 1009
    for kind in ("WebSocket pings", "sync", "empty fragments"):
        assert await raw.flood(site, await newcomer(site, kind), kind) in {1008, 4429}


async def a_restart_sends_clients_away(site: Site) -> None:
    async with connect("websocket", site, "alice") as socket:
        await socket.next()
        site.web[0].stop()
        await socket.socket.wait_closed()
        assert socket.socket.close_code == 1012
