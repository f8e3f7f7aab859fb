"""Tokens and tickets cannot be tried, nor tickets minted, without limit; and whoever tries locks nobody else out."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import RequestFactory, override_settings
from pytest_django import DjangoAssertNumQueries

from inbox import services
from inbox.api.shared import throttle
from inbox.checks.settings import check_proxies
from inbox.http.addresses import address_of
from inbox.models import Scope

from .rest import Caller, person, problem
from .services import Service

pytestmark = [pytest.mark.urls("tests.inbox.urls"), pytest.mark.django_db, pytest.mark.anywhere]


class From:
    """A caller at an address."""

    def __init__(self, address: str, caller: Caller) -> None:
        self.caller = caller
        caller.client.defaults["REMOTE_ADDR"] = address

    def statuses(self, times: int, method: str, path: str) -> list[int]:
        return [self.caller(method, path).status_code for _ in range(times)]


@pytest.fixture(autouse=True)
def limits(settings: Any, clock: Any, monkeypatch: Any) -> None:
    settings.INBOX_FAILED_CHECKS_PER_MINUTE = settings.INBOX_TICKETS_PER_MINUTE = 2
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "throttling"}}  # as the site has it
    throttle.cache.clear()
    monkeypatch.setattr(throttle, "_blocked", {})
    monkeypatch.setattr(throttle, "_valid", {})


@pytest.fixture
def unread(bob: Any) -> str:
    return f"users/{bob.pk}/unread/"


@pytest.fixture
def token(bob: Any) -> str:
    return services.create_token("shop", bob, [Scope.MESSAGES_READ, Scope.TICKETS])


def test_wrong_tokens(unread: str, clock: Any) -> None:
    here, there = (From(address, Service("rd_wrong")) for address in ("192.0.2.1", "192.0.2.2"))
    assert here.statuses(4, "GET", unread) == [401, 401, 429, 429]
    refused = here.caller.get(unread)
    assert problem(refused, 429)["code"] == "too_many_requests"
    assert refused["Retry-After"] == "60"
    assert there.statuses(1, "GET", unread) == [401]
    clock.shift(timedelta(seconds=60))
    assert here.statuses(1, "GET", unread) == [401]


def test_nothing_is_looked_up_any_more(
    unread: str, token: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    From("192.0.2.1", Service("rd_wrong")).statuses(3, "GET", unread)
    with django_assert_num_queries(0):
        assert From("192.0.2.1", Service(token)).statuses(1, "GET", unread) == [429]


def test_a_token_that_was_right_is_not_locked_out_by_others(unread: str, token: str) -> None:
    good = From("192.0.2.1", Service(token))
    assert good.statuses(1, "GET", unread) == [200]
    assert From("192.0.2.1", Service("rd_wrong")).statuses(3, "GET", unread)[-1] == 429
    assert good.statuses(1, "GET", unread) == [200]


@pytest.mark.parametrize("shown", ["x", "x.y", "rd_wrong", "{}x"])
def test_forged_tickets(bob: Any, shown: str) -> None:
    good = services.mint_ticket(bob, None)[0]
    assert From("192.0.2.1", Service(shown.format(good))).statuses(3, "GET", "unread/") == [401, 401, 429]
    assert From("192.0.2.1", Service(good)).statuses(1, "GET", "unread/") == [200]


def test_an_expired_ticket_is_no_forged_one(bob: Any) -> None:
    """Its client gets the next one after a 401."""
    old = services.mint_ticket(bob, None, ttl=-1)[0]
    assert From("192.0.2.1", Service(old)).statuses(4, "GET", "unread/") == [401] * 4


def test_minting(bob: Any, token: str) -> None:
    """By whomever: they count for the user."""
    assert From("192.0.2.1", Caller(bob)).statuses(1, "POST", "tickets/") == [201]
    shop = From("192.0.2.2", Service(token))
    assert shop.statuses(2, "POST", f"users/{bob.pk}/tickets/") == [201, 429]
    refused = Caller(bob)("POST", "tickets/")
    assert problem(refused, 429)["code"] == "too_many_requests"
    assert refused["Retry-After"] == "60"
    assert shop.statuses(1, "POST", f"users/{person('alice').pk}/tickets/") == [201]


def test_many_addresses_reset_no_count() -> None:
    """Without Redis: Django's own cache forgets a third of what it holds when there are 300."""
    for _ in range(25):
        throttle.count("wrong-192.0.2.1")
    for number in range(2000):
        throttle.count(f"wrong-2001:db8:{number:x}::")
    assert throttle.count("wrong-192.0.2.1") == 26


def test_a_cache_that_fails_costs_nobody_a_request(unread: str, monkeypatch: Any) -> None:
    class Broken:
        def add(self, *args: Any) -> None:
            raise OSError

    monkeypatch.setattr(throttle, "_circuit", throttle.Circuit("It"))
    monkeypatch.setattr(throttle, "cache", Broken())
    assert From("192.0.2.1", Service("rd_wrong")).statuses(4, "GET", unread) == [401] * 4


def test_what_a_process_keeps_in_mind_is_bounded() -> None:
    for number in range(throttle.REMEMBERED + 1):
        throttle.remember_valid(str(number))
    assert len(throttle._valid) <= throttle.REMEMBERED


PROXIES = ["10.0.0.0/8", "::1"]


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("192.0.2.1", "", "192.0.2.1"),
        ("192.0.2.1", "198.51.100.7", "192.0.2.1"),  # a claim of the client's own
        ("10.1.2.3", "198.51.100.7", "198.51.100.7"),
        ("10.1.2.3", "203.0.113.9, 198.51.100.7", "198.51.100.7"),
        ("10.1.2.3", "203.0.113.9, 198.51.100.7, 10.9.9.9", "198.51.100.7"),
        ("::1", "198.51.100.7", "198.51.100.7"),
        ("::1", "198.51.100.7:4711", "198.51.100.7"),
        ("::1", "[2001:db8:1:2:3::4]:4711", "2001:db8:1:2::"),
        ("fe80::1%eth0", "", "fe80::"),
        ("::ffff:10.1.2.3", "::ffff:198.51.100.7", "198.51.100.7"),
        ("10.1.2.3", "198.51.100.7, junk", "10.1.2.3"),
        ("10.1.2.3", "", "10.1.2.3"),
        ("2001:db8:1:2:3:4:5:6", "", "2001:db8:1:2::"),
        ("", "198.51.100.7", None),
        (None, "", None),
        ("unix:", "", None),
    ],
)
def test_addresses(peer: str | None, forwarded: str, address: str | None) -> None:
    request = RequestFactory().get("/", REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR=forwarded)
    with override_settings(INBOX_TRUSTED_PROXIES=PROXIES):
        assert address_of(request) == address


@pytest.mark.parametrize(
    ("proxies", "wrong"), [([], 0), (PROXIES, 0), ("10.0.0.1", 1), (["x", "10.0.0.1", "::1/x"], 2)]
)
def test_proxies_are_checked(proxies: Any, wrong: int) -> None:
    with override_settings(INBOX_TRUSTED_PROXIES=proxies):
        assert [found.id for found in check_proxies()] == ["inbox.E008"] * wrong
