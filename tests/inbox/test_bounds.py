"""A number of an operator's that can't be is refused in a sentence, and nothing is written."""

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command

from inbox import selectors, services
from inbox.core.snapshots import CLOCK_UNIT, MAX_CLOCK, MAX_VERSION
from inbox.errors import BadValue
from inbox.models import Broadcast, FollowMessage, ServiceToken

from .people import live

pytestmark = pytest.mark.django_db


@pytest.fixture
def seen(user: int) -> Any:
    """A user's state, with a broadcast out and a message in."""
    live()
    services.send([user], FollowMessage)
    return selectors.snapshot(user)


@pytest.mark.parametrize("by", [0, -1, -(10**9), MAX_CLOCK, 2**53, 2**63, 10**30, 1.5])
def test_the_clock_only_goes_forward_and_never_too_far(seen: Any, by: Any) -> None:
    with pytest.raises(CommandError, match="from 1 to"):
        call_command("bump_clock", by=by)
    assert selectors.snapshot(seen.user) == seen


def test_the_last_version_is_one_that_browsers_can_count(seen: Any) -> None:
    left = MAX_CLOCK - seen.version // CLOCK_UNIT
    assert services.bump_clock(left) == MAX_CLOCK
    assert seen.version < selectors.snapshot(seen.user).version < MAX_VERSION - CLOCK_UNIT // 4
    with pytest.raises(BadValue):
        services.bump_clock(1)
    with pytest.raises(BadValue):
        services.publish(Broadcast.objects.create(title="Too late"))


@pytest.mark.parametrize("version", [-1, MAX_VERSION, MAX_VERSION + 1, 2**63])
def test_the_clock_is_not_raised_past_what_is_no_version(seen: Any, version: int) -> None:
    with pytest.raises(BadValue):
        services.raise_clock(version)
    assert selectors.snapshot(seen.user) == seen


@pytest.mark.anywhere
@pytest.mark.parametrize(
    ("command", "arguments", "says"),
    [
        *[("create_token", ["shop", "--scope=tickets", f"--days={days}"], "days") for days in (-1, 0, 36_501, 10**30)],
        *[("create_ticket", ["root", f"--ttl={ttl}"], "ttl") for ttl in (-1, 0, 3601, 10**30)],
        *[("mqtt_ticket", ["root", f"--ttl={ttl}"], "ttl") for ttl in (-1, 10**30)],
        *[("purge", [f"--days={days}"], "no number") for days in (-1, 36_501, 10**30)],
        *[("purge", [f"--keep={keep}"], "no number") for keep in (-1, 10**9 + 1, 2**63 - 1, 10**30)],
    ],
)
def test_no_command_takes_any_number(seen: Any, command: str, arguments: list[str], says: str) -> None:
    get_user_model().objects.create_superuser("root")
    with pytest.raises(CommandError, match=says):
        call_command(command, *arguments)
    assert selectors.snapshot(seen.user) == seen
    assert not ServiceToken.objects.exists()
