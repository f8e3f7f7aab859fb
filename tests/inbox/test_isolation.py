"""What can't be done keeps nothing else back, wherever it stands, and costs no more than it says."""

from collections.abc import Sequence

import pytest

from inbox.core import isolation
from inbox.core.isolation import split_on_failure

ITEMS = range(1000)
PLACES = {
    "one": [500],
    "at the front": range(50),
    "at the end": range(950, 1000),
    "spread": range(0, 1000, 20),
    "nearly all": range(999),
    "all": ITEMS,
}


class Work:
    """Fails for whatever holds a bad item."""

    def __init__(self, bad: Sequence[int]) -> None:
        self.bad, self.tries = frozenset(bad), 0

    def __call__(self, some: Sequence[int]) -> int:
        self.tries += 1
        if self.bad.intersection(some):
            raise ValueError
        return len(some)


@pytest.mark.parametrize("place", PLACES)
def test_all_others_are_done(place: str) -> None:
    work = Work(PLACES[place])
    done, left = split_on_failure("Testing", work, ITEMS)
    assert (done, set(left)) == (len(ITEMS) - len(work.bad), work.bad)
    assert work.tries <= 2 * len(ITEMS)
    assert len(left) == len(work.bad)


def test_slow_failures_have_a_bound_and_starve_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolation, "MOST_SECONDS", 0.0)
    left, runs = list(ITEMS), 0
    while len(left) > 50:
        work = Work(range(50))
        _done, left = split_on_failure("Testing", work, left)
        assert work.tries <= 2 * isolation.MOST_FAILURES + len(ITEMS)
        assert (runs := runs + 1) < 1000
    assert set(left) == set(range(50))
