"""The hub by itself: fake connections, fake reads, a real event loop."""

from datetime import UTC, datetime

import pytest

from inbox import services
from inbox.selectors.items import Item
from push import hub
from push.hub import Hub
from push.nudges.bus import Nudge
from tests.push.fakes import FakeConnection, FakeReads, joined, snapshot, until
from tests.servers import wait_for

TOAST = Item("comment-1", "comment", "Hi", "there", "", datetime(2026, 1, 2, tzinfo=UTC), "info", False, False)


class TestConnecting:
    async def test_the_state_comes_with_the_next_read(self, the_hub: Hub, reads: FakeReads) -> None:
        connection = reads.sign_in(7, version=5)
        await joined(the_hub, connection)
        assert connection.versions == [5]
        assert connection.user == 7

    async def test_many_share_a_read(self, the_hub: Hub, reads: FakeReads) -> None:
        await joined(the_hub, *(reads.sign_in(user) for user in range(2500)))
        assert len(reads.queries) <= 4
        assert max(len(query.opening) for query in reads.queries) == 1000

    async def test_nobody_is_refused_before_anything_is_sent(self, the_hub: Hub, reads: FakeReads) -> None:
        connection = FakeConnection("unknown")
        await joined(the_hub, connection)
        assert (connection.refusals, connection.versions) == (["not_signed_in"], [])
        assert connection not in the_hub.registry.connections

    async def test_one_too_many_is_refused_and_the_others_stay(self, the_hub: Hub, reads: FakeReads) -> None:
        connections = [reads.sign_in(7) for _ in range(21)]
        await joined(the_hub, *connections)
        assert [connection.refusals for connection in connections] == [[]] * 20 + [["too_many_connections"]]
        assert len(the_hub.registry.connections) == 20

    async def test_a_failed_read_refuses_those_who_wait_for_it(self, the_hub: Hub, reads: FakeReads) -> None:
        reads.failures = 1
        first, second = reads.sign_in(7), reads.sign_in(8)
        await joined(the_hub, first)
        assert first.refusals == ["unavailable"]
        await joined(the_hub, second)
        assert second.versions == [1]

    async def test_a_nudge_during_the_first_read_is_not_lost(self, the_hub: Hub, reads: FakeReads) -> None:
        reads.gate.clear()
        connection = reads.sign_in(7, version=1)
        the_hub.join(connection)
        await until(lambda: reads.queries)
        reads.states[7] = snapshot(7, 2)
        the_hub.nudged(Nudge([7]))
        reads.gate.set()
        await until(lambda: connection.versions == [1, 2])

    async def test_who_leaves_during_the_first_read_is_forgotten(self, the_hub: Hub, reads: FakeReads) -> None:
        reads.gate.clear()
        connection, other = reads.sign_in(7), reads.sign_in(8)
        the_hub.join(other)
        the_hub.join(connection)
        await until(lambda: reads.queries)
        the_hub.leave(connection)
        reads.gate.set()
        await until(lambda: other.versions)
        assert not connection.versions
        assert list(the_hub.registry.members) == [8]


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
        connections = [reads.sign_in(user) for user in range(2100)]
        await joined(the_hub, *connections)
        reads.states = {user: snapshot(user, 10**9) for user in range(2100)}
        the_hub.nudged(Nudge(None, "broadcast-4"))
        await until(lambda: all(connection.versions[-1] == 10**9 for connection in connections))
        assert max(len(query.users) for query in reads.queries) == 1000

    async def test_a_burst_is_one_read(self, the_hub: Hub, reads: FakeReads) -> None:
        connection = reads.sign_in(7)
        await joined(the_hub, connection)
        before = len(reads.queries)
        for version in range(2, 50):
            reads.states[7] = snapshot(7, version)
            the_hub.nudged(Nudge([7]))
        await until(lambda: connection.versions[-1] == 49)
        assert len(reads.queries) == before + 1

    async def test_a_nudge_that_comes_again_is_no_second_read(self, the_hub: Hub, reads: FakeReads) -> None:
        """The process that writes publishes it, and so does the worker: one commit, one read."""
        connection = reads.sign_in(7)
        await joined(the_hub, connection)
        reads.states[7] = snapshot(7, 2)
        the_hub.nudged(Nudge([7], id="first"))
        await until(lambda: connection.versions == [1, 2])
        before = len(reads.queries)
        the_hub.nudged(Nudge([7], id="first"))
        the_hub.nudged(Nudge([7]))  # of a process that gives them no id
        reads.states[7] = snapshot(7, 3)
        the_hub.nudged(Nudge([7], id="second"))
        await until(lambda: connection.versions == [1, 2, 3])
        the_hub.nudged(Nudge([7], id="first"))
        the_hub.nudged(Nudge([7], id="second"))
        assert not the_hub.work.dirty
        assert len(reads.queries) == before + 1

    async def test_the_next_read_runs_while_the_last_is_written(self, the_hub: Hub, reads: FakeReads) -> None:
        connections = [reads.sign_in(user) for user in range(2000)]
        await joined(the_hub, *connections)
        reads.states = {user: snapshot(user, 2) for user in range(2000)}
        second_read = len(reads.queries) + 2
        written: list[object] = []

        async def send_late(message: object) -> None:
            wait_for(lambda: len(reads.queries) == second_read)
            written.append(message)

        connections[0].fake._send = send_late  # of the first chunk
        the_hub.nudged(Nudge(None))
        await until(lambda: connections[1999].versions[-1] == 2)
        assert len(written) == 1

    async def test_equal_versions_are_sent_once(self, the_hub: Hub, reads: FakeReads) -> None:
        connection = reads.sign_in(7)
        await joined(the_hub, connection)
        the_hub.nudged(Nudge([7]))
        await until(lambda: len(reads.queries) == 2 and the_hub.reader._unwritten is None)
        assert connection.versions == [1]

    async def test_who_asks_is_answered_even_so(self, the_hub: Hub, reads: FakeReads) -> None:
        connection, other = reads.sign_in(7), reads.sign_in(7)
        await joined(the_hub, connection, other)
        the_hub.ask(connection)
        await until(lambda: connection.versions == [1, 1])
        assert other.versions == [1]

    async def test_the_toast_goes_to_those_who_saw_the_state_before(self, the_hub: Hub, reads: FakeReads) -> None:
        connection = reads.sign_in(7)
        await joined(the_hub, connection)
        reads.states[7], reads.items[7] = snapshot(7, 2, unread=1), {"en": TOAST}
        late = reads.sign_in(7)
        the_hub.nudged(Nudge([7], "comment"))
        the_hub.join(late)
        await until(lambda: connection.versions == [1, 2] and late.versions == [2])
        assert '"item":{"ref":"comment-1"' in connection.fake.messages[-1]["text"]
        assert "item" not in late.fake.messages[-1]["text"]
        assert reads.queries[-1].known == {7: snapshot(7, 1)}
        assert reads.queries[-1].hints == {7: "comment"}
        assert reads.queries[-1].languages == {"en"}

    async def test_a_toast_is_in_the_language_that_was_chosen_if_none_was_named(
        self, the_hub: Hub, reads: FakeReads
    ) -> None:
        named, unnamed = reads.sign_in(7), reads.sign_in(7)
        unnamed.names_language = False
        reads.languages[7] = "de"
        await joined(the_hub, named, unnamed)
        reads.states[7], reads.items[7] = snapshot(7, 2, unread=1), {"de": TOAST}
        the_hub.nudged(Nudge([7], "comment"))
        await until(lambda: named.versions == unnamed.versions == [1, 2])
        assert reads.queries[-1].languages == {"en", "de"}
        assert ["item" in each.fake.messages[-1]["text"] for each in (named, unnamed)] == [False, True]

    async def test_a_frame_is_made_once_for_all(self, the_hub: Hub, reads: FakeReads) -> None:
        connections = [reads.sign_in(7) for _ in range(3)]
        await joined(the_hub, *connections)
        reads.states[7] = snapshot(7, 2)
        the_hub.nudged(Nudge([7]))
        await until(lambda: all(connection.versions == [1, 2] for connection in connections))
        assert len({id(connection.fake.messages[-1]) for connection in connections}) == 1

    async def test_a_deleted_user_is_sent_away(self, the_hub: Hub, reads: FakeReads) -> None:
        connection = reads.sign_in(7)
        await joined(the_hub, connection)
        del reads.states[7]
        the_hub.nudged(Nudge([7]))
        await until(lambda: connection.refusals == ["not_signed_in"])


