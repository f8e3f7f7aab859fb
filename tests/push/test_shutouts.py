"""Shut-outs: whom they concern, how long they last, and what they keep in memory."""

import time

import pytest
from django.test import override_settings

from push.gate import shutouts
from push.gate.credentials import Credential

KEY, OTHER = Credential("session", "a" * 32), Credential("session", "b" * 32)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(shutouts, "_remembered", {})
    monkeypatch.setattr(shutouts, "_latest", 0.0)
    return now


def lasting(clock: list[float], credential: Credential = KEY) -> float:
    """Seconds until it is over; sets the clock to that time."""
    start = clock[0]
    while shutouts.of_credential(credential) is not None and clock[0] < start + 100:
        clock[0] += 0.5
    return clock[0] - start


def test_a_cut_shuts_out_its_credential_alone(clock: list[float]) -> None:
    assert shutouts.of_credential(KEY) is None
    shutouts.shut_out(KEY, 7)
    assert shutouts.of_credential(OTHER) is None
    assert lasting(clock) == 1


def test_each_lasts_twice_as_long_as_the_last_until_there_is_quiet(clock: list[float]) -> None:
    lengths = []
    for _ in range(7):
        shutouts.shut_out(KEY, 7)
        lengths.append(lasting(clock))
    assert lengths == [1, 2, 4, 8, 16, 30, 30]
    clock[0] += shutouts.QUIET_SECONDS
    shutouts.shut_out(KEY, 7)
    assert lasting(clock) == 1


def test_connections_that_are_cut_together_count_once(clock: list[float]) -> None:
    for _ in range(10):
        shutouts.shut_out(KEY, 7)
    assert lasting(clock) == 1


def test_another_credential_of_the_user_is_shut_out_once_it_is_verified(clock: list[float]) -> None:
    shutouts.shut_out(KEY, 7)
    assert not shutouts.extends_to(OTHER, 8)
    assert shutouts.of_credential(OTHER) is None
    assert shutouts.extends_to(OTHER, 7) is not None
    assert shutouts.of_credential(OTHER) is shutouts.of_credential(KEY) is not None
    assert lasting(clock, OTHER) == 1
    assert not shutouts.extends_to(OTHER, 7)


def test_a_user_repeats_with_another_credential(clock: list[float]) -> None:
    shutouts.shut_out(KEY, 7)
    lasting(clock)
    shutouts.shut_out(OTHER, 7)
    assert lasting(clock, OTHER) == 2


def test_who_floods_before_being_verified_is_known_by_the_credential(clock: list[float]) -> None:
    shutouts.shut_out(KEY, None)
    assert lasting(clock) == 1
    shutouts.shut_out(KEY, 7)
    assert lasting(clock) == 2


def test_whether_anybody_is_shut_out(clock: list[float]) -> None:
    assert not shutouts.any_lasts()
    shutouts.shut_out(KEY, 7)
    assert shutouts.any_lasts()
    lasting(clock)
    assert not shutouts.any_lasts()


def test_a_refusal_says_how_long_to_wait(clock: list[float]) -> None:
    found = shutouts.shut_out(KEY, 7)
    assert dict(found.refusal().headers) == {b"retry-after": b"1"}
    clock[0] += 1
    found = shutouts.shut_out(KEY, 7)
    clock[0] += 0.5
    assert dict(found.refusal().headers) == {b"retry-after": b"2"}
    clock[0] += 10
    assert dict(found.refusal().headers) == {b"retry-after": b"1"}, "it was held until the end"


@override_settings(PUSH_MAX_CONNECTIONS_PER_USER=2)
def test_what_is_held_is_limited_per_user_and_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutouts, "MOST_HELD", 3)
    shutouts.shut_out(KEY, 7)
    shutouts.shut_out(OTHER, 8)
    first, second = shutouts.of_credential(KEY), shutouts.of_credential(OTHER)
    assert first is not None
    assert second is not None
    with first.holding(), first.holding():
        assert not first.can_hold()
        with second.holding():
            assert not second.can_hold()
        assert second.can_hold()
    assert first.can_hold()


def test_a_handshake_is_held_for_less_than_servers_and_clients_wait(clock: list[float]) -> None:
    for _ in range(6):
        shutouts.shut_out(KEY, 7)
        held = shutouts.of_credential(KEY)
        assert held is not None
        with held.holding() as seconds:
            assert min(3, held.until - clock[0]) <= seconds < 5, "daphne gives up after five"
        lasting(clock)


def test_what_is_remembered_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutouts, "MOST_REMEMBERED", 10)
    for n in range(100):
        shutouts.shut_out(Credential("session", str(n)), None)
    assert len(shutouts._remembered) == 10
    assert shutouts.of_credential(Credential("session", "99")) is not None
