"""When tickets stop counting: with their session, service token, user or password, and no sooner."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.contrib.auth import SESSION_KEY, get_user_model
from django.contrib.sessions.models import Session
from django.test import Client, override_settings
from django.utils import timezone

from inbox import services
from inbox.credentials import tickets
from inbox.credentials.tickets import BadTicket
from inbox.models import EndedSession, Scope, ServiceToken, TicketSession

from .rest import person
from .tickets import KEY, counts, key_of

pytestmark = [pytest.mark.urls("tests.inbox.urls"), pytest.mark.django_db, pytest.mark.anywhere]


def test_expiry_bounds_opening_only(bob: Any) -> None:
    text, ticket = services.mint_ticket(bob, key_of(bob), 60)
    with time_machine.travel(ticket.expires, tick=False):
        with pytest.raises(BadTicket):
            tickets.verify(text)
        assert counts(text) == [False]
        assert counts(text, opening=False) == [True]


def test_it_ends_with_its_session_and_no_other(bob: Any) -> None:
    key = key_of(bob)
    here, elsewhere, without = (services.mint_ticket(bob, each)[0] for each in (key, key_of(bob), None))
    services.end_session(key)
    assert counts(here, elsewhere, without) == [False, True, True]
    assert counts(here, opening=False) == [False]


@pytest.mark.parametrize("engine", ["db", "cached_db", "cache", "file", "signed_cookies"])
class TestASession:
    """A ticket ends with the session it was minted in, whichever engine keeps that."""

    @pytest.fixture(autouse=True)
    def sessions(self, engine: str, tmp_path: Any) -> Iterator[None]:
        path = f"django.contrib.sessions.backends.{engine}"
        with override_settings(SESSION_ENGINE=path, SESSION_FILE_PATH=str(tmp_path)):
            yield

    @pytest.fixture
    def browser(self, bob: Any) -> Client:
        browser = Client()
        browser.force_login(bob)
        return browser

    @pytest.fixture
    def text(self, bob: Any, browser: Client) -> str:
        text = services.mint_ticket(bob, browser.cookies["sessionid"].value, 60)[0]
        assert counts(text) == counts(text, opening=False) == [True]
        return text

    def test_logging_out(self, text: str, browser: Client) -> None:
        services.end_session(browser.cookies["sessionid"].value)  # the client's own logout would end a copy
        browser.logout()
        assert counts(text, opening=False) == [False]

    def test_expiry(self, text: str) -> None:
        with time_machine.travel(timezone.now() + timedelta(seconds=settings.SESSION_COOKIE_AGE + 1)):
            assert counts(text, opening=False) == [False]

    def test_its_deletion(self, text: str, browser: Client, engine: str) -> None:
        browser.session.flush()
        assert counts(text, opening=False) == [engine == "signed_cookies"]  # which nothing can delete

    def test_another_user_signs_in_there(self, text: str, browser: Client) -> None:
        session = browser.session
        session[SESSION_KEY] = str(person("alice").pk)
        session.save()
        if session.session_key == browser.cookies["sessionid"].value:  # else that key is a session of its own
            assert counts(text, opening=False) == [False]


def test_it_ends_with_the_password(bob: Any) -> None:
    text, within = services.mint_ticket(bob, None)[0], services.mint_ticket(bob, key_of(bob))[0]
    bob.set_password("another")
    bob.save()
    assert counts(text, within, opening=False) == [False, False]
    assert counts(services.mint_ticket(bob, None)[0]) == [True]


@pytest.mark.parametrize("end", ["revoked", "expired", "deleted", "its owner deactivated"])
def test_it_ends_with_the_service_token_that_minted_it(bob: Any, end: str) -> None:
    alice = person("alice")
    services.create_token("shop", alice, [Scope.TICKETS])
    services.create_token("other shop", alice, [Scope.TICKETS])
    token, other = ServiceToken.objects.order_by("pk")
    text, others = (services.mint_ticket(bob, None, token=each.pk)[0] for each in (token, other))
    assert counts(text, others) == [True, True]
    if end == "revoked":
        services.revoke_token(token)
    elif end == "expired":
        ServiceToken.objects.filter(pk=token.pk).update(expires_at=timezone.now())
    elif end == "deleted":
        token.delete()
    else:
        get_user_model().objects.filter(pk=alice.pk).update(is_active=False)
    assert counts(text, others, opening=False) == [False, end != "its owner deactivated"]


def test_it_ends_with_the_user(bob: Any) -> None:
    text, _ticket = services.mint_ticket(bob, key_of(bob))
    get_user_model().objects.update(is_active=False)
    assert counts(text, opening=False) == [False]
    bob.delete()
    assert counts(text, opening=False) == [False]


def test_the_session_of_a_ticket_is_kept_once(bob: Any) -> None:
    key = key_of(bob)
    for later in (0, 60, settings.SESSION_COOKIE_AGE - 60):
        with time_machine.travel(timezone.now() + timedelta(seconds=later)):
            services.mint_ticket(bob, key)
            kept = TicketSession.objects.get().until - timezone.now()
            assert timedelta(seconds=settings.SESSION_COOKIE_AGE - 61) < kept


@pytest.mark.parametrize("age", [60, 1800, 3600, 14 * 86400])
def test_a_ticket_lasts_as_long_as_its_session(bob: Any, age: int) -> None:
    """However short sessions are here, and however often one is prolonged."""
    with override_settings(SESSION_COOKIE_AGE=age, SESSION_SAVE_EVERY_REQUEST=True):
        start = timezone.now()
        with time_machine.travel(start, tick=False) as clock:
            key = key_of(bob)
            for passed in range(0, 2 * 3600 + 2 * age, max(age // 2, 300)):
                clock.move_to(start + timedelta(seconds=passed))
                Session.objects.update(expire_date=timezone.now() + timedelta(seconds=age))
                text, _ticket = services.mint_ticket(bob, key, 60)
                clock.shift(timedelta(seconds=age - 1))
                services.purge(days=0, keep=0)  # no messages
                assert counts(text, opening=False) == [True]


def test_ended_sessions_are_forgotten() -> None:
    services.end_session(KEY)
    for later, kept in ((timedelta(hours=1), 2), (timedelta(days=1), 1)):
        with time_machine.travel(timezone.now() + later):
            services.end_session("j" * 32)
            assert EndedSession.objects.count() == kept
