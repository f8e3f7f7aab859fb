"""A database that is locked, away or read-only costs a request one budget, and is answered with 503."""

import logging
import re
from collections.abc import Iterator
from threading import Event
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import InternalError, OperationalError, connection, transaction
from django.test import Client

from inbox import services
from inbox.api import api
from inbox.api.shared.document import openapi
from inbox.core import patience
from inbox.core.visits import visit_of
from inbox.models import Broadcast, CommentMessage, Mailbox, ledger

from .databases import postgres
from .people import people
from .repeated import repeated, stopped
from .rest import BUTTONS, PREFIX, Caller, comment, person, problem, undoable
from .services import service
from .threads import beside

pytestmark = [pytest.mark.urls("tests.inbox.urls")]
transactional = pytest.mark.django_db(transaction=True)


@pytest.fixture
def read_only() -> Iterator[Any]:
    """Call it, and the database takes no more writes: as after a failover to a standby."""
    on, off = (
        ("SET default_transaction_read_only = on", "SET default_transaction_read_only = off")
        if connection.vendor == "postgresql"
        else ("PRAGMA query_only = on", "PRAGMA query_only = off")
    )

    def begin() -> None:
        with connection.cursor() as cursor:
            cursor.execute(on)

    yield begin
    with connection.cursor() as cursor:
        cursor.execute(off)


DAILY = {"rule": "FREQ=DAILY", "starts_on": "2030-01-01", "at": "09:00", "time_zone": "Europe/Berlin"}
UNSAFE = {"post", "put", "patch", "delete"}
WRITES: list[tuple[str, str, Any]] = [
    ("POST", "inbox/read/", {"refs": ["{comment}"]}),
    ("POST", "inbox/read/", {"up_to": 10**9}),
    ("POST", "inbox/seen/", {"up_to": 10**9}),
    ("POST", "inbox/changes/", {"refs": ["{comment}"], "deleted": True}),
    ("POST", "inbox/changes/", {"filter": {}, "up_to": 10**9, "archived": True}),
    ("POST", "inbox/undo/", {"undo": "x" * 22}),
    ("PATCH", "inbox/{comment}/", {"archived": True}),
    ("POST", "inbox/{comment}/pressed/", {"button": 0}),
    ("DELETE", "inbox/{comment}/", None),
    ("POST", "inbox/events/", {"events": [{"ref": "{banner}", "what": "seen"}]}),
    ("POST", "inbox/announcements/{banner}/close/", None),
    ("POST", "inbox/announcements/{banner}/confirm/", None),
    ("POST", "inbox/visited/", {"visit": "{visit}"}),
    ("PUT", "following/{subject}/", None),
    ("DELETE", "following/{subject}/", None),
    ("PUT", "silences/{subject}/", {"for": "day"}),
    ("DELETE", "silences/{subject}/", None),
    ("PUT", "preferences/", {"muted": ["like"]}),
    ("PATCH", "preferences/", {"language": "de"}),
    ("POST", "tickets/", {}),
]
SERVICE_WRITES: list[tuple[str, str, Any]] = [
    ("POST", "messages/", {"type": "follow", "recipients": ["bob"]}),
    ("POST", "messages/batch/", {"messages": [{"type": "follow", "recipients": ["bob"]}]}),
    ("PATCH", "messages/{key}/", {"type": "follow", "again": True}),
    ("PATCH", "sends/{send}/", {"type": "follow", "again": True}),
    ("DELETE", "messages/{key}/", None),
    ("DELETE", "sends/{send}/", None),
    ("POST", "users/{bob}/tickets/", {}),
    ("POST", "broadcasts/", {"title": "News"}),
    ("PATCH", "broadcasts/{draft}/", {"title": "Newer"}),
    ("POST", "broadcasts/{draft}/publish/", None),
    ("POST", "broadcasts/{live}/withdraw/", None),
    ("DELETE", "broadcasts/{draft}/", None),
    ("POST", "broadcast-series/", DAILY),
    ("PATCH", "broadcast-series/{series}/", {"at": "10:00"}),
    ("POST", "broadcast-series/{series}/start/", None),
    ("POST", "broadcast-series/{repeated}/stop/", None),
    ("DELETE", "broadcast-series/{series}/", None),
]
READS = [
    "following/",
    "silences/",
    "unread/",
    "inbox/",
    "inbox/count/",
    "inbox/threads/",
    "inbox/announcements/",
    "inbox/{comment}/",
    "preferences/",
]
SERVICE_READS = ["broadcasts/", "broadcasts/{live}/", "users/{bob}/unread/"]


