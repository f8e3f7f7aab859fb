"""Whatever happens in whatever order: badge = list = what mark-all would mark, and a version means one state.

`make test` takes a few random histories per database, on PostgreSQL only of everything at once; `make soak` takes many
more. A failing one is printed as a program of the rules in tests/inbox/state/.
"""

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from .examples import examples
from .state.broadcasts import Broadcasts
from .state.messages import Messages
from .state.people import People

pytestmark = pytest.mark.django_db(transaction=True)
HISTORIES = settings(
    deadline=None,
    stateful_step_count=30,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.reuse, Phase.generate, Phase.shrink],  # explaining a failure takes minutes
)
few = examples(1, HISTORIES)


class Machine(Messages, Broadcasts, People):
    """Everything at once."""


class Conversations(Messages, People):
    """Fewer kinds of things, so that more of each come together."""


class Announcements(Broadcasts, People):
    """The same for broadcasts."""


ONCE = [pytest.mark.anywhere, pytest.mark.any_django]
NARROWER = [pytest.param(machine, 1, marks=ONCE) for machine in (Conversations, Announcements)]


@pytest.mark.parametrize(("machine", "histories"), [(Machine, 3), *NARROWER])
def test_every_history(machine: Any, histories: int) -> None:
    run_state_machine_as_test(machine, settings=examples(histories, HISTORIES))


@pytest.mark.any_django
def test_every_history_under_a_small_cap(settings: Any) -> None:
    settings.INBOX_UNREAD_CAP = 2
    run_state_machine_as_test(Machine, settings=few)


@pytest.mark.soak
@pytest.mark.parametrize("machine", [Machine, Conversations, Announcements])
def test_very_many_histories(machine: Any) -> None:
    run_state_machine_as_test(machine, settings=settings(HISTORIES, max_examples=200, stateful_step_count=50))
