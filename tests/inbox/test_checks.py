"""A setting that can't be is said at start-up."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from inbox import conf
from inbox.checks import event_types
from inbox.checks import settings as settings_checks

pytestmark = pytest.mark.anywhere


@pytest.mark.parametrize("name", settings_checks.DEFAULTS)
@pytest.mark.parametrize("value", [-1, "600", True, 1.5])
def test_numbers(settings: Any, name: str, value: Any) -> None:
    setattr(settings, name, 5)
    assert settings_checks.check_numbers() == []
    setattr(settings, name, value)
    [error] = settings_checks.check_numbers()
    assert (error.id, error.msg) == ("inbox.E001", f"{name} is {value!r}.")


@pytest.mark.parametrize("value", [1, "yes", None])
def test_switches(settings: Any, value: Any) -> None:
    settings.INBOX_FOUR_EYES = True
    assert settings_checks.check_switches() == []
    settings.INBOX_FOUR_EYES = value
    [error] = settings_checks.check_switches()
    assert (error.id, error.msg) == ("inbox.E014", f"INBOX_FOUR_EYES is {value!r}.")


def test_times_have_zones(settings: Any) -> None:
    assert settings_checks.check_time_zones() == []
    settings.USE_TZ = False
    [error] = settings_checks.check_time_zones()
    assert (error.id, error.msg) == ("inbox.E023", "USE_TZ is False.")


@pytest.mark.parametrize(
    ("entry", "warned"),
    [
        ({}, 0),
        ({"OPTIONS": {"prepare_threshold": 5}}, 0),
        ({"DISABLE_SERVER_SIDE_CURSORS": True}, 0),
        ({"DISABLE_SERVER_SIDE_CURSORS": True, "OPTIONS": {"prepare_threshold": None}}, 0),
        ({"DISABLE_SERVER_SIDE_CURSORS": True, "OPTIONS": {"prepare_threshold": 0}}, 1),
    ],
)
def test_statements_prepared_behind_a_pooler(
    monkeypatch: pytest.MonkeyPatch, entry: dict[str, Any], warned: int
) -> None:
    given = SimpleNamespace(DATABASES={"default": {}, "other": entry})
    monkeypatch.setattr(settings_checks, "settings", given)  # Django warns of other DATABASES in its own
    found = settings_checks.check_prepared_statements()
    assert [(each.id, each.msg) for each in found] == warned * [
        ("inbox.W002", "The database 'other' prepares statements behind a pooler.")
    ]


@pytest.mark.parametrize("value", ["", "count", "Unread", None, 1, ["unread"]])
def test_the_number_of_the_badge(settings: Any, value: Any) -> None:
    for name in conf.BADGES:
        settings.INBOX_BADGE = name
        assert settings_checks.check_badge() == []
    settings.INBOX_BADGE = value
    [error] = settings_checks.check_badge()
    assert (error.id, error.msg) == ("inbox.E015", f"INBOX_BADGE is {value!r}.")


@pytest.mark.parametrize(
    "value", ["nowhere.at_all", "tests.inbox.may_follow.nothing", "tests.inbox.may_follow.asked", 7]
)
def test_who_may_follow(settings: Any, value: Any) -> None:
    for right in ("", "tests.inbox.may_follow.may_follow"):
        settings.INBOX_MAY_FOLLOW = right
        assert settings_checks.check_may_follow() == []
    settings.INBOX_MAY_FOLLOW = value
    [error] = settings_checks.check_may_follow()
    assert (error.id, error.msg) == ("inbox.E020", f"INBOX_MAY_FOLLOW is {value!r}, which is no function.")


def test_each_check_has_an_id_of_its_own() -> None:
    """So that a site can silence one."""
    folder = Path(settings_checks.__file__).parent
    ids = [found for path in folder.glob("*.py") for found in re.findall(r'"inbox\.[EW]\d+"', path.read_text())]
    assert ids
    assert len(ids) == len(set(ids))


def test_without_limit_is_said_by_zero(settings: Any) -> None:
    for name in settings_checks.DEFAULTS:
        setattr(settings, name, 0)
    refused = {error.msg for error in settings_checks.check_numbers()}
    minutely = {f"INBOX_{what}_PER_MINUTE is 0." for what in ("REQUESTS", "FAILED_CHECKS", "TICKETS")}
    assert refused == {"INBOX_UNREAD_CAP is 0.", *minutely}


def test_columns_that_a_send_could_not_name(monkeypatch: pytest.MonkeyPatch) -> None:
    assert event_types.check_event_types() == []
    monkeypatch.setattr(event_types, "RESERVED", {"excerpt"})
    found = event_types.check_event_types()
    assert [error.id for error in found] == ["inbox.E002"] * 2  # comments and mentions
