"""Signing in cannot be tried without limit, and whoever tries locks nobody out who is signed in or somewhere else."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from axes.models import AccessAttempt
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from inbox.api.shared import throttle

pytestmark = pytest.mark.django_db
HERE, THERE = "192.0.2.1", "192.0.2.2"
LOGIN = "/accounts/login/"
RANDOM = r'(csrfmiddlewaretoken" value|nonce)="[^"]+"'


@pytest.fixture(autouse=True)
def limits(settings: Any) -> Iterator[None]:
    settings.LOGIN_FAILURES = settings.AXES_FAILURE_LIMIT = 3
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "logins"}}
    cache.clear()
    with time_machine.travel(datetime(2030, 1, 1, 12, tzinfo=UTC)):  # where a minute begins
        yield


@pytest.fixture(autouse=True)
def bob() -> Any:
    return get_user_model().objects.create_user("bob", password="right", is_staff=True)


def tries(password: str = "wrong", name: str = "bob", address: str | None = HERE, page: str = LOGIN) -> Any:
    return Client(REMOTE_ADDR=address).post(page, {"username": name, "password": password})


def statuses(times: int, *args: Any, **kwargs: Any) -> list[int]:
    return [tries(*args, **kwargs).status_code for _ in range(times)]


@pytest.mark.parametrize("page", [LOGIN, "/admin/login/"])
def test_an_account_from_one_address(page: str) -> None:
    assert statuses(4, page=page) == [200, 200, 429, 429]
    assert statuses(1, "right", page=page) == [429]
    assert statuses(1, "right", address=THERE, page=page) == [302]
    assert statuses(1, name="alice", page=page) == [200]


def test_the_refusal_says_when() -> None:
    statuses(3)
    refused = tries("right")
    assert 14 * 60 < int(refused["Retry-After"]) <= 15 * 60
    assert b"15 minutes" in refused.content
    with time_machine.travel(timezone.now() + timedelta(minutes=10)):
        assert 4 * 60 < int(tries()["Retry-After"]) <= 5 * 60  # and trying on makes it no longer
    with time_machine.travel(timezone.now() + timedelta(minutes=15, seconds=1)):
        assert statuses(1, "right") == [302]


def test_it_does_not_say_whether_there_is_such_an_account() -> None:
    def shown(name: str) -> list[str]:
        pages = [tries(name=name).content.decode() for _ in range(4)]
        return [re.sub(RANDOM, "", page).replace(name, "") for page in pages]

    known, unknown = shown("bob"), shown("nobody")
    assert known == unknown
    assert statuses(1, name="nobody") == statuses(1) == [429]


def test_an_account_from_anywhere() -> None:
    for number in range(10):
        assert statuses(3, address=f"198.51.100.{number}")[:2] == [200, 200]
    assert statuses(1, "right", address=THERE) == [429]
    assert statuses(1, name="alice", address=THERE) == [200]


def test_an_address_with_any_accounts() -> None:
    for number in range(15):
        assert statuses(2, name=f"user{number}") == [200, 200 if number < 14 else 429]
    assert statuses(1, "right") == [429]
    assert statuses(1, "right", address=THERE) == [302]


def test_a_right_password_forgives_its_own_failures_only() -> None:
    """Otherwise an account of one's own would make room for guesses at another's."""
    get_user_model().objects.create_user("mallory", password="right")
    for _ in range(2):
        assert statuses(1) == [200]
        assert statuses(2, name="mallory") == [200, 200]
        assert statuses(1, "right", name="mallory") == [302]
    assert statuses(1) == [429]


def test_mistyping_costs_nothing() -> None:
    for _ in range(5):
        assert statuses(2) == [200, 200]
        assert statuses(1, "right") == [302]


def test_whoever_is_signed_in_stays_so(bob: Any) -> None:
    browser = Client(REMOTE_ADDR=HERE)
    browser.force_login(bob)
    statuses(4)
    assert browser.get("/api/v1/unread/").status_code == 200
    assert browser.post("/api/v1/tickets/").status_code != 429


def test_a_proxy_that_is_not_trusted_is_not_one_client() -> None:
    """Its address is everybody's: one who guesses there locks nobody else out, and is held by the account's limit."""

    def through_proxy(number: int, password: str = "wrong", name: str = "bob") -> int:
        client = Client(REMOTE_ADDR=HERE, headers={"X-Forwarded-For": f"198.51.100.{number}"})
        return int(client.post(LOGIN, {"username": name, "password": password}).status_code)

    for number in range(40):
        through_proxy(number, name=f"user{number}")
    assert through_proxy(99, "right") == 302
    guesses = [through_proxy(number) for number in range(10)]
    assert guesses[-1] == 429  # whatever address is claimed


def test_an_unknown_address_is_not_everybodys() -> None:
    """Behind a Unix socket."""
    for number in range(20):
        assert statuses(2, name=f"user{number}", address=None) == [200, 200]
    assert statuses(4, address=None)[2:] == [429, 429]


def test_the_old_password_is_not_guessed_in_an_open_session(bob: Any) -> None:
    browser = Client(REMOTE_ADDR=HERE)
    browser.force_login(bob)

    def changes(old: str) -> Any:
        new = {"new_password1": "Zebra-4-tea", "new_password2": "Zebra-4-tea"}
        return browser.post("/admin/password_change/", {"old_password": old, **new})

    assert [changes("wrong").status_code for _ in range(4)] == [200, 200, 200, 429]
    refused = changes("right")
    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= 60
    assert browser.get("/admin/password_change/").status_code == 200
    cache.clear()  # a minute later
    assert changes("right").status_code == 302


@pytest.mark.django_db(transaction=True)
def test_many_at_one_moment() -> None:
    """All of them are checked before the first has failed; the three that get through decide for all."""
    let_in: list[str] = []

    class Slow:
        def authenticate(self, request: Any, username: str = "", password: str = "") -> None:
            let_in.append(password)

    with pytest.MonkeyPatch.context() as patched, ThreadPoolExecutor(12) as threads:
        patched.setattr("django.contrib.auth.backends.ModelBackend.authenticate", Slow().authenticate)
        answers = list(threads.map(lambda number: tries(f"guess {number}").status_code, range(12)))
    assert answers.count(429) >= 9
    assert len(let_in) <= 3


def test_a_cache_that_fails_costs_nobody_their_sign_in(monkeypatch: Any) -> None:
    class Broken:
        def add(self, *args: Any) -> None:
            raise OSError

    monkeypatch.setattr(throttle, "_circuit", throttle.Circuit("It"))
    monkeypatch.setattr(throttle, "cache", Broken())
    assert statuses(1, "right") == [302]
    assert statuses(4)[2:] == [429, 429]  # the database counts


def test_nothing_of_the_password_is_kept() -> None:
    tries("secret-secret")
    kept = AccessAttempt.objects.get()
    assert "secret-secret" not in "".join(map(str, vars(kept).values()))


def test_an_operator_lets_them_in_again() -> None:
    statuses(4)
    call_command("axes_reset_username", "bob")
    cache.clear()  # or wait a minute
    assert statuses(1, "right") == [302]


def test_in_chinese() -> None:
    statuses(3)
    browser = Client(REMOTE_ADDR=HERE, headers={"Accept-Language": "zh-hans"})
    assert "15 分钟" in browser.post(LOGIN, {"username": "bob", "password": "x"}).content.decode()
