"""Probes, metrics and logs of the real thing: web process, worker, beat and bus."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from tests.clients import connect
from tests.conftest import StartSite
from tests.push.test_metrics import parse
from tests.servers import Site, eventually, wait_for
from tools.stores import Valkey

WITHIN = 30  # seconds; beat publishes every 2, who is not seen for 10 is taken for dead


def red(site: Site) -> set[str]:
    checks = httpx.get(site.url("/readyz"), timeout=10, verify=False).json()["checks"]
    return {name for name, finding in checks.items() if not finding["ok"]}


def scrape(site: Site) -> dict[str, float]:
    return parse(httpx.get(site.url("/metrics"), timeout=10, verify=False).text)


def logged(site: Site, message: str) -> Any:
    """The first line of the web process's log with that message."""
    lines = [json.loads(line) for line in site.web[0].logs().splitlines()]
    return next((line for line in lines if message in line["message"]), None)


@pytest.fixture(params=["daphne", "uvicorn"])
def site(shared_site: StartSite, request: pytest.FixtureRequest) -> Site:
    return shared_site(server=request.param, bus="memory")


def test_one_process_is_ready_by_itself(site: Site) -> None:
    for path in ("/healthz", "/readyz"):
        assert httpx.get(site.url(path), headers={"Host": "10.0.0.7"}, verify=False).status_code == 200


def test_no_collection_looks_through_what_the_start_has_made(site: Site) -> None:
    """Else a full one stops the event loop, for longer the more is imported."""
    assert site.call("is_left_out_of_collections", "tests.site.urls.urlpatterns")


@pytest.mark.parametrize("server", [pytest.param("daphne", marks=pytest.mark.soak), "uvicorn"])
def test_a_line_of_json_for_each_record(start_site: StartSite, server: str) -> None:
    site = start_site(server=server, LOG_FORMAT="json")
    answer = httpx.get(site.url("/push/sse/"), headers={"X-Request-ID": "trace-7"}, verify=False)
    assert answer.headers["X-Request-ID"] == "trace-7"
    refusal = wait_for(lambda: logged(site, "not_signed_in: /push/sse/"))
    assert (refusal["request_id"], refusal["status_code"]) == ("trace-7", 401)


async def test_traffic_is_counted(site: Site) -> None:
    async with connect("websocket", site, "bob") as socket, connect("sse", site, "bob") as stream:
        await socket.next()
        await stream.next()
        before = await eventually(lambda: scrape_of_two(site))
        await asyncio.to_thread(site.call, "send", "comment", ["bob"], target_title="Tea")
        await socket.next()
        await stream.next()
        await eventually(lambda: counted(before, scrape(site)))


def scrape_of_two(site: Site) -> dict[str, float] | None:
    """Once those of other tests have gone."""
    found = scrape(site)
    return found if [found[f"reddot_connections{{{kind}}}"] for kind in ("websocket", "sse")] == [1, 1] else None


def counted(before: dict[str, float], now: dict[str, float]) -> bool:
    names = ["reddot_snapshots_sent_total{websocket}", "reddot_snapshots_sent_total{sse}"]
    return all(now[name] == before[name] + 1 for name in [*names, "reddot_nudge_to_frame_seconds_count"])


@pytest.mark.soak
def test_who_dies_is_missed_and_found_again(start_site: StartSite, own_valkey: Valkey) -> None:
    site = start_site(server="uvicorn", bus=own_valkey.url, beat=True)
    assert site.worker is not None
    assert site.beat is not None
    wait_for(lambda: not red(site), WITHIN, "everything seen")
    for name, process in (("worker", site.worker), ("beat", site.beat)):
        process.kill()
        wait_for(lambda name=name: red(site) == {name}, WITHIN, f"{name} missed")
        process.start()
        wait_for(lambda: not red(site), WITHIN, f"{name} seen again")
    own_valkey.freeze()
    wait_for(lambda: red(site) >= {"broker", "channel_layer"}, WITHIN, "the frozen Valkey missed")
    assert httpx.get(site.url("/healthz")).text == "ok"
    own_valkey.thaw()
    wait_for(lambda: not red(site), WITHIN, "all well again")
