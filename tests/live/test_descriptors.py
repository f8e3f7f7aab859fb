"""File descriptors: when they run out, the server says so and goes on; our commands raise their limit."""

import asyncio
import resource
import subprocess
import sys

import httpx
import pytest

from tests.clients import connect, plain_http
from tests.conftest import StartSite
from tests.servers import eventually
from tools.processes import ROOT


@pytest.mark.parametrize("server", ["daphne", "uvicorn"])
async def test_running_out_of_descriptors_is_logged_and_survived(start_site: StartSite, server: str) -> None:
    """Not on asyncio's own loop, which tries (and logs) accept() 2,048 times in a row when there is no descriptor."""
    site = start_site(server=server)
    async with connect("websocket", site, "bob") as client:
        unread = (await client.next())["unread"]
        resource.prlimit(site.web[0].pid, resource.RLIMIT_NOFILE, (128, 128))
        silent = [await asyncio.open_connection("127.0.0.1", site.ports[0]) for _ in range(300)]
        try:
            async with plain_http(site) as http:

                async def healthy() -> bool:
                    try:
                        return (await http.get("/healthz", timeout=5)).status_code == 200
                    except httpx.TransportError:
                        return False

                await eventually(healthy, 15, "an answer")
            await asyncio.to_thread(site.call, "send", "comment", ["bob"], target_title="Tea")
            await client.until_unread(unread + 1)
            assert "Out of file descriptors (128)" in site.web[0].logs()
        finally:
            for _, writer in silent:
                writer.close()


def test_make_run_and_make_stack_may_open_what_the_machine_allows() -> None:
    low = "import resource as r; hard = r.getrlimit(r.RLIMIT_NOFILE)[1]; r.setrlimit(r.RLIMIT_NOFILE, (64, hard))"
    shown = "from tools.processes import raise_descriptor_limit as lift; lift(); print(*r.getrlimit(r.RLIMIT_NOFILE))"
    soft, hard = subprocess.check_output([sys.executable, "-c", f"{low}; {shown}"], cwd=ROOT, text=True).split()
    assert int(soft) == (min(int(hard), 1 << 20) if int(hard) > 0 else 1 << 20)
    for script in ("run.py", "stack.py"):
        assert "raise_descriptor_limit()" in (ROOT / "tools" / script).read_text()
