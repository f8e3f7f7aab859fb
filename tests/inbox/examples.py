"""How many random examples a test takes: a few in every run, as the next run takes others, and many in the soak."""

import os

from hypothesis import HealthCheck, settings

FACTOR = float(os.environ.get("EXAMPLES", "1"))  # others: `make soak`, and the runs on PostgreSQL and the newest Django
USUAL = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def times(number: int) -> int:
    """`number` is that of `make test`."""
    return max(1, round(number * FACTOR))


def examples(number: int, base: settings = USUAL) -> settings:
    """A decorator; `number` is that of `make test`."""
    return settings(base, max_examples=times(number))
