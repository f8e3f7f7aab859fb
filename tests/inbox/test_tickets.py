"""Tickets: what they say, who can make one, and when they stop counting."""

import re
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.test import Client, override_settings
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from inbox import services, tickets
from inbox.models import EndedSession
from inbox.signals import ticket_minted
from inbox.tickets import BadTicket

from .rest import Caller, person, problem, state

pytestmark = [pytest.mark.urls("tests.inbox.urls"), pytest.mark.django_db, pytest.mark.anywhere]
KEY = "k" * 32
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


def test_a_ticket_says_who(bob: Any) -> None:
    text, ticket = tickets.mint(bob, KEY, 60)
    assert tickets.verify(text) == ticket
    assert ticket.user == bob.pk
    assert 58 < ticket.seconds_left <= 60
    assert tickets.users_of([text], opening=True) == {text: bob.pk}
    assert KEY not in text


def test_it_fits_a_subprotocol_and_an_address(bob: Any) -> None:
    text, _ticket = tickets.mint(bob, KEY)
    assert TOKEN.fullmatch(text)
    assert re.fullmatch(r"[\w.-]+", text)
    assert len(text) < 200


@given(st.data())
def test_nobody_else_makes_one(data: st.DataObject) -> None:
    """Change, drop or add any character, and it is none."""
    text, _ticket = tickets.mint(get_user_model()(pk=7, password="x"), KEY)
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
    text, _ticket = tickets.mint(bob, KEY)
    with override_settings(SECRET_KEY="another" * 9), pytest.raises(BadTicket):
        tickets.verify(text)


def test_expiry_bounds_opening_only(bob: Any) -> None:
    text, ticket = tickets.mint(bob, KEY, 60)
    with time_machine.travel(ticket.expires, tick=False):
        with pytest.raises(BadTicket):
            tickets.verify(text)
        assert counts(text) == [False]
        assert counts(text, opening=False) == [True]


def test_it_ends_with_its_session_and_no_other(bob: Any) -> None:
    here, elsewhere, without = (tickets.mint(bob, key)[0] for key in (KEY, "j" * 32, None))
    services.end_session(KEY)
    assert counts(here, elsewhere, without) == [False, True, True]
    assert counts(here, opening=False) == [False]


def test_logging_out_ends_it_and_a_lapse_does_not(bob: Any) -> None:
    browser = Client()
    browser.force_login(bob)
    text, _ticket = tickets.mint(bob, browser.session.session_key)
    Session.objects.all().delete()
    assert counts(text) == [True]
    browser.force_login(bob)
    text, _ticket = tickets.mint(bob, browser.session.session_key)
    browser.logout()
    assert counts(text) == [False]


def test_it_ends_with_the_password(bob: Any) -> None:
    text, _ticket = tickets.mint(bob, KEY)
    bob.set_password("another")
    bob.save()
    assert counts(text, opening=False) == [False]
    assert counts(tickets.mint(bob, KEY)[0]) == [True]


def test_a_rotated_secret_key_ends_nothing(bob: Any) -> None:
    with override_settings(SECRET_KEY="old" * 20):
        text, _ticket = tickets.mint(bob, KEY)
    with override_settings(SECRET_KEY="new" * 20, SECRET_KEY_FALLBACKS=["old" * 20]):
        assert counts(text) == [True]


def test_it_ends_with_the_user(bob: Any) -> None:
    text, _ticket = tickets.mint(bob, KEY)
    get_user_model().objects.update(is_active=False)
    assert counts(text, opening=False) == [False]
    bob.delete()
    assert counts(text, opening=False) == [False]


def test_two_queries_for_any_number(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    texts = [tickets.mint(person(f"u{n}"), f"{n:032}")[0] for n in range(30)]
    with django_assert_num_queries(2):
        assert all(counts(*texts))


def test_ended_sessions_are_forgotten_when_no_ticket_is_left() -> None:
    services.end_session(KEY)
    for later, kept in ((timedelta(seconds=tickets.MAX_TTL), 2), (timedelta(days=1), 1)):
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
        bearer = {"headers": {"Authorization": f"Bearer {tickets.mint(bob, None)[0]}", "X-CSRFToken": "t" * 32}}
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
        return {"headers": {"Authorization": f"Bearer {tickets.mint(user, KEY)[0]}"}, **extra}

    def test_reads_and_writes(self, bob: Any) -> None:
        caller = Caller()
        assert caller("GET", "unread/", **self.bearer(bob)).json() == state(bob).as_dict()
        assert caller("POST", "inbox/read/", {"up_to": 1}, **self.bearer(bob)).status_code == 200

    def test_the_ticket_is_the_one_that_counts(self, bob: Any) -> None:
        """Not the cookie beside it, whosever that is."""
        alice = person("alice")
        assert Caller(alice)("GET", "unread/", **self.bearer(bob)).json()["user"] == bob.pk
        bearer = self.bearer(bob)
        services.end_session(KEY)
        problem(Caller(alice)("GET", "unread/", **bearer), 401)
        problem(Caller(alice)("GET", "unread/", headers={"Authorization": "bearer x"}), 401)
