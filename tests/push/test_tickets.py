"""Where tickets stand in a request, and that no log keeps one."""

import logging
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import override_settings

from inbox import services
from push import gate
from push.gate.credentials import Credential
from push.gate.credentials import hide_ticket as hide
from push.logs import RedactTickets
from push.refusals import Refused

OWN, OTHER = "http://testserver:8000", "https://app.example.org"


def ticket(ttl: int = 60) -> str:
    return services.mint_ticket(User(pk=7, password="x"), None, ttl)[0]


def scope(kind: str = "http", query: str = "", **headers: str) -> Any:
    sent = {"host": "testserver:8000", **{name.replace("_", "-"): value for name, value in headers.items()}}
    pairs = [(name.encode(), value.encode("latin-1")) for name, value in sent.items()]
    common = {"type": kind, "path": "/push/x/", "query_string": query.encode(), "headers": pairs}
    return common if kind == "websocket" else {**common, "method": "GET", "scheme": "http"}


def verdict(sent: Any) -> str:
    try:
        return gate.admit(sent).credential.scheme
    except Refused as refused:
        return refused.refusal.code


@pytest.fixture(autouse=True)
def hosts() -> Any:
    with override_settings(ALLOWED_HOSTS=["testserver"], PUSH_ALLOWED_ORIGINS=[OTHER]):
        yield


async def nowhere(message: Any) -> None:
    pass


def test_it_wins_over_a_cookie_even_if_it_is_bad() -> None:
    text = ticket()
    visitor = gate.admit(scope(authorization=f"Bearer {text}", cookie="sessionid=abcdefgh"))
    assert visitor.credential == Credential("ticket", text)
    assert verdict(scope(authorization="Bearer x", cookie="sessionid=abcdefgh")) == "bad_ticket"
    assert verdict(scope(authorization="Basic eDp5", cookie="sessionid=abcdefgh")) == "session"


def test_as_a_subprotocol() -> None:
    offered = f"reddot.v1.json, reddot.ticket.{ticket()}"
    assert verdict(scope("websocket", sec_websocket_protocol=offered)) == "ticket"
    assert verdict(scope("websocket", sec_websocket_protocol="reddot.v1.json, reddot.ticket.x.y")) == "bad_ticket"


@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_origins(kind: str) -> None:
    """A client that is no browser sends none, with a WebSocket either."""
    bearer = f"Bearer {ticket()}"
    for origin in (OWN, OTHER, OTHER.upper(), f"{OTHER}:443", None):
        assert verdict(scope(kind, authorization=bearer, **({"origin": origin} if origin else {}))) == "ticket"
    for origin in ("null", "", "http://app.example.org", f"{OTHER}.evil.example", f"{OTHER}/"):
        assert verdict(scope(kind, authorization=bearer, origin=origin)) == "bad_origin"
    assert verdict(scope(kind, authorization=bearer, sec_fetch_site="cross-site")) == "bad_origin"


@pytest.mark.parametrize("query", ["ticket={}", "a=1&ticket={}&b=2", "ticket=x&ticket={}"])
def test_out_of_the_address(query: str) -> None:
    text = ticket()
    asked = scope(query=query.format(text))
    hide(asked, nowhere)
    assert text.encode() not in asked["query_string"]
    assert asked["query_string"].count(b"ticket=-") == query.count("ticket=")
    assert gate.admit(asked).credential == Credential("ticket", text)


@pytest.mark.parametrize("query", ["", "tickets=x", "a=ticket=x", "ticket=", "%74icket=x"])
def test_other_addresses_stay_as_they_are(query: str) -> None:
    asked = scope(query=query)
    hide(asked, nowhere)
    assert asked["query_string"] == query.encode()


def test_logs_of_others_are_redacted() -> None:
    text = ticket()
    record = logging.LogRecord("x", logging.INFO, "x", 1, "GET %s %d", (f"/push/poll/?ticket={text}&x=1", 200), None)
    assert RedactTickets().filter(record)
    assert record.getMessage() == "GET /push/poll/?ticket=-&x=1 200"
    plain = logging.LogRecord("x", logging.INFO, "x", 1, "GET %s", ("/",), None)
    assert RedactTickets().filter(plain)
    assert plain.args == ("/",)


def test_the_sites_own_log_is_redacted() -> None:
    used = settings.LOGGING["handlers"]["console"]["filters"]
    assert {"()": "push.logs.RedactTickets"} in [settings.LOGGING["filters"][name] for name in used]
