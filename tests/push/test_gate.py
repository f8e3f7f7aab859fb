"""The gate: hosts, methods, origins and credentials, without a database."""

from typing import Any

import pytest
from django.test import override_settings

from push import gate
from push.gate.credentials import Credential
from push.refusals import Refused

OWN = "http://testserver:8000"


def scope(
    kind: str = "http", method: str = "GET", cookie: str = "sessionid=abcdefgh", query: str = "", **headers: str
) -> Any:
    sent = {"host": "testserver:8000", "cookie": cookie, **{name.replace("_", "-"): v for name, v in headers.items()}}
    pairs = [(name.encode(), value.encode("latin-1")) for name, value in sent.items()]
    common = {"type": kind, "path": "/push/x/", "query_string": query.encode(), "headers": pairs}
    return common if kind == "websocket" else {**common, "method": method, "scheme": "http"}


def verdict(sent: dict[str, Any]) -> str:
    try:
        gate.admit(sent)
    except Refused as refused:
        return refused.refusal.code
    return "in"


@pytest.fixture(autouse=True)
def hosts() -> Any:
    with override_settings(ALLOWED_HOSTS=["testserver"]):
        yield


ORIGINS = [
    # kind, Origin, Sec-Fetch-Site, verdict
    ("http", OWN, None, "in"),
    ("http", OWN, "same-origin", "in"),
    ("http", OWN.upper(), None, "in"),
    ("http", None, None, "in"),
    ("http", None, "same-origin", "in"),
    ("http", None, "none", "in"),
    ("http", None, "same-site", "bad_origin"),
    ("http", None, "cross-site", "bad_origin"),
    ("http", "null", None, "bad_origin"),
    ("http", "", None, "bad_origin"),
    ("http", "http://testserver", None, "bad_origin"),
    ("http", "https://testserver:8000", None, "bad_origin"),
    ("http", "http://testserver:8001", None, "bad_origin"),
    ("http", "http://evil.example", "same-origin", "bad_origin"),
    ("http", OWN + ".evil.example", None, "bad_origin"),
    ("http", OWN + "/", None, "bad_origin"),
    ("websocket", OWN, None, "in"),
    ("websocket", None, None, "bad_origin"),
    ("websocket", None, "same-origin", "bad_origin"),
    ("websocket", "null", None, "bad_origin"),
    ("websocket", "http://evil.example", None, "bad_origin"),
    ("websocket", "ws://testserver:8000", None, "bad_origin"),
]


@pytest.mark.parametrize(("kind", "origin", "site", "expected"), ORIGINS)
def test_origins(kind: str, origin: str | None, site: str | None, expected: str) -> None:
    headers = {"origin": origin, "sec_fetch_site": site}
    assert verdict(scope(kind, **{name: value for name, value in headers.items() if value is not None})) == expected


@override_settings(PUSH_ALLOWED_ORIGINS=["https://app.example.org"])
def test_an_allowed_origin_is_for_tickets_not_for_cookies() -> None:
    assert verdict(scope(origin="https://app.example.org")) == "bad_origin"


@override_settings(SECURE_PROXY_SSL_HEADER=("HTTP_X_FORWARDED_PROTO", "https"))
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_behind_a_proxy_that_ends_tls(kind: str) -> None:
    secure = {"x_forwarded_proto": "https"}
    assert verdict(scope(kind, origin="https://testserver:8000", **secure)) == "in"
    assert verdict(scope(kind, origin=OWN, **secure)) == "bad_origin"


def test_a_secure_websocket() -> None:
    assert verdict({**scope("websocket", origin="https://testserver:8000"), "scheme": "wss"}) == "in"


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize("host", ["evil.example", "testserver:8000@evil", "", "a b"])
def test_hosts(kind: str, host: str) -> None:
    assert verdict(scope(kind, host=host, origin=OWN)) == "bad_request"


@pytest.mark.parametrize("method", ["POST", "PUT", "TRACE", "OPTIONS"])
def test_methods(method: str) -> None:
    assert verdict(scope(method=method)) == "bad_method"


@pytest.mark.parametrize("cookie", ["", "csrftoken=x", "sessionid=", "\xff", "=;;="])
def test_nobody_without_a_cookie(cookie: str) -> None:
    assert verdict(scope(cookie=cookie)) == "not_signed_in"


def test_a_websocket_of_nobody_is_told_so_whatever_its_origin_header_lacks() -> None:
    assert verdict(scope("websocket", cookie="")) == "not_signed_in"


def test_a_visitor() -> None:
    visitor = gate.admit(scope(accept_language="zh-hans,en;q=0.5"))
    assert (visitor.credential, visitor.language) == (Credential("session", "abcdefgh"), "zh-hans")
    assert visitor.names_language
    for accepted in ("", "*", "fr"):
        visitor = gate.admit(scope(accept_language=accepted))
        assert (visitor.language, visitor.names_language) == ("en", False)


LANGUAGES = [
    # the query, the cookie and Accept-Language; the language
    ("language=zh-hans", "en", "zh-hans"),
    ("language=zh-Hans", "en", "zh-hans"),  # as HTML writes it
    ("language=zh-CN", "en", "zh-hans"),
    ("language=en-GB", "zh-hans", "en"),
    ("language=en&language=zh-hans", "en", "zh-hans"),
    ("", "zh-hans", "zh-hans"),
    ("language=", "zh-hans", "zh-hans"),
    ("language=fr", "zh-hans", "zh-hans"),  # none of LANGUAGES
    ("language=..%2F..%2Fetc", "zh-hans", "zh-hans"),
    ("language=en%00", "zh-hans", "zh-hans"),
    ("language=" + "en-" * 200, "zh-hans", "en"),  # cut, as Django cuts Accept-Language
    ("language=%FF%FE", "zh-hans", "zh-hans"),
]


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize(("query", "otherwise", "expected"), LANGUAGES)
def test_the_page_decides_the_language(kind: str, query: str, otherwise: str, expected: str) -> None:
    cookie = f"sessionid=abcdefgh; django_language={otherwise}"
    sent = scope(kind, cookie=cookie, query=query, accept_language=otherwise, origin=OWN)
    assert gate.admit(sent).language == expected


VIEWS = ["/push/poll/", "/push/events/"]


@pytest.mark.parametrize("path", VIEWS)
@pytest.mark.parametrize(("origin", "site", "expected"), [row[1:] for row in ORIGINS if row[0] == "http"])
@pytest.mark.django_db
def test_django_s_own_views_keep_the_same_rules(
    client: Any, django_user_model: Any, path: str, origin: str | None, site: str | None, expected: str
) -> None:
    client.force_login(django_user_model.objects.create_user("bob"))
    fields = {"Host": "testserver:8000", "Origin": origin, "Sec-Fetch-Site": site}
    answer = client.head(path, headers={name: value for name, value in fields.items() if value is not None})
    assert answer.status_code == (200 if expected == "in" else 403)
