"""The hub and what becomes of connections: slow clients, the clock, the end."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from inbox.selectors.items import Item
from push import hub
from push.hub import Hub, clock, delivery
from push.nudges.bus import Nudge
from tests.push.fakes import FakeConnection, FakeReads, joined, snapshot, until

TOAST = Item("comment-1", "comment", "Hi", "there", "", datetime(2026, 1, 2, tzinfo=UTC), "info", False, False)


class TestSlowClients:
    async def test_the_newest_waits_in_the_slot(self, the_hub: Hub, reads: FakeReads) -> None:
        slow, quick = reads.sign_in(7), reads.sign_in(7)
        await joined(the_hub, slow, quick)
        slow.fake.busy = True
        for version in (2, 3, 4):
            reads.states[7] = snapshot(7, version)
            the_hub.nudged(Nudge([7]))
            await until(lambda version=version: quick.versions[-1] == version)
        assert slow.versions == [1]
        slow.fake.busy = False
        await until(lambda: slow.versions == [1, 4])

    async def test_who_reads_nothing_for_ten_seconds_is_dropped(
        self, the_hub: Hub, reads: FakeReads, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(delivery, "LAG_SECONDS", 0.05)
        stuck, quick = reads.sign_in(7), reads.sign_in(7)
        await joined(the_hub, stuck, quick)
        stuck.fake.busy = True
        reads.states[7] = snapshot(7, 2)
        the_hub.nudged(Nudge([7]))
        await until(lambda: stuck.fake.aborted)
        assert list(the_hub.registry.connections) == [quick]
        assert quick.versions == [1, 2]

    async def test_who_is_gone_ends_alone(self, the_hub: Hub, reads: FakeReads) -> None:
        gone, here = reads.sign_in(7), reads.sign_in(7)
        await joined(the_hub, gone, here)
        gone.fake.gone = True
        reads.states[7] = snapshot(7, 2)
        the_hub.nudged(Nudge([7]))
        await until(lambda: here.versions == [1, 2])
        assert list(the_hub.registry.connections) == [here]

    async def test_a_frame_that_cannot_be_made_ends_its_connection_only(
        self, the_hub: Hub, reads: FakeReads, caplog: pytest.LogCaptureFixture
    ) -> None:
        class Broken(FakeConnection):
            @staticmethod
            def encode(update: Any, text: str) -> Any:
                raise ValueError("a bug")

        broken, here = Broken("session-of-7"), reads.sign_in(7)
        the_hub.join(broken)
        await joined(the_hub, here)
        await until(lambda: broken.refusals == ["broken"])
        assert here.versions == [1]
        assert "a bug" in caplog.text


class TestTheClock:
    @pytest.fixture(autouse=True)
    def fast(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("push.hub.hub.TICK", 0.005)

    async def test_a_lost_nudge_is_made_up_for(self, the_hub: Hub, reads: FakeReads) -> None:
        connection = reads.sign_in(7)
        await joined(the_hub, connection)
        reads.states[7] = snapshot(7, 2)
        await until(lambda: connection.versions == [1, 2])

    async def test_above_a_number_of_users_only_versions_are_read(
        self, the_hub: Hub, reads: FakeReads, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(clock, "RECOUNT", 0)
        connection = reads.sign_in(7)
        await joined(the_hub, connection)
        await until(lambda: any(query.compare == {7: 1} and not query.users for query in reads.queries))
        reads.states[7] = snapshot(7, 2)
        await until(lambda: connection.versions == [1, 2])

    async def test_a_session_that_ended_ends_its_connections(self, the_hub: Hub, reads: FakeReads) -> None:
        bob, alice = reads.sign_in(7), reads.sign_in(8)
        await joined(the_hub, bob, alice)
        del reads.sessions["session-of-7"]
        await until(lambda: bob.refusals == ["not_signed_in"])
        assert not alice.refusals

    async def test_a_session_of_somebody_else_now(self, the_hub: Hub, reads: FakeReads) -> None:
        connection = reads.sign_in(7)
        await joined(the_hub, connection)
        reads.sessions["session-of-7"] = 8
        await until(lambda: connection.refusals == ["not_signed_in"])
        assert connection.versions == [1]

    async def test_keep_alives_go_to_idle_wires(self, the_hub: Hub, reads: FakeReads) -> None:
        connection, busy = reads.sign_in(7), reads.sign_in(7)
        await joined(the_hub, connection, busy)
        busy.fake.busy = True
        before = busy.alive
        await until(lambda: connection.alive > 2)
        assert busy.alive == before
        assert busy in the_hub.delivery._lagging

    async def test_everybody_has_their_turn_within_the_interval(self, the_hub: Hub, reads: FakeReads) -> None:
        connections = [reads.sign_in(user) for user in range(100)]
        await joined(the_hub, *connections)
        before = len(reads.queries)
        await until(lambda: len({user for query in reads.queries[before:] for user in query.users}) == 100)
        assert max(len(query.users) for query in reads.queries[before:]) < 50

    async def test_it_ends_after_the_last_and_leaves_no_task(self, reads: FakeReads) -> None:
        before = asyncio.all_tasks()
        first = hub.current()
        connection = reads.sign_in(7)
        await joined(first, connection)
        first.leave(connection)
        await first._running
        assert asyncio.all_tasks() == before
        assert hub.connection_count() == 0
        assert hub.current() is not first
        hub.current()._running.cancel()


class TestTheEnd:
    async def test_everybody_is_sent_away_and_nobody_let_in(self, the_hub: Hub, reads: FakeReads) -> None:
        connection, late = reads.sign_in(7), reads.sign_in(7)
        await joined(the_hub, connection)
        hub.stop_all()
        await until(lambda: connection.refusals == ["restarting"])
        the_hub.join(late)
        assert late.refusals == ["restarting"]

    async def test_one_user_is_sent_away_and_may_come_back(self, the_hub: Hub, reads: FakeReads) -> None:
        tabs, other, back = [reads.sign_in(7), reads.sign_in(7)], reads.sign_in(8), reads.sign_in(7)
        await joined(the_hub, *tabs, other)
        hub.disconnect(7)
        hub.disconnect(9)
        await until(lambda: [tab.refusals for tab in tabs] == [["restarting"]] * 2)
        await joined(the_hub, back)
        assert (back.user, other.refusals) == (7, [])
