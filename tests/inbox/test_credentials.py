"""What ends a credential is announced, once, and on commit."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model, update_session_auth_hash
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client, RequestFactory, override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inbox import services
from inbox.credentials import sessions
from inbox.models import EndedSession, Scope, ServiceToken
from inbox.signals import credentials_changed

from .rest import person

pytestmark = pytest.mark.django_db
Heard = list[list[Any] | None]


@pytest.fixture
def announced() -> Iterator[Heard]:
    """`user_ids` of each announcement; None for everybody's."""
    heard: Heard = []

    def hear(user_ids: list[Any] | None, **said: Any) -> None:
        heard.append(user_ids)

    credentials_changed.connect(hear)
    yield heard
    credentials_changed.disconnect(hear)


@pytest.fixture
def commit(django_capture_on_commit_callbacks: Any) -> Callable[[], Any]:
    return lambda: django_capture_on_commit_callbacks(execute=True)


def browser_of(user: Any) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


def token_of(user: Any) -> ServiceToken:
    services.create_token("shop", user, [Scope.TICKETS])
    return ServiceToken.objects.get()


def change_password(user: Any, browser: Client) -> None:
    """As Django's own view does."""
    request = RequestFactory().post("/")
    request.session, request.user = browser.session, user
    passwords = {"old_password": "x", "new_password1": "Zebra-4-tea", "new_password2": "Zebra-4-tea"}
    form = PasswordChangeForm(user, passwords)
    assert form.is_valid()
    update_session_auth_hash(request, form.save())


WAYS: dict[str, Callable[[Any, Client], object]] = {
    "logging out": lambda user, browser: browser.logout(),
    "end_session": lambda user, browser: services.end_session(browser.session.session_key or ""),
    "password": change_password,
    "deactivation": lambda user, browser: (setattr(user, "is_active", False), user.save()),
    "named field": lambda user, browser: user.save(update_fields=["is_active"]),
    "deletion": lambda user, browser: get_user_model().objects.filter(pk=user.pk).delete(),
}


@pytest.mark.parametrize("way", WAYS)
def test_who_is_announced(announced: Heard, commit: Callable[[], Any], bob: Any, way: str) -> None:
    browser, pk = browser_of(bob), bob.pk
    with commit():
        WAYS[way](bob, browser)
        assert announced == []
    assert announced == [[pk]]


def test_a_transaction_announces_once(announced: Heard, commit: Callable[[], Any], bob: Any) -> None:
    alice = person("alice")
    keys = [browser_of(user).session.session_key or "" for user in (bob, bob, alice)]
    with commit():
        for key in keys:
            services.end_session(key)
    assert [sorted(users or []) for users in announced] == [sorted([bob.pk, alice.pk])]


def test_a_transaction_announces_everybody_once(announced: Heard, commit: Callable[[], Any], bob: Any) -> None:
    for number in range(5):
        services.create_token(f"shop {number}", bob, [Scope.TICKETS])
    with commit():
        bob.save()
        ServiceToken.objects.all().delete()
        bob.save()
    assert None in announced
    assert announced.count(None) == 1
    assert len(announced) <= 2  # a deletion is a block of its own


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_is_not_announced(announced: Heard) -> None:
    """Neither then nor with what comes after, be it all of a transaction or a part."""
    bob, alice, carol = person("bob"), person("alice"), person("carol")
    with transaction.atomic():
        bob.save()
        transaction.set_rollback(True)
    assert announced == []
    with transaction.atomic():
        alice.save()
        with transaction.atomic():
            bob.save()
            transaction.set_rollback(True)
        carol.save()
    assert [sorted(users or []) for users in announced] == [sorted([alice.pk, carol.pk])]


@pytest.mark.parametrize("end", [services.revoke_token, lambda token: token.delete()], ids=["revoked", "deleted"])
def test_a_tokens_end_concerns_anybody(announced: Heard, commit: Callable[[], Any], bob: Any, end: Any) -> None:
    token = token_of(bob)
    with commit():
        end(token)
    assert announced == [None]
    with commit():
        services.revoke_token(token)
    assert announced == [None]


def test_what_ends_nothing(announced: Heard, commit: Callable[[], Any], bob: Any) -> None:
    browser_of(bob)
    with commit():
        browser_of(person("alice"))
        bob.save(update_fields=["last_login"])
        Client().session.flush()
        Session.objects.update(expire_date=timezone.now() - timedelta(days=1))
        Session.objects.all().delete()
    assert announced == []


def test_expired_sessions_are_deleted_unread(bob: Any) -> None:
    """There may be millions."""
    for _ in range(3):
        browser_of(bob)
    Session.objects.update(expire_date=timezone.now() - timedelta(days=1))
    with CaptureQueriesContext(connection) as queries:
        call_command("clearsessions")
    assert not Session.objects.exists()
    assert not [query for query in queries if "session_data" in query["sql"]]


@pytest.mark.parametrize("engine", ["db", "cached_db", "cache", "file", "signed_cookies"])
def test_logged_out_before_the_session_is_gone(
    announced: Heard, commit: Callable[[], Any], bob: Any, engine: str, tmp_path: Any
) -> None:
    """Whoever checks on the announcement finds it ended, though not every engine deletes it then, or ever."""
    path = f"django.contrib.sessions.backends.{engine}"
    with override_settings(SESSION_ENGINE=path, SESSION_FILE_PATH=str(tmp_path)):
        key = browser_of(bob).cookies[settings.SESSION_COOKIE_NAME].value
        assert sessions.users_of([key]) == {key: bob.pk}
        with commit():
            services.end_session(key)  # what the signal of `logout` does, before it deletes the session
        assert sessions.users_of([key]) == {}
        assert announced == [[bob.pk]]
        kept = EndedSession.objects.get().until - timezone.now()
        assert (kept > timedelta(days=13)) == (engine == "signed_cookies")


def test_a_session_that_is_its_own_cookie(bob: Any) -> None:
    """Its key changes with its data, and what an earlier key has opened ends with it all the same."""
    with override_settings(SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies"):
        browser, other = browser_of(bob), browser_of(bob)
        earlier, elsewhere = (each.cookies["sessionid"].value for each in (browser, other))
        session = browser.session
        session["cart"] = [1]
        session.save()
        now = str(session.session_key)
        assert now != earlier
        services.end_session(now)
        assert sessions.users_of([earlier, now, elsewhere]) == {elsewhere: bob.pk}
