"""A hub that hears of ended credentials: their connections are checked before anything else is written."""

import pytest

from push.hub import Hub
from push.hub.pending import Work
from push.hub.registry import Members
from push.nudges.bus import Nudge, parse
from tests.push.fakes import FakeConnection, FakeReads, joined, snapshot, until


@pytest.mark.parametrize("users", [[7], [6, 7, 8], None], ids=["theirs", "among others", "everybody's"])
async def test_what_has_ended_is_closed_and_the_rest_stays(
    the_hub: Hub, reads: FakeReads, users: list[int | str] | None
) -> None:
    ended, other = reads.sign_in(7), reads.sign_in(8)
    await joined(the_hub, ended, other)
    del reads.sessions[ended.credential.key]
    the_hub.nudged(Nudge(users, recheck=True))
    await until(lambda: ended.refusals)
    assert (ended.refusals, other.refusals) == (["not_signed_in"], [])


async def test_a_state_of_the_same_moment_is_not_sent(the_hub: Hub, reads: FakeReads) -> None:
    ended = reads.sign_in(7, version=1)
    await joined(the_hub, ended)
    del reads.sessions[ended.credential.key]
    reads.states[7] = snapshot(7, 2)
    the_hub.nudged(Nudge([7], "comment"))
    the_hub.nudged(Nudge([7], recheck=True))
    await until(lambda: ended.refusals)
    assert ended.versions == [1]


async def test_a_connection_that_is_being_opened(the_hub: Hub, reads: FakeReads) -> None:
    """Its session was read before it ended, and it is nobody's connection before that read is back."""
    reads.gate.clear()
    opening = reads.sign_in(7)
    the_hub.join(opening)
    await until(lambda: reads.queries)
    del reads.sessions[opening.credential.key]
    the_hub.nudged(Nudge([7], recheck=True))
    reads.gate.set()
    await until(lambda: opening.refusals)
    assert opening.refusals == ["not_signed_in"]


async def test_a_read_that_fails_is_made_up_for(the_hub: Hub, reads: FakeReads) -> None:
    ended = reads.sign_in(7)
    await joined(the_hub, ended)
    del reads.sessions[ended.credential.key]
    reads.failures = 1
    the_hub.nudged(Nudge([7], recheck=True))
    await until(lambda: ended.refusals)


def test_they_come_before_those_whose_turn_it_is() -> None:
    work, connections = Work(), [FakeConnection(str(number)) for number in range(1500)]
    work.checking.update(dict.fromkeys(connections))
    work.recheck([connections[-1]])
    first, second = work.take(Members()), work.take(Members())
    assert first is not None
    assert second is not None
    assert first.checking[0] is connections[-1]
    assert len(first.checking) == 1000
    assert sorted(map(id, first.checking + second.checking)) == sorted(map(id, connections))


@pytest.mark.parametrize("recheck", [True, False])
def test_on_the_bus(recheck: bool) -> None:
    nudge = Nudge([7, "8"], recheck=recheck)
    assert parse(nudge.as_dict()) == nudge
    assert parse({"users": [7]}) == Nudge([7])  # of an older version
