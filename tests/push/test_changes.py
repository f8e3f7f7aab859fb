"""When listeners are told that something may have changed: book-keeping without a server."""

from collections.abc import Callable
from typing import Any

from push.hub.changes import SECONDS, Changes
from push.nudges.bus import Nudge

READ, BROADCAST, ARRIVED = Nudge([7]), Nudge(None, "broadcast-4"), Nudge([7], "comment")


class Loop:
    """Runs what is due when the test says so."""

    def __init__(self) -> None:
        self.now = 100.0
        self.due: list[tuple[float, Callable[[], None]]] = []

    def time(self) -> float:
        return self.now

    def call_at(self, when: float, call: Callable[[], None]) -> str:
        self.due.append((when, call))
        return "timer"

    def run_to(self, now: float) -> None:
        self.now = now
        due, self.due = [call for when, call in self.due if when <= now], [each for each in self.due if each[0] > now]
        for call in due:
            call()


def listening() -> tuple[Loop, Changes, list[float]]:
    loop: Any = Loop()
    changes, told = Changes(loop), list[float]()
    changes.listen("page", lambda: told.append(loop.now))
    return loop, changes, told


def test_at_once_then_every_two_seconds() -> None:
    loop, changes, told = listening()
    for tenth in range(50):
        loop.run_to(100 + tenth / 10)
        changes.nudged(READ)
        loop.run_to(100 + tenth / 10)
    assert told == [100, 100 + SECONDS, 100 + 2 * SECONDS]


def test_the_last_change_is_told_too() -> None:
    loop, changes, told = listening()
    changes.nudged(READ)
    loop.run_to(100)
    changes.nudged(BROADCAST)
    loop.run_to(200)
    assert told == [100, 200]


def test_an_arrival_is_not_told() -> None:
    loop, changes, _told = listening()
    changes.nudged(ARRIVED)
    assert not loop.due


def test_nobody_is_told_who_has_left() -> None:
    loop, changes, told = listening()
    changes.nudged(READ)
    changes.forget("page")
    changes.forget("page")
    loop.run_to(200)
    changes.nudged(READ)
    assert (told, loop.due) == ([], [])
