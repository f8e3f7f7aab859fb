"""The same random histories as at home, with keys of another kind and the site's own event types."""

import pytest

from ..examples import times
from ..test_state_machine import Machine, run

pytestmark = pytest.mark.django_db(transaction=True)


def test_every_history() -> None:
    run(Machine, times(1))


@pytest.mark.soak
def test_very_many_histories() -> None:
    run(Machine, 300, steps=50)
