"""Who is behind a session cookie: as `django.contrib.auth.get_user` would say, for many at once."""

from collections.abc import Iterator
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from inbox import services
from inbox.credentials import sessions
from push.gate.credentials import Credential
from push.hub.queries import Query, read, verify

pytestmark = pytest.mark.django_db
MODEL_BACKEND = "django.contrib.auth.backends.ModelBackend"


class OtherBackend(ModelBackend):
    """A backend with a look-up of its own: asked one by one."""

    def get_user(self, user_id: Any) -> User | None:
        return get_user_model().objects.filter(pk=user_id).first()


def store() -> Any:
    return import_module(settings.SESSION_ENGINE).SessionStore()


def person(name: str = "bob", **fields: Any) -> User:
    return get_user_model().objects.create_user(name, password="x", **fields)


def signed_in(user: User, backend: str = MODEL_BACKEND) -> str:
    session = store()
    session[SESSION_KEY], session[BACKEND_SESSION_KEY] = str(user.pk), backend
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return str(session.session_key)


def who(*keys: str) -> dict[str, Any]:
    return sessions.users_of(keys)


@pytest.fixture(params=["db", "cached_db", "cache", "file", "signed_cookies"])
def engine(request: pytest.FixtureRequest, tmp_path: Any) -> Iterator[str]:
    with override_settings(
        SESSION_ENGINE=f"django.contrib.sessions.backends.{request.param}", SESSION_FILE_PATH=str(tmp_path)
    ):
        yield request.param


def test_every_engine(engine: str) -> None:
    bob, alice = person("bob"), person("alice")
    his, hers = signed_in(bob), signed_in(alice)
    assert who(his, hers, "k" * 32) == {his: bob.pk, hers: alice.pk}


def test_three_queries_for_any_number(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    keys = [signed_in(person(f"u{n}")) for n in range(30)]
    with django_assert_num_queries(3):
        assert len(who(*keys)) == 30


def test_after_logging_out() -> None:
    key = signed_in(person())
    Session.objects.all().delete()
    assert who(key) == {}


def test_an_expired_session_neither_opens_nor_keeps_a_connection(engine: str) -> None:
    credential = Credential("session", signed_in(person()))
    assert verify([credential], opening=False)[0]
    with time_machine.travel(timezone.now() + timedelta(seconds=settings.SESSION_COOKIE_AGE + 1)):
        assert verify([credential], opening=True) == verify([credential], opening=False) == ({}, set())


def test_after_deactivation() -> None:
    bob = person()
    key = signed_in(bob)
    get_user_model().objects.update(is_active=False)
    assert who(key) == {}


def test_after_a_change_of_password() -> None:
    bob = person()
    key = signed_in(bob)
    bob.set_password("y")
    bob.save()
    assert who(key) == {}


def test_after_a_change_of_secret_key() -> None:
    key = signed_in(person())
    old = settings.SECRET_KEY
    with override_settings(SECRET_KEY="new" * 20, SECRET_KEY_FALLBACKS=[old]):
        assert who(key)
    with override_settings(SECRET_KEY="new" * 20):
        assert who(key) == {}


def test_after_the_user_is_deleted() -> None:
    bob = person()
    key = signed_in(bob)
    bob.delete()
    assert who(key) == {}


def test_a_session_without_hash_or_user() -> None:
    bob = person()
    plain, unhashed = store(), store()
    plain["cart"] = [1]
    unhashed[SESSION_KEY], unhashed[BACKEND_SESSION_KEY] = str(bob.pk), MODEL_BACKEND
    plain.save()
    unhashed.save()
    assert who(plain.session_key, unhashed.session_key) == {}


def test_other_backends() -> None:
    bob, alice = person("bob"), person("alice", is_active=False)
    other = f"{__name__}.OtherBackend"
    keys = signed_in(bob, other), signed_in(alice, other)
    assert who(*keys) == {}  # not among AUTHENTICATION_BACKENDS
    with override_settings(AUTHENTICATION_BACKENDS=[MODEL_BACKEND, other]):
        assert who(*keys) == {keys[0]: bob.pk}


@pytest.mark.parametrize(
    "key", ["", "short", "\x00" * 32, "\ud800" * 32, "ä" * 32, "x" * 5000, "a b" * 10, "'; --" * 4]
)
def test_a_bad_key_spoils_nothing(key: str, engine: str) -> None:
    bob = person()
    good = signed_in(bob)
    assert who(key, good) == {good: bob.pk}


def test_a_tampered_session_is_nobodys() -> None:
    key = signed_in(person())
    Session.objects.update(session_data="tampered:with:it")
    assert who(key) == {}


def test_the_read_of_a_hub() -> None:
    bob = person()
    key = signed_in(bob)
    good, bad = Credential("session", key), Credential("session", "k" * 32)
    answer = read(Query(opening=[good, bad], checking=[good], users=[999]))
    assert (answer.opened, answer.checked) == ({good: bob.pk}, {good: bob.pk})
    assert list(answer.snapshots) == [bob.pk]
    assert verify([], opening=True) == ({}, set())


def test_versions_that_changed() -> None:
    from inbox import services
    from inbox.models import CommentMessage

    bob, alice = person("bob"), person("alice")
    states = read(Query(users=[bob.pk, alice.pk])).snapshots
    known = {user: state.version for user, state in states.items()}
    services.send([bob], CommentMessage, target_title="Tea", excerpt="")
    assert read(Query(compare={**known, 999: 1})).changed == [bob.pk, 999]


@pytest.mark.parametrize("hinted", [True, False], ids=["told by the nudge", "found before it"])
def test_what_arrived(hinted: bool) -> None:
    from inbox import services
    from inbox.models import Broadcast, CommentMessage, FollowMessage

    bob, alice = person("bob"), person("alice")
    users = [bob.pk, alice.pk]
    services.send([alice], FollowMessage)
    known = read(Query(users=users)).snapshots

    def arrived(hint: str, languages: set[str]) -> dict[Any, Any]:
        hints = {bob.pk: hint} if hinted else {}
        return read(Query(users=users, known=known, hints=hints, languages=languages)).items

    services.send([bob], CommentMessage, target_title="Tea", excerpt="")
    items = arrived("comment", {"en", "zh-hans"})
    assert set(items) == {bob.pk}
    assert {language: item.type for language, item in items[bob.pk].items()} == {"en": "comment", "zh-hans": "comment"}

    news = Broadcast.objects.create(title="News")
    services.publish(news)
    assert arrived(news.ref, {"en"})[bob.pk]["en"].title == "News"


def test_of_two_that_arrived_the_newer_is_told() -> None:
    from inbox import services
    from inbox.models import CommentMessage, FollowMessage

    bob = person()
    known = read(Query(users=[bob.pk])).snapshots
    services.send([bob], CommentMessage, target_title="Tea", excerpt="")
    services.send([bob], FollowMessage)
    items = read(Query(users=[bob.pk], known=known, languages={"en"})).items
    assert items[bob.pk]["en"].type == "follow"


def test_the_languages_of_those_who_name_none_take_one_statement(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    people = [person(f"u{n}") for n in range(20)]
    for user in people[:10]:
        services.set_language(user, "de")
    keys = [Credential("session", signed_in(user)) for user in people]
    with CaptureQueriesContext(connection) as named:
        assert read(Query(opening=keys)).languages == {}
    with django_assert_num_queries(len(named) + 1):
        answer = read(Query(opening=keys, undecided={*keys[5:]}))
    assert answer.languages == {user.pk: "de" for user in people[5:10]}
