"""Commands on a WebSocket: what a user does to items is answered with how to undo it, in each codec."""

import asyncio
from typing import Any

import pytest

from tests.clients import connect
from tests.conftest import StartSite
from tests.servers import Site


@pytest.fixture
def site(shared_site: StartSite) -> Site:
    return shared_site(server="uvicorn", bus="memory")


async def written(client: Any, frame: dict[str, Any]) -> dict[str, Any]:
    """The answer to a command, which comes before the state after it."""
    await client.send(frame)
    while (answer := await client.frame())["type"] == "unread":
        pass
    assert answer.pop("type") == "written"
    return dict(answer)


@pytest.mark.parametrize("transport", ["websocket", "msgpack"])
async def test_every_act_is_undone_by_its_answer(site: Site, transport: str) -> None:
    name, own = f"commands-{transport}", "x" * 22
    await asyncio.to_thread(site.call, "user", name)
    comments = [await asyncio.to_thread(site.call, "create", "comment", name, target_title="Tea") for _ in range(2)]
    refs = [f"comment-{pk}" for pk in comments]
    async with connect(transport, site, name) as client:
        before = await client.until(lambda snapshot: snapshot["by_type"].get("comment") == 2)

        async def undone(token: Any) -> None:
            answer = await written(client, {"type": "undo", "undo": token})
            assert (answer["restored"], answer["skipped"], answer["changed"]) == (2, 0, 2)
            await client.until(lambda snapshot: snapshot["by_type"].get("comment") == 2)

        read = {"type": "read", "refs": refs, "version": before["version"]}
        answer = await written(client, read)
        assert answer["changed"] == 2
        assert await written(client, read) == {"changed": 0, "undo": None}
        await undone(answer["undo"])
        await client.send({"type": "undo", "undo": answer["undo"]})
        while (again := await client.frame())["type"] == "unread":
            pass
        assert (again["type"], again["code"]) == ("error", "not_found")
        await client.send({"type": "sync"})
        everything = {"type": "read_all", "up_to": (await client.next())["version"], "act": own}
        assert (await written(client, everything))["undo"] == own
        assert await written(client, everything) == {"changed": 0, "undo": own}
        answer = await written(client, {"type": "undo", "undo": own})
        assert (answer["skipped"], answer["restored"] >= 2) == (0, True)
        await client.until(lambda snapshot: snapshot["by_type"].get("comment") == 2)
