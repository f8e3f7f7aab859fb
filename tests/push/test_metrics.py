"""What Prometheus gets, after real traffic through a hub."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client, RequestFactory
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from inbox.models import Send
from push.hub import Hub, counts
from push.hub.counts import Tally
from push.nudges.bus import Nudge
from push.operations import views
from push.transports.polling import PollConnection
from push.transports.sse import SseConnection
from tests.push.fakes import FakeConnection, FakeReads, joined, snapshot, until

Samples = dict[str, float]


def parse(text: str) -> Samples:
    """`name{transport}` -> value; of histograms the count and the sum."""
    families = text_string_to_metric_families(text)
    return {
        sample.name + "".join(f"{{{value}}}" for value in sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
    }


async def scrape() -> Samples:
    return await asyncio.to_thread(lambda: parse(views.prometheus(RequestFactory().get("/metrics")).text))


class Growth:
    """What has been added to a sample since."""

    def __init__(self, before: Samples) -> None:
        self.before = before

    async def of(self, name: str) -> float:
        return (await scrape())[name] - self.before[name]


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> Tally:
    """The tally of this test's connections."""
    tally = Tally("other")
    monkeypatch.setitem(counts._tallies, "other", tally)
    monkeypatch.setattr(FakeConnection, "tally", tally)
    return tally


@pytest.mark.django_db(transaction=True)
class TestPage:
    def test_it_is_the_text_format(self, client: Client) -> None:
        answer = client.get("/metrics")
        assert answer["Content-Type"].startswith("text/plain; version=0.0.4")
        assert client.get("/metrics", headers={"accept": "application/openmetrics-text"}).text.endswith("# EOF\n")

    def test_all_names_are_there_from_the_start(self, client: Client) -> None:
        found = parse(client.get("/metrics").text)
        for transport in ("websocket", "sse", "iframe", "long-poll", "events"):
            assert found[f"reddot_connections{{{transport}}}"] == 0
            for name in ("snapshots_sent", "snapshots_conflated", "clients_dropped"):
                assert f"reddot_{name}_total{{{transport}}}" in found
        for name in ("hub_flush_seconds_count", "nudge_to_frame_seconds_sum", "resync_corrections_total"):
            assert f"reddot_{name}" in found

    def test_sends_that_wait(self, client: Client) -> None:
        assert parse(client.get("/metrics").text)["reddot_sends_pending"] == 0
        assert parse(client.get("/metrics").text)["reddot_sends_failed"] == 0
        assert parse(client.get("/metrics").text)["reddot_oldest_pending_send_seconds"] == 0
        for minutes in (1, 5):
            Send.objects.create(type="comment", created_at=timezone.now() - timedelta(minutes=minutes))
        Send.objects.create(type="comment", finished_at=timezone.now())
        Send.objects.create(type="comment", failed_at=timezone.now())
        found = parse(client.get("/metrics").text)
        assert (found["reddot_sends_pending"], found["reddot_sends_failed"]) == (2, 1)
        assert found["reddot_oldest_pending_send_seconds"] == pytest.approx(300, abs=60)


def test_without_a_database_there_is_the_rest(client: Client) -> None:
    found = parse(client.get("/metrics").text)
    assert "reddot_sends_pending" not in found
    assert "reddot_connections{sse}" in found


