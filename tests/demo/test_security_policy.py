"""The Content-Security-Policy of every kind of answer; tests/browser/pages/test_csp.py looks at what it blocks."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client, override_settings
from django.urls import path

from notify_site.urls import urlpatterns as site

pytestmark = pytest.mark.django_db
STRICT = ("default-src 'none'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'",
          "require-trusted-types-for 'script'")  # fmt: skip


def fail(_request: object) -> None:
    raise RuntimeError


urlpatterns = [path("fails/", fail), *site]


@pytest.fixture
def visitor(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("ada"))
    client.raise_request_exception = False
    return client


@pytest.mark.urls(__name__)
@pytest.mark.parametrize(
    "address",
    ["/", "/inbox/", "/lab/", "/admin/", "/admin/inbox/broadcast/add/", "/api/v1/docs", "/api/v1/unread/", "/jsi18n/",
     "/accounts/login/", "/accounts/logout/", "/no-such-page/", "/admin/no-such-page/", "/fails/", "/push/poll/"],
)  # fmt: skip
def test_every_answer_has_one(visitor: Client, address: str) -> None:
    policy = visitor.get(address).headers["Content-Security-Policy"].split("; ")
    assert {directive for directive in policy if directive in STRICT} == set(STRICT)
    assert not re.search(r"unsafe|\*|https?:", " ".join(policy))


def test_each_answer_has_a_nonce_of_its_own(visitor: Client) -> None:
    pages = [visitor.get("/inbox/") for _ in range(2)]
    nonces = [set(re.findall(r'nonce="([^"]+)"', page.content.decode())) for page in pages]
    assert [len(each) for each in nonces] == [1, 1]
    assert nonces[0] != nonces[1]
    for page, [nonce] in zip(pages, nonces, strict=True):
        assert f"'nonce-{nonce}'" in page.headers["Content-Security-Policy"]


def test_a_broker_that_browsers_reach_is_allowed() -> None:
    from notify_site import settings

    assert settings.security_policy("wss://broker.example/mqtt")["connect-src"] == [
        "'self'",
        "wss://broker.example/mqtt",
    ]
    assert settings.security_policy("")["connect-src"] == ["'self'"]


@override_settings(MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware",
                               "django.contrib.auth.middleware.AuthenticationMiddleware",
                               "django.contrib.messages.middleware.MessageMiddleware"])  # fmt: skip
def test_pages_of_a_site_without_it_carry_no_nonce(visitor: Client) -> None:
    page = visitor.get("/inbox/").content.decode()
    assert 'nonce=""' in page
    assert not re.search(r'nonce="[^"]', page)
