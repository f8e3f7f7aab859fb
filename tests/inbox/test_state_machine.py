"""Whatever happens in whatever order: badge = list = what mark-all would mark, and a version means one state.

`make test` takes a few random histories per database, on PostgreSQL only of everything at once; `make soak` takes many
more. A failing one is printed as a program of the rules in tests/inbox/state/.
"""

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from .examples import times
from .state.acts import Acts
from .state.broadcasts import Broadcasts
from .state.meetings import MEETINGS, Meetings
from .state.people import People
from .state.restarts import Restarts
from .state.sends import Parts, Sends
from .state.subjects import Subjects

pytestmark = pytest.mark.django_db(transaction=True)
HISTORIES = settings(
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.reuse, Phase.generate, Phase.shrink],  # explaining a failure takes minutes
)
TOGETHER = 9  # from the tenth on, hypothesis varies the histories that it has: most are nearly the same


class Machine(Acts, Sends, Subjects, Broadcasts, Restarts, People):
    """Everything at once."""


class Conversations(Acts, Sends, Subjects, People):
    """Fewer kinds of things, so that more of each come together."""


class Announcements(Acts, Broadcasts, Restarts, People):
    """The same for broadcasts."""


class Workers(Parts, Subjects, People):
    """The same for what workers do in parts."""


ONCE = [pytest.mark.anywhere, pytest.mark.any_django]
NARROWER = [pytest.param(machine, 1, marks=ONCE) for machine in (Conversations, Meetings, Announcements, Workers)]


def run(machine: Any, histories: int, steps: int = 30) -> None:
    for begun in range(0, histories, TOGETHER):
        some = settings(HISTORIES, max_examples=min(TOGETHER, histories - begun), stateful_step_count=steps)
        run_state_machine_as_test(machine, settings=some)


@pytest.mark.parametrize(("machine", "histories"), [(Machine, 3), *NARROWER])
def test_every_history(machine: Any, histories: int) -> None:
    run(machine, times(histories))


@pytest.mark.any_django
def test_every_history_under_a_small_cap(settings: Any) -> None:
    settings.INBOX_UNREAD_CAP = 2
    run(Machine, times(1))


@pytest.mark.soak
@pytest.mark.parametrize("machine", [Machine, Conversations, Announcements, Workers])
def test_very_many_histories(machine: Any) -> None:
    run(machine, 200, steps=50)


@pytest.mark.soak
def test_everything_meets_everything(capsys: Any) -> None:
    Meetings.met.clear()
    run(Meetings, 200, steps=50)
    with capsys.disabled():
        print("\nOf 200 histories: ", ", ".join(f"{what}: {count}" for what, count in Meetings.met.most_common()))
    assert not set(MEETINGS) - Meetings.met.keys()
