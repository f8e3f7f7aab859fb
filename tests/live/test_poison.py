"""A message that can't be rendered: its reader sees the name of its type, and nobody else notices."""

import asyncio

import pytest

from tests.clients import connect
from tests.conftest import StartSite


@pytest.mark.parametrize(
    ("server", "transport"), [("uvicorn", "websocket"), pytest.param("daphne", "sse", marks=pytest.mark.soak)]
)
async def test_a_bad_title_silences_nobody(server: str, transport: str, start_site: StartSite) -> None:
    site = start_site(server=server, PUSH_RESYNC_SECONDS=60)
    async with connect(transport, site, "alice") as alice, connect(transport, site, "bob") as bob:
        await asyncio.gather(alice.receive(), bob.receive())
        await asyncio.to_thread(site.call, "break_titles", "like")
        await asyncio.to_thread(site.call, "send", "like", ["alice"], target_title="Tea")
        seen = await asyncio.wait_for(alice.receive(), 20)
        assert (seen["unread"], seen["item"]["title"]) == (1, "like")
        await asyncio.to_thread(site.call, "send", "comment", ["bob"], target_title="Tea")
        assert (await asyncio.wait_for(bob.receive(), 20))["unread"] == 1
    with site.client("alice") as client:
        page = client.get("/api/v1/inbox/").json()
    assert [item["title"] for item in page["items"]] == ["like"]
    assert site.logs().count("The title of like items can't be rendered") == 1