@transactional
def test_where_nothing_can_be_written_reads_go_on_and_writes_are_503(bob: Any, read_only: Any, settings: Any) -> None:
    settings.INBOX_MAY_FOLLOW = "tests.inbox.may_follow.may_follow"
    comment(bob, buttons=BUTTONS)
    live = Broadcast.objects.create(title="News", state="live")
    draft = Broadcast.objects.create(title="Draft")
    banner = Broadcast.objects.create(title="News", state="live", as_banner=True, as_dialog=True)
    named = {"comment": CommentMessage.objects.get().ref, "draft": draft.pk, "live": live.pk, "bob": bob.pk}
    undoable(bob)
    named["banner"], named["series"], named["repeated"] = banner.ref, stopped(bob.pk).pk, repeated(bob.pk).pk
    named["subject"] = "blog.post:7"
    CommentMessage.objects.update(subject="blog.post:7")
    user, shop = Caller(bob), service()
    sent = shop("POST", "messages/", {"type": "follow", "recipients": ["bob"], "key": "k"}).json()
    named["send"], named["key"] = sent["send"], "k"

    def filled(body: Any) -> Any:
        if body and "events" in body:
            return {"events": [{**body["events"][0], "ref": named["banner"]}]}
        if body and "visit" in body:
            return {"visit": visit_of(bob.pk, "blog.post:7", 10**8)}
        if body is DAILY:
            return {**DAILY, "broadcast": draft.pk}
        return {**body, "refs": [named["comment"]]} if body and "refs" in body else body

    assert user.get("unread/").status_code == shop.get("broadcasts/").status_code == 200
    read_only()
    for caller, paths in ((user, READS), (shop, SERVICE_READS)):
        for path in paths:
            assert caller.get(path.format(**named)).status_code == 200, path
    for caller, writes in ((user, WRITES), (shop, SERVICE_WRITES)):
        for method, path, body in writes:
            answer = caller(method, path.format(**named), filled(body))
            if path.endswith("tickets/") and answer.status_code == 201:
                continue  # a ticket is only signed, unless its session has to be noted
            assert problem(answer, 503)["code"] == "unavailable", (method, path)
            assert answer["Retry-After"] == "1"
    answer = shop.once("k", "POST", "messages/", {"type": "follow", "recipients": ["bob"]})
    assert answer.status_code == 503


@pytest.mark.anywhere
def test_every_write_of_the_api_is_among_them() -> None:
    paths = openapi(api, PREFIX)["paths"]
    writes = {(method, path) for path, item in paths.items() for method in item if method in UNSAFE}
    tried = {(method.lower(), PREFIX + re.sub(r"{[a-z]+}", "{}", path)) for method, path, _b in WRITES + SERVICE_WRITES}
    assert {(method, re.sub(r"{[a-z]+}", "{}", path)) for method, path in writes} == tried


@transactional
def test_a_key_is_free_again_after_a_503(bob: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    shop, body = service(), {"type": "follow", "recipients": ["bob"]}

    def fail(*args: Any, **kwargs: Any) -> Any:
        raise OperationalError("canceling statement due to lock timeout")

    monkeypatch.setattr(ledger, "RETRY_SECONDS", 0)
    with monkeypatch.context() as patched:
        patched.setattr(ledger, "advanced", fail)
        patched.setattr(ledger, "locked", fail)
        assert shop.once("k", "POST", "messages/", body).status_code == 503
    assert shop.once("k", "POST", "messages/", body).status_code == 201


@transactional
@pytest.mark.urls("notify_site.urls")
def test_pages_and_the_admin_are_503_too(read_only: Any) -> None:
    person("root", is_staff=True, is_superuser=True)
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.get(username="root"))
    read_only()
    answer = client.post(
        "/admin/inbox/broadcast/add/", {"title": "News", "level": "info", "audience": "everyone", "in_inbox": "on"}
    )
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")


def failing(runs: list[int]) -> Any:
    def write() -> None:
        runs.append(1)
        raise OperationalError

    return write


@pytest.mark.anywhere
@pytest.mark.django_db
def test_nested_attempts_do_not_multiply(monkeypatch: pytest.MonkeyPatch, transactional_db: None) -> None:
    monkeypatch.setattr(ledger, "RETRY_SECONDS", 0)
    runs: list[int] = []
    inner = ledger.retrying(failing(runs))
    outer = ledger.retrying(ledger.retrying(lambda: inner()))
    with pytest.raises(OperationalError):
        outer()
    assert len(runs) == patience.ATTEMPTS
    with pytest.raises(OperationalError), patience.budget():
        inner()
    assert len(runs) == 2 * patience.ATTEMPTS
    monkeypatch.setattr(patience, "SECONDS", 0)
    with pytest.raises(OperationalError):
        outer()
    assert len(runs) == 2 * patience.ATTEMPTS + 1


@pytest.mark.anywhere
def test_what_is_no_trouble_of_the_database_stays_a_fault() -> None:
    assert not patience.is_unavailable(InternalError("current transaction is aborted"))
    assert not patience.is_unavailable(ValueError())
    assert not patience.is_unavailable(None)


@postgres
@transactional
def test_a_request_that_waits_for_a_lock_tries_five_times_at_most(caplog: pytest.LogCaptureFixture) -> None:
    """The mailbox that it would make is being made by somebody who does not commit."""
    [pk] = people(1)
    user = Caller(User.objects.get(pk=pk))
    begun, answered = Event(), Event()

    def make_slowly() -> None:
        with transaction.atomic():
            Mailbox.objects.create(pk=pk)
            begun.set()
            assert answered.wait(60)

    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '50ms'")
    try:
        with beside(make_slowly), caplog.at_level(logging.INFO, "inbox.models.ledger"):
            assert begun.wait(60)
            answer = user("PUT", "preferences/", {"muted": ["like"]})
            answered.set()
    finally:
        answered.set()
        with connection.cursor() as cursor:
            cursor.execute("RESET lock_timeout")
    problem(answer, 503)
    assert caplog.text.count("retrying") == patience.ATTEMPTS - 1
    assert user("PUT", "preferences/", {"muted": ["like"]}).status_code == 200
    services.touch([pk])
