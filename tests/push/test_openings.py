"""The budget of connections that a user may open: for whom it is enough, and for whom it is not."""

import time

import pytest
from django.test import override_settings

from push.gate import openings, shutouts
from push.gate.credentials import Credential

KEY, OTHER = Credential("session", "a" * 32), Credential("session", "b" * 32)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    for module in (openings, shutouts):
        monkeypatch.setattr(module, "_remembered", {})
    return now


def opened(times: int, credential: Credential = KEY) -> int:
    """How many of so many attempts are let in; each is verified, as user 7."""
    let_in = 0
    for _ in range(times):
        if openings.count(credential) is None:
            openings.belongs_to(credential, 7)
            let_in += shutouts.extends_to(credential, 7) is None
    return let_in


def test_twenty_tabs_may_be_reloaded_five_times_at_once() -> None:
    assert opened(100) == 100
    assert opened(1) == 0


def test_in_the_long_run_ten_a_second(clock: list[float]) -> None:
    opened(100)
    for _ in range(100):
        clock[0] += 1
        assert opened(10) == 10
    assert opened(1) == 0


def test_the_client_of_a_flaky_network_is_never_shut_out(clock: list[float]) -> None:
    """Twenty tabs that share nothing, each of which loses its connection at once: our client waits up to 3 s."""
    for _ in range(200):
        assert opened(20) == 20
        clock[0] += 2


def test_one_too_many_shuts_out_the_user(clock: list[float]) -> None:
    opened(101)
    assert shutouts.of_credential(KEY) is not None
    assert shutouts.extends_to(OTHER, 7) is not None, "with every session"
    assert shutouts.extends_to(Credential("session", "c" * 32), 8) is None


def test_attempts_during_a_shut_out_do_not_count(clock: list[float]) -> None:
    opened(101)
    assert opened(10_000) == 0
    clock[0] += 1.5  # it lasted for one second, and half a second has been refilled
    assert opened(5) == 5


def test_a_shut_out_refills_nothing(clock: list[float]) -> None:
    """Otherwise a client could open a hundred connections after each shut-out of 30 s."""
    opened(101)
    clock[0] += 1
    assert opened(100) == 0
    found = shutouts.of_credential(KEY)
    assert found is not None
    assert found.seconds == 2, "the next one is longer"


def test_sessions_of_a_user_share_a_budget() -> None:
    assert opened(60) == 60
    assert opened(40, OTHER) == 40
    assert opened(1) == 0


def test_what_was_opened_before_the_user_was_known_counts() -> None:
    opened(90)
    for _ in range(20):
        assert openings.count(OTHER) is None
    openings.belongs_to(OTHER, 7)
    assert shutouts.of_credential(OTHER) is not None


def test_who_is_never_verified_has_a_budget_too() -> None:
    """A cookie of a session that has ended."""
    assert [openings.count(KEY) for _ in range(100)] == [None] * 100
    assert openings.count(KEY) is not None
    assert openings.count(OTHER) is None


def test_what_is_given_back_does_not_count() -> None:
    for _ in range(1000):
        assert opened(1) == 1
        openings.give_back(KEY)
    openings.give_back(KEY)
    assert opened(100) == 100
    assert opened(1) == 0, "a bucket is never more than full"


@override_settings(PUSH_MAX_CONNECTIONS_PER_USER=1000)
def test_a_user_of_many_devices_may_open_more() -> None:
    assert opened(5000) == 5000
    assert opened(1) == 0


@override_settings(PUSH_MAX_CONNECTIONS_PER_USER=1)
def test_a_page_may_be_reloaded_where_users_have_one_connection() -> None:
    assert opened(100) == 100


def test_what_is_remembered_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openings, "MOST_REMEMBERED", 10)
    for n in range(100):
        openings.count(Credential("session", str(n)))
        opened(1, KEY)
    assert len(openings._remembered) == 10
    assert opened(1, KEY) == 0, "who comes again and again is not forgotten"
