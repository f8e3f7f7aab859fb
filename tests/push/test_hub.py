"""The hub by itself: fake connections, fake reads, a real event loop."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from inbox import services
from inbox.items import Item
from push import flusher, hub, ticks
from push.bus import Nudge
from push.hub import Hub
from tests.push.fakes import FakeReads, FakeSink, snapshot, until
from tests.servers import wait_for

TOAST = Item("comment-1", "comment", "Hi", "there", "", datetime(2026, 1, 2, tzinfo=UTC), "info", False, False)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeReads]:
    fake = FakeReads()
    monkeypatch.setattr(flusher, "read", fake.read)
    monkeypatch.setattr(ticks, "_sweep", lambda purge: None)
    yield fake
    fake.gate.set()


@pytest.fixture
async def the_hub(reads: FakeReads) -> AsyncIterator[Hub]:
    running = hub.current()
    yield running
    reads.gate.set()
    running._running.cancel()  # its next tick would see it is done, a second later
    await asyncio.gather(running._running, return_exceptions=True)


async def joined(the_hub: Hub, *sinks: FakeSink) -> None:
    for sink in sinks:
        the_hub.join(sink)
    await until(lambda: all(sink.fake.messages or sink.refusals for sink in sinks))


class TestConnecting:
    async def test_the_state_comes_with_the_next_read(self, the_hub: Hub, reads: FakeReads) -> None:
        sink = reads.sign_in(7, version=5)
        await joined(the_hub, sink)
        assert sink.versions == [5]
        assert sink.user == 7

    async def test_many_share_a_read(self, the_hub: Hub, reads: FakeReads) -> None:
        await joined(the_hub, *(reads.sign_in(user) for user in range(2500)))
        assert len(reads.queries) <= 4
        assert max(len(query.opening) for query in reads.queries) == 1000

    async def test_nobody_is_refused_before_anything_is_sent(self, the_hub: Hub, reads: FakeReads) -> None:
        sink = FakeSink("unknown")
        await joined(the_hub, sink)
        assert (sink.refusals, sink.versions) == (["not_signed_in"], [])
        assert sink not in the_hub.sinks

    async def test_one_too_many_is_refused_and_the_others_stay(self, the_hub: Hub, reads: FakeReads) -> None:
        sinks = [reads.sign_in(7) for _ in range(21)]
        await joined(the_hub, *sinks)
        assert [sink.refusals for sink in sinks] == [[]] * 20 + [["too_many_connections"]]
        assert len(the_hub.sinks) == 20

    async def test_a_failed_read_refuses_those_who_wait_for_it(self, the_hub: Hub, reads: FakeReads) -> None:
        reads.failures = 1
        first, second = reads.sign_in(7), reads.sign_in(8)
        await joined(the_hub, first)
        assert first.refusals == ["unavailable"]
        await joined(the_hub, second)
        assert second.versions == [1]

    async def test_a_nudge_during_the_first_read_is_not_lost(self, the_hub: Hub, reads: FakeReads) -> None:
        reads.gate.clear()
        sink = reads.sign_in(7, version=1)
        the_hub.join(sink)
        await until(lambda: reads.queries)
        reads.states[7] = snapshot(7, 2)
        the_hub.nudged(Nudge([7]))
        reads.gate.set()
        await until(lambda: sink.versions == [1, 2])

    async def test_who_leaves_during_the_first_read_is_forgotten(self, the_hub: Hub, reads: FakeReads) -> None:
        reads.gate.clear()
        sink, other = reads.sign_in(7), reads.sign_in(8)
        the_hub.join(other)
        the_hub.join(sink)
        await until(lambda: reads.queries)
        the_hub.leave(sink)
        reads.gate.set()
        await until(lambda: other.versions)
        assert not sink.versions
        assert list(the_hub.members) == [8]


class TestChanges:
    async def test_a_nudge_reaches_whom_it_concerns(self, the_hub: Hub, reads: FakeReads) -> None:
        bob, alice = reads.sign_in(7), reads.sign_in(8)
        await joined(the_hub, bob, alice)
        reads.states[7] = snapshot(7, 2, unread=1)
        hub.nudge_local(Nudge([7, 999]))
        await until(lambda: bob.versions == [1, 2])
        assert alice.versions == [1]
        assert reads.queries[-1].users == [7]

    async def test_a_nudge_for_everyone(self, the_hub: Hub, reads: FakeReads) -> None:
        sinks = [reads.sign_in(user) for user in range(2100)]
        await joined(the_hub, *sinks)
        reads.states = {user: snapshot(user, 10**9) for user in range(2100)}
        the_hub.nudged(Nudge(None, "broadcast-4"))
        await until(lambda: all(sink.versions[-1] == 10**9 for sink in sinks))
        assert max(len(query.users) for query in reads.queries) == 1000

    async def test_a_burst_is_one_read(self, the_hub: Hub, reads: FakeReads) -> None:
        sink = reads.sign_in(7)
        await joined(the_hub, sink)
        before = len(reads.queries)
        for version in range(2, 50):
            reads.states[7] = snapshot(7, version)
            the_hub.nudged(Nudge([7]))
        await until(lambda: sink.versions[-1] == 49)
        assert len(reads.queries) == before + 1

    async def test_the_next_read_runs_while_the_last_is_written(self, the_hub: Hub, reads: FakeReads) -> None:
        sinks = [reads.sign_in(user) for user in range(2000)]
        await joined(the_hub, *sinks)
        reads.states = {user: snapshot(user, 2) for user in range(2000)}
        second_read = len(reads.queries) + 2
        written: list[object] = []

        async def send_late(message: object) -> None:
            wait_for(lambda: len(reads.queries) == second_read)
            written.append(message)

        sinks[0].fake._send = send_late  # of the first chunk
        the_hub.nudged(Nudge(None))
        await until(lambda: sinks[1999].versions[-1] == 2)
        assert len(written) == 1

    async def test_equal_versions_are_sent_once(self, the_hub: Hub, reads: FakeReads) -> None:
        sink = reads.sign_in(7)
        await joined(the_hub, sink)
        the_hub.nudged(Nudge([7]))
        await until(lambda: len(reads.queries) == 2 and the_hub._flusher._unwritten is None)
        assert sink.versions == [1]

    async def test_who_asks_is_answered_even_so(self, the_hub: Hub, reads: FakeReads) -> None:
        sink, other = reads.sign_in(7), reads.sign_in(7)
        await joined(the_hub, sink, other)
        the_hub.ask(sink)
        await until(lambda: sink.versions == [1, 1])
        assert other.versions == [1]

    async def test_the_toast_goes_to_those_who_saw_the_state_before(self, the_hub: Hub, reads: FakeReads) -> None:
        sink = reads.sign_in(7)
        await joined(the_hub, sink)
        reads.states[7], reads.items[7] = snapshot(7, 2, unread=1), {"en": TOAST}
        late = reads.sign_in(7)
        the_hub.nudged(Nudge([7], "comment"))
        the_hub.join(late)
        await until(lambda: sink.versions == [1, 2] and late.versions == [2])
        assert '"item":{"ref":"comment-1"' in sink.fake.messages[-1]["text"]
        assert "item" not in late.fake.messages[-1]["text"]
        assert reads.queries[-1].known == {7: snapshot(7, 1)}
        assert reads.queries[-1].hints == {7: "comment"}
        assert reads.queries[-1].languages == {"en"}

    async def test_a_frame_is_made_once_for_all(self, the_hub: Hub, reads: FakeReads) -> None:
        sinks = [reads.sign_in(7) for _ in range(3)]
        await joined(the_hub, *sinks)
        reads.states[7] = snapshot(7, 2)
        the_hub.nudged(Nudge([7]))
        await until(lambda: all(sink.versions == [1, 2] for sink in sinks))
        assert len({id(sink.fake.messages[-1]) for sink in sinks}) == 1

    async def test_a_deleted_user_is_sent_away(self, the_hub: Hub, reads: FakeReads) -> None:
        sink = reads.sign_in(7)
        await joined(the_hub, sink)
        del reads.states[7]
        the_hub.nudged(Nudge([7]))
        await until(lambda: sink.refusals == ["not_signed_in"])


class TestHealing:
    async def test_a_version_that_went_back_is_not_shown_and_lifts_the_clock(
        self, the_hub: Hub, reads: FakeReads, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        lifted: list[int] = []

        def raise_clock(version: int) -> None:
            lifted.append(version)
            reads.states[7] = snapshot(7, 6 * 10**9 + 3)

        monkeypatch.setattr(services, "raise_clock", raise_clock)
        sink = reads.sign_in(7, version=5 * 10**9 + 9)
        await joined(the_hub, sink)
        reads.states[7] = snapshot(7, 5 * 10**9 + 3)
        the_hub.nudged(Nudge([7]))
        await until(lambda: sink.versions == [5 * 10**9 + 9, 6 * 10**9 + 3])
        assert lifted == [5 * 10**9 + 9]

    async def test_counts_that_changed_silently_get_a_version(
        self, the_hub: Hub, reads: FakeReads, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(services, "touch", lambda users: reads.states.update({7: snapshot(7, 2, unread=1)}))
        sink = reads.sign_in(7)
        await joined(the_hub, sink)
        reads.states[7] = snapshot(7, 1, unread=1)
        the_hub.nudged(Nudge([7]))
        await until(lambda: sink.versions == [1, 2])

    async def test_a_failed_read_is_done_again(self, the_hub: Hub, reads: FakeReads) -> None:
        sink = reads.sign_in(7)
        await joined(the_hub, sink)
        reads.states[7] = snapshot(7, 2)
        reads.failures = 2
        the_hub.nudged(Nudge([7]))
        await until(lambda: sink.versions == [1, 2])


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
        monkeypatch.setattr(ticks, "LAG_SECONDS", 0.05)
        stuck, quick = reads.sign_in(7), reads.sign_in(7)
        await joined(the_hub, stuck, quick)
        stuck.fake.busy = True
        reads.states[7] = snapshot(7, 2)
        the_hub.nudged(Nudge([7]))
        await until(lambda: stuck.fake.aborted)
        assert list(the_hub.sinks) == [quick]
        assert quick.versions == [1, 2]

    async def test_who_is_gone_ends_alone(self, the_hub: Hub, reads: FakeReads) -> None:
        gone, here = reads.sign_in(7), reads.sign_in(7)
        await joined(the_hub, gone, here)
        gone.fake.gone = True
        reads.states[7] = snapshot(7, 2)
        the_hub.nudged(Nudge([7]))
        await until(lambda: here.versions == [1, 2])
        assert list(the_hub.sinks) == [here]

    async def test_a_frame_that_cannot_be_made_ends_its_connection_only(
        self, the_hub: Hub, reads: FakeReads, caplog: pytest.LogCaptureFixture
    ) -> None:
        class Broken(FakeSink):
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
        monkeypatch.setattr(hub, "TICK", 0.005)

    async def test_a_lost_nudge_is_made_up_for(self, the_hub: Hub, reads: FakeReads) -> None:
        sink = reads.sign_in(7)
        await joined(the_hub, sink)
        reads.states[7] = snapshot(7, 2)
        await until(lambda: sink.versions == [1, 2])

    async def test_above_a_number_of_users_only_versions_are_read(
        self, the_hub: Hub, reads: FakeReads, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(ticks, "RECOUNT", 0)
        sink = reads.sign_in(7)
        await joined(the_hub, sink)
        await until(lambda: any(query.compare == {7: 1} and not query.users for query in reads.queries))
        reads.states[7] = snapshot(7, 2)
        await until(lambda: sink.versions == [1, 2])

    async def test_a_session_that_ended_ends_its_connections(self, the_hub: Hub, reads: FakeReads) -> None:
        bob, alice = reads.sign_in(7), reads.sign_in(8)
        await joined(the_hub, bob, alice)
        del reads.sessions["session-of-7"]
        await until(lambda: bob.refusals == ["not_signed_in"])
        assert not alice.refusals

    async def test_a_session_of_somebody_else_now(self, the_hub: Hub, reads: FakeReads) -> None:
        sink = reads.sign_in(7)
        await joined(the_hub, sink)
        reads.sessions["session-of-7"] = 8
        await until(lambda: sink.refusals == ["not_signed_in"])
        assert sink.versions == [1]

    async def test_keep_alives_go_to_idle_wires(self, the_hub: Hub, reads: FakeReads) -> None:
        sink, busy = reads.sign_in(7), reads.sign_in(7)
        await joined(the_hub, sink, busy)
        busy.fake.busy = True
        before = busy.alive
        await until(lambda: sink.alive > 2)
        assert busy.alive == before
        assert busy in the_hub.ticker._lagging

    async def test_everybody_has_their_turn_within_the_interval(self, the_hub: Hub, reads: FakeReads) -> None:
        sinks = [reads.sign_in(user) for user in range(100)]
        await joined(the_hub, *sinks)
        before = len(reads.queries)
        await until(lambda: len({user for query in reads.queries[before:] for user in query.users}) == 100)
        assert max(len(query.users) for query in reads.queries[before:]) < 50

    async def test_it_ends_after_the_last_and_leaves_no_task(self, reads: FakeReads) -> None:
        before = asyncio.all_tasks()
        first = hub.current()
        sink = reads.sign_in(7)
        await joined(first, sink)
        first.leave(sink)
        await first._running
        assert asyncio.all_tasks() == before
        assert hub.connections() == 0
        assert hub.current() is not first
        hub.current()._running.cancel()


class TestTheEnd:
    async def test_everybody_is_sent_away_and_nobody_let_in(self, the_hub: Hub, reads: FakeReads) -> None:
        sink, late = reads.sign_in(7), reads.sign_in(7)
        await joined(the_hub, sink)
        hub.stop_all()
        await until(lambda: sink.refusals == ["restarting"])
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
