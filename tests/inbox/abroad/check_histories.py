"""The same random histories as at home, with keys of another kind and the site's own event types."""

from typing import Any

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from ..test_state_machine import HISTORIES, Machine, few

pytestmark = pytest.mark.django_db(transaction=True)


def test_every_history() -> None:
    run_state_machine_as_test(Machine, settings=few)


@pytest.mark.soak
def test_very_many_histories() -> Any:
    run_state_machine_as_test(Machine, settings=settings(HISTORIES, max_examples=300, stateful_step_count=50))
