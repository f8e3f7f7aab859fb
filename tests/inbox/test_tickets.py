"""Tickets: what they say, who can make one, and when they stop counting."""

import re
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.contrib.auth import SESSION_KEY, get_user_model
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.core.signing import BadSignature, Signer
from django.test import Client, override_settings
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from inbox import services
from inbox.credentials import tickets
from inbox.credentials.tickets import BadTicket
from inbox.models import EndedSession, Scope, ServiceToken, TicketSession
from inbox.signals import ticket_minted

from .rest import Caller, person, problem, state

pytestmark = [pytest.mark.urls("tests.inbox.urls"), pytest.mark.django_db, pytest.mark.anywhere]
KEY = "k" * 32  # of no session
TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.6.2: what a subprotocol may be made of


@pytest.fixture
def minted() -> Iterator[list[dict[str, Any]]]:
    heard: list[dict[str, Any]] = []

    def hear(sender: Any, signal: Any, **said: Any) -> None:
        heard.append(said)

    ticket_minted.connect(hear)
    yield heard
    ticket_minted.disconnect(hear)


def counts(*texts: str, opening: bool = True) -> list[bool]:
    users = tickets.users_of(texts, opening=opening)
    return [text in users for text in texts]


def key_of(user: Any) -> str:
    """Of a new session."""
    browser = Client()
    browser.force_login(user)
    return str(browser.session.session_key)


def test_a_ticket_says_who(bob: Any) -> None:
    key = key_of(bob)
    text, ticket = services.mint_ticket(bob, key, 60)
    assert tickets.verify(text) == ticket
    assert ticket.user == bob.pk
    assert 58 < ticket.seconds_left <= 60
    assert tickets.users_of([text], opening=True) == {text: bob.pk}
    assert key not in text


def test_it_fits_a_subprotocol_and_an_address(bob: Any) -> None:
    text, _ticket = services.mint_ticket(bob, KEY)
    assert TOKEN.fullmatch(text)
    assert re.fullmatch(r"[\w.-]+", text)
    assert len(text) < 200


@given(st.data())
def test_nobody_else_makes_one(data: st.DataObject) -> None:
    """Change, drop or add any character, and it is none."""
    text, _ticket = services.mint_ticket(get_user_model()(pk=7, password="x"), KEY)
    at = data.draw(st.integers(0, len(text) - 1))
    other = text[:at] + data.draw(st.text(max_size=3)) + text[at + data.draw(st.integers(0, 2)) :]
    if other != text:
        with pytest.raises(BadTicket):
            tickets.verify(other)


@pytest.mark.parametrize("text", ["", ".", "..", "x", "a.b", "\0.\0", "é.é", ".eJw.x", "9" * 5000])
def test_what_is_no_ticket(text: str) -> None:
    with pytest.raises(BadTicket):
        tickets.verify(text)
    assert tickets.users_of([text], opening=False) == {}


def test_another_key_signs_another_ticket(bob: Any) -> None:
    text, _ticket = services.mint_ticket(bob, KEY)
    with override_settings(SECRET_KEY="another" * 9), pytest.raises(BadTicket):
        tickets.verify(text)


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


def test_a_ticket_of_another_version_is_none() -> None:
    for fields in ([7], [7, "", "", 9, 1, "more"], 7, {"user": 7}):
        with pytest.raises(BadTicket):
            tickets.verify(tickets._signer().sign_object(fields))


def test_an_older_process_takes_a_fifth_field_for_forged(bob: Any) -> None:
    """In a rolling deploy: one that unpacks four would fail over it."""
    services.create_token("shop", bob, [Scope.TICKETS])
    theirs = Signer(salt="inbox.ticket", sep=".")
    text, ticket = services.mint_ticket(bob, None, token=ServiceToken.objects.get().pk)
    with pytest.raises(BadSignature):
        theirs.unsign_object(text)
    assert tickets.verify(text) == ticket
    assert len(theirs.unsign_object(services.mint_ticket(bob, None)[0])) == 4


def test_a_rotated_secret_key_ends_nothing(bob: Any) -> None:
    with override_settings(SECRET_KEY="old" * 20):
        text, _ticket = services.mint_ticket(bob, None)
    with override_settings(SECRET_KEY="new" * 20, SECRET_KEY_FALLBACKS=["old" * 20]):
        assert counts(text) == [True]


def test_it_ends_with_the_user(bob: Any) -> None:
    text, _ticket = services.mint_ticket(bob, key_of(bob))
    get_user_model().objects.update(is_active=False)
    assert counts(text, opening=False) == [False]
    bob.delete()
    assert counts(text, opening=False) == [False]