class TestTraffic:
    async def test_connections(self, the_hub: Hub, reads: FakeReads, fresh: Tally) -> None:
        connections = [reads.sign_in(user) for user in (7, 8)]
        await joined(the_hub, *connections)
        assert (await scrape())["reddot_connections{other}"] == 2
        the_hub.leave(connections[0])
        assert (await scrape())["reddot_connections{other}"] == 1

    async def test_frames_and_their_times(self, the_hub: Hub, reads: FakeReads, fresh: Tally) -> None:
        await joined(the_hub, *(reads.sign_in(7) for _ in range(3)))
        growth = Growth(await scrape())
        assert growth.before["reddot_snapshots_sent_total{other}"] == 3
        reads.states[7] = snapshot(7, 2)
        the_hub.nudged(Nudge([7]))
        await until(lambda: fresh.sent == 6 and the_hub.reader._unwritten is None)
        assert await growth.of("reddot_snapshots_sent_total{other}") == 3
        assert await growth.of("reddot_hub_flush_seconds_count") == 1
        assert await growth.of("reddot_nudge_to_frame_seconds_count") == 1
        assert 0 < await growth.of("reddot_nudge_to_frame_seconds_sum") < 5
        assert await growth.of("reddot_resync_corrections_total") == 0

    async def test_a_nudge_that_brings_nothing_is_not_timed(self, the_hub: Hub, reads: FakeReads, fresh: Tally) -> None:
        connection = reads.sign_in(7)
        await joined(the_hub, connection)
        growth = Growth(await scrape())
        the_hub.nudged(Nudge([7]))
        the_hub.nudged(Nudge([999]))
        await until(lambda: len(reads.queries) == 2 and the_hub.reader._unwritten is None)
        assert the_hub.work.nudged_at is None
        assert await growth.of("reddot_nudge_to_frame_seconds_count") == 0

    async def test_a_read_that_failed_is_part_of_the_time(self, the_hub: Hub, reads: FakeReads, fresh: Tally) -> None:
        connection = reads.sign_in(7)
        await joined(the_hub, connection)
        growth = Growth(await scrape())
        reads.failures = 1
        reads.states[7] = snapshot(7, 2)
        the_hub.nudged(Nudge([7]))
        await until(lambda: connection.versions == [1, 2] and the_hub.reader._unwritten is None)
        assert await growth.of("reddot_nudge_to_frame_seconds_sum") > 0.04  # the pause of the supervisor

    async def test_slow_clients(self, the_hub: Hub, reads: FakeReads, fresh: Tally) -> None:
        connection = reads.sign_in(7)
        await joined(the_hub, connection)
        connection.fake.busy = True
        for version in (2, 3, 4):
            reads.states[7] = snapshot(7, version)
            the_hub.nudged(Nudge([7]))
            await until(lambda version=version: connection.slot is not None and connection.slot.version == version)
        assert (fresh.sent, fresh.conflated, fresh.dropped) == (1, 2, 0)
        the_hub.delivery._lagging[connection] -= 60
        the_hub.delivery.flush_lagging()
        assert connection.fake.aborted
        found = await scrape()
        assert found["reddot_snapshots_conflated_total{other}"] == 2
        assert found["reddot_clients_dropped_total{other}"] == 1

    @pytest.mark.parametrize("recount", [250, 0], ids=["read again", "compared"])
    async def test_what_only_the_resync_found(
        self, the_hub: Hub, reads: FakeReads, fresh: Tally, monkeypatch: pytest.MonkeyPatch, recount: int
    ) -> None:
        monkeypatch.setattr("push.hub.clock.RECOUNT", recount)
        connection = reads.sign_in(7)
        await joined(the_hub, connection)
        growth = Growth(await scrape())
        reads.states[7] = snapshot(7, 2)
        turn_the_ring(the_hub)
        await until(lambda: connection.versions == [1, 2] and the_hub.reader._unwritten is None)
        turn_the_ring(the_hub)  # nothing new
        assert await growth.of("reddot_resync_corrections_total") == 1
        assert await growth.of("reddot_nudge_to_frame_seconds_count") == 0

    async def test_what_a_nudge_names_too_is_no_correction(self, the_hub: Hub, reads: FakeReads, fresh: Tally) -> None:
        connection = reads.sign_in(7)
        await joined(the_hub, connection)
        growth = Growth(await scrape())
        reads.states[7] = snapshot(7, 2)
        turn_the_ring(the_hub)
        the_hub.nudged(Nudge([7]))
        await until(lambda: connection.versions == [1, 2] and the_hub.reader._unwritten is None)
        assert await growth.of("reddot_resync_corrections_total") == 0


def turn_the_ring(the_hub: Hub) -> None:
    """A whole resync interval in no time."""
    for _ in the_hub.clock._resync._slices:
        the_hub.clock._resync_slice()


@pytest.mark.parametrize("connection", [SseConnection, PollConnection])
def test_each_transport_has_its_own_tally(connection: Any) -> None:
    assert connection.tally is counts.tally_of(connection.tally.transport)
    assert connection.tally.transport != "other"
