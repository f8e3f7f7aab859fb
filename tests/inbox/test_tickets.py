"""Tickets: what they say, and that nobody else can make one."""

import re
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.signing import BadSignature, Signer
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from inbox import services
from inbox.credentials import tickets
from inbox.credentials.tickets import BadTicket
from inbox.models import Scope, ServiceToken

from .examples import examples
from .rest import person
from .tickets import KEY, counts, key_of

pytestmark = [pytest.mark.urls("tests.inbox.urls"), pytest.mark.django_db, pytest.mark.anywhere]
TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.6.2: what a subprotocol may be made of


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


@examples(40)
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


def test_a_rotated_secret_key_ends_nothing(bob: Any) -> None:
    with override_settings(SECRET_KEY="old" * 20):
        text, _ticket = services.mint_ticket(bob, None)
    with override_settings(SECRET_KEY="new" * 20, SECRET_KEY_FALLBACKS=["old" * 20]):
        assert counts(text) == [True]


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


def test_six_queries_for_any_number(bob: Any, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    services.create_token("shop", bob, [Scope.TICKETS])
    token = ServiceToken.objects.get().pk
    people = [person(f"u{n}") for n in range(30)]
    texts = [services.mint_ticket(user, key_of(user))[0] for user in people]
    texts += [services.mint_ticket(user, None, token=token)[0] for user in people]
    with django_assert_num_queries(6):
        assert all(counts(*texts))