def test_six_queries_for_any_number(bob: Any, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    services.create_token("shop", bob, [Scope.TICKETS])
    token = ServiceToken.objects.get().pk
    people = [person(f"u{n}") for n in range(30)]
    texts = [services.mint_ticket(user, key_of(user))[0] for user in people]
    texts += [services.mint_ticket(user, None, token=token)[0] for user in people]
    with django_assert_num_queries(6):
        assert all(counts(*texts))


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
            for passed in range(0, 2 * 3600 + 2 * age, max(age // 2, 60)):
                clock.move_to(start + timedelta(seconds=passed))
                Session.objects.update(expire_date=timezone.now() + timedelta(seconds=age))
                text, _ticket = services.mint_ticket(bob, key, 60)
                clock.shift(timedelta(seconds=age - 1))
                services.purge()
                assert counts(text, opening=False) == [True]


def test_ended_sessions_are_forgotten() -> None:
    services.end_session(KEY)
    for later, kept in ((timedelta(hours=1), 2), (timedelta(days=1), 1)):
        with time_machine.travel(timezone.now() + later):
            services.end_session("j" * 32)
            assert EndedSession.objects.count() == kept


class TestMinting:
    def test_for_the_signed_in_user(self, bob: Any, minted: list[Any]) -> None:
        caller = Caller(bob)
        answer = caller("POST", "tickets/", {"ttl": 3600, "purpose": "mqtt"})
        assert answer.status_code == 201
        text, expires_at = answer.json()["ticket"], answer.json()["expires_at"]
        assert counts(text) == [True]
        assert 3590 < (timezone.datetime.fromisoformat(expires_at) - timezone.now()).total_seconds() <= 3600
        expires = tickets.verify(text).expires
        assert minted == [{"user_id": bob.pk, "purpose": "mqtt", "ticket": text, "expires": expires}]
        caller.client.logout()
        assert counts(text) == [False]

    @pytest.mark.parametrize("body", [None, {}, {"ttl": 300}, {"ttl": 300.0}])
    def test_five_minutes_unless_told_otherwise(self, bob: Any, body: Any) -> None:
        answer = Caller(bob)("POST", "tickets/", body)
        assert 295 < tickets.verify(answer.json()["ticket"]).seconds_left <= 300

    @pytest.mark.parametrize(
        "body", [{"ttl": 0}, {"ttl": 3601}, {"ttl": "60"}, {"ttl": 1.5}, {"purpose": "x"}, {"user": 1}, [], "x"]
    )
    def test_bad_values(self, bob: Any, body: Any) -> None:
        problem(Caller(bob)("POST", "tickets/", body), 422)

    def test_a_receiver_that_fails_costs_nobody_their_ticket(self, bob: Any) -> None:
        def fail(**said: Any) -> None:
            raise RuntimeError

        ticket_minted.connect(fail)
        try:
            assert Caller(bob)("POST", "tickets/").status_code == 201
        finally:
            ticket_minted.disconnect(fail)

    def test_a_ticket_mints_no_ticket(self, bob: Any) -> None:
        """Nor does it together with a session."""
        bearer = {"headers": {"Authorization": f"Bearer {services.mint_ticket(bob, None)[0]}", "X-CSRFToken": "t" * 32}}
        for caller in (Caller(), Caller(bob)):
            problem(caller("POST", "tickets/", {}, **bearer), 401)

    def test_by_command(self, bob: Any, minted: list[Any]) -> None:
        out = StringIO()
        call_command("create_ticket", "bob", stdout=out)
        assert counts(out.getvalue().splitlines()[-1]) == [True]
        assert minted[0]["purpose"] == ""
        for bad in (["nobody"], ["bob", "--ttl", "3601"]):
            with pytest.raises(CommandError):
                call_command("create_ticket", *bad)


class TestWithATicket:
    """The user's half of the API, without a session and without CSRF tokens."""

    def bearer(self, user: Any, **extra: Any) -> dict[str, Any]:
        self.key = key_of(user)
        return {"headers": {"Authorization": f"Bearer {services.mint_ticket(user, self.key)[0]}"}, **extra}

    def test_reads_and_writes(self, bob: Any) -> None:
        caller = Caller()
        assert caller("GET", "unread/", **self.bearer(bob)).json() == state(bob).as_dict()
        assert caller("POST", "inbox/read/", {"up_to": 1}, **self.bearer(bob)).status_code == 200

    def test_the_ticket_is_the_one_that_counts(self, bob: Any) -> None:
        """Not the cookie beside it, whosever that is."""
        alice = person("alice")
        assert Caller(alice)("GET", "unread/", **self.bearer(bob)).json()["user"] == bob.pk
        bearer = self.bearer(bob)
        services.end_session(self.key)
        problem(Caller(alice)("GET", "unread/", **bearer), 401)
        problem(Caller(alice)("GET", "unread/", headers={"Authorization": "bearer x"}), 401)
