"""Tickets in the API: minting one, and showing one."""

from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from inbox import services
from inbox.credentials import tickets
from inbox.signals import ticket_minted

from .rest import Caller, person, problem, state
from .tickets import counts, key_of

pytestmark = [pytest.mark.urls("tests.inbox.urls"), pytest.mark.django_db, pytest.mark.anywhere]


@pytest.fixture
def minted() -> Iterator[list[dict[str, Any]]]:
    heard: list[dict[str, Any]] = []

    def hear(sender: Any, signal: Any, **said: Any) -> None:
        heard.append(said)

    ticket_minted.connect(hear)
    yield heard
    ticket_minted.disconnect(hear)


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