class TestHealing:
    async def test_a_version_that_went_back_is_not_shown_and_lifts_the_clock(
        self, the_hub: Hub, reads: FakeReads, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        lifted: list[int] = []

        def raise_clock(version: int) -> None:
            lifted.append(version)
            reads.states[7] = snapshot(7, 6 * 10**9 + 3)

        monkeypatch.setattr(services, "raise_clock", raise_clock)
        connection = reads.sign_in(7, version=5 * 10**9 + 9)
        await joined(the_hub, connection)
        reads.states[7] = snapshot(7, 5 * 10**9 + 3)
        the_hub.nudged(Nudge([7]))
        await until(lambda: connection.versions == [5 * 10**9 + 9, 6 * 10**9 + 3])
        assert lifted == [5 * 10**9 + 9]

    async def test_counts_that_changed_silently_get_a_version(
        self, the_hub: Hub, reads: FakeReads, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(services, "touch", lambda users: reads.states.update({7: snapshot(7, 2, unread=1)}))
        connection = reads.sign_in(7)
        await joined(the_hub, connection)
        reads.states[7] = snapshot(7, 1, unread=1)
        the_hub.nudged(Nudge([7]))
        await until(lambda: connection.versions == [1, 2])

    async def test_a_failed_read_is_done_again(self, the_hub: Hub, reads: FakeReads) -> None:
        connection = reads.sign_in(7)
        await joined(the_hub, connection)
        reads.states[7] = snapshot(7, 2)
        reads.failures = 2
        the_hub.nudged(Nudge([7]))
        await until(lambda: connection.versions == [1, 2])
