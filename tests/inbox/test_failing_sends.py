"""A send, or a part of one, that can't be written: tried again, given up with a reason, and keeping no other back."""

import json
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core import serializers
from django.db import DatabaseError
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from inbox import selectors, services
from inbox.core import isolation
from inbox.models import FollowMessage, Scope, Send, SendChunk, ServiceToken, ledger
from inbox.services import attempts
from inbox.signals import send_queued

from .examples import examples
from .rest import person
from .services import service
from .test_sends import PART, everybody_has_one, start

sends = import_module("inbox.services.sends")
pytestmark = [pytest.mark.urls("tests.inbox.urls"), pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger.chunks, "__defaults__", (PART,))
    monkeypatch.setattr(ledger, "CHUNK", PART)
    monkeypatch.setattr(sends, "let_others_write", lambda: None)
    monkeypatch.setattr(attempts, "ATTEMPTS", 3)


def message_with(**changes: Any) -> str:
    """A follow as it waits, with something wrong in it."""
    [written] = json.loads(serializers.serialize("json", [services.draft(FollowMessage)]))
    return json.dumps([written | changes])


def poison_message(send: Any, text: str) -> None:
    Send.objects.filter(pk=send.pk).update(message=text)


def poison_part(send: Any, recipients: Any, number: int = 0) -> None:
    part = SendChunk.objects.filter(send=send).order_by("pk")[number]
    SendChunk.objects.filter(pk=part.pk).update(recipients=recipients)


POISON: dict[str, Any] = {
    "type renamed": lambda send: Send.objects.filter(pk=send.pk).update(type="gone"),
    "no message": lambda send: poison_message(send, message_with(model="auth.group", fields={"name": "tea"})),
    "column gone": lambda send: poison_message(send, message_with(fields={"colour": "red"})),
    "broken JSON": lambda send: poison_message(send, "{"),
    "empty": lambda send: poison_message(send, ""),
    "no list": lambda send: poison_message(send, "7"),
    "two messages": lambda send: poison_message(send, json.dumps(2 * json.loads(send.message))),
    "too long": lambda send: poison_message(send, message_with(fields={"url": "x" * 5000, "actor": "x"})),
    "no users": lambda send: poison_part(send, ["tea", "milk"]),
    "a number": lambda send: poison_part(send, 7),
    "nested": lambda send: poison_part(send, [[1], {"id": 1}]),
}


def sweep_until_given_up(clock: Any) -> None:
    for _attempt in range(attempts.ATTEMPTS):
        services.finish_stalled(timedelta(0))
        clock.shift(attempts.LONGEST_PAUSE + timedelta(seconds=1))
    services.finish_stalled(timedelta(0))


def test_poisoned_sends_among_good_ones(clock: Any) -> None:
    """All that can be written is written by the first sweep."""
    good = [start(11)]
    bad = {name: start(11) for name in POISON}
    good += [start(11)]
    for name, poison in POISON.items():
        poison(bad[name])
    clock.shift(timedelta(minutes=1))
    assert services.finish_stalled(timedelta(0)) == len(good) + len(bad)
    assert [Send.objects.get(pk=send.pk).status for send in good] == ["done", "done"]
    sweep_until_given_up(clock)
    found = {name: Send.objects.get(pk=send.pk) for name, send in bad.items()}
    assert {name: send.status for name, send in found.items()} == dict.fromkeys(POISON, "failed")
    assert all(send.reason for send in found.values())
    assert selectors.failed_sends() == len(POISON)
    assert services.finish_stalled(timedelta(0)) == 0


def test_a_poisoned_part_keeps_no_other_part_back(clock: Any) -> None:
    send = start(45)
    poison_part(send, 7, number=1)
    sweep_until_given_up(clock)
    send.refresh_from_db()
    assert (send.status, send.created, send.reason) == ("failed", 35, "TypeError")
    assert FollowMessage.objects.count() == 35
    assert not services.work_off(send.pk)


def test_what_cannot_be_a_user_keeps_nobody_else_back(clock: Any) -> None:
    send = start(15)
    part = SendChunk.objects.filter(send=send).order_by("pk")[0]
    poison_part(send, [*part.recipients[:5], "tea", *part.recipients[5:]])
    sweep_until_given_up(clock)
    send.refresh_from_db()
    assert (send.status, send.created, FollowMessage.objects.count()) == ("failed", 15, 15)
    assert "“tea”" in send.reason
    assert SendChunk.objects.get(pk=part.pk).recipients == ["tea"]
    SendChunk.objects.filter(pk=part.pk).update(recipients=[])  # by hand
    assert services.retry_send(send.pk)
    clock.shift(timedelta(seconds=1))
    services.finish_stalled(timedelta(0))
    assert everybody_has_one(send)


@pytest.mark.anywhere
def test_pauses_grow_and_have_a_bound(clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "ATTEMPTS", 8)
    send, pauses = start(11), []
    poison_message(send, "{")
    for _attempt in range(attempts.ATTEMPTS - 1):
        clock.shift(timedelta(seconds=1))
        services.finish_stalled(timedelta(0))
        retry_at = SendChunk.objects.latest("pk").retry_at
        pauses.append((retry_at - timezone.now()).total_seconds())
        clock.move_to(retry_at - timedelta(seconds=1))
        assert services.finish_stalled(timedelta(0)) == 0
    assert pauses == [10, 20, 40, 80, 160, 320, 600]
    assert Send.objects.get().status == "pending"
    clock.shift(timedelta(seconds=2))
    services.finish_stalled(timedelta(0))
    assert Send.objects.get().status == "failed"


@pytest.mark.anywhere
def test_a_failed_one_is_tried_again_by_hand(clock: Any) -> None:
    send = start(25)
    whole = send.message
    poison_message(send, "{")
    sweep_until_given_up(clock)
    poison_message(send, whole)
    heard: list[int] = []
    send_queued.connect(lambda send_id, **kwargs: heard.append(send_id), weak=False, dispatch_uid="test")
    assert services.retry_send(send.pk)
    assert not services.retry_send(send.pk)
    send_queued.disconnect(dispatch_uid="test")
    assert heard == [send.pk]
    send.refresh_from_db()
    assert (send.status, send.reason) == ("pending", "")
    while services.work_off(send.pk):
        pass
    assert everybody_has_one(send)
    assert not services.retry_send(send.pk)


@pytest.mark.anywhere
def test_a_send_that_has_not_failed_is_left_alone() -> None:
    """Some of its parts have failed, others are still to be tried."""
    send = start(11)
    gone = SendChunk.objects.create(send=send, recipients=[1], attempts=8, failed_at=timezone.now(), reason="gone")
    assert not services.retry_send(send.pk)
    gone.refresh_from_db()
    assert (gone.attempts, gone.reason, gone.failed_at is None) == (8, "gone", False)


@pytest.mark.anywhere
def test_a_try_that_succeeds_forgets_why_it_failed(clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    send = start(13)
    with monkeypatch.context() as patch:
        patch.setattr(sends, "write", lambda *args: 1 / 0)
        assert services.work_off(send.pk)
        assert services.work_off(send.pk)
    send.refresh_from_db()
    assert (send.status, send.reason) == ("pending", "ZeroDivisionError")
    assert not services.work_off(send.pk)  # not yet
    clock.shift(attempts.FIRST_PAUSE)
    services.finish_stalled(timedelta(0))
    assert everybody_has_one(send)
    assert send.reason == ""


def test_a_database_that_is_away_costs_no_attempt(monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    """And a send over which even the sweep stumbles keeps no other back."""
    monkeypatch.setattr(isolation, "_logged", {})
    bad, good = start(11), start(12)
    write_next = sends._write_next

    def fail(send_id: int, tried: list[Any]) -> bool:
        if send_id == bad.pk:
            raise DatabaseError("away")
        return write_next(send_id, tried)

    with monkeypatch.context() as patch:
        patch.setattr(sends, "_write_next", fail)
        assert services.finish_stalled(timedelta(0)) == 2
    assert f"Working off send {bad.pk} failed" in caplog.text
    assert Send.objects.get(pk=good.pk).status == "done"
    assert set(SendChunk.objects.values_list("attempts", flat=True)) == {0}
    services.finish_stalled(timedelta(0))
    assert Send.objects.get(pk=bad.pk).status == "done"


@pytest.mark.anywhere
def test_a_large_one_keeps_no_small_one_back() -> None:
    large, small = start(55), start(11)
    done: list[int] = []
    work_off = sends.work_off

    def note(send_id: int) -> bool:
        done.append(send_id)
        return bool(work_off(send_id))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sends, "work_off", note)
        services.finish_stalled(timedelta(0))
    assert done[:4] == [large.pk, small.pk] * 2
    assert set(Send.objects.values_list("failed_at", "created")) == {(None, 55), (None, 11)}


random_poison = st.lists(st.sampled_from([None, *POISON]), min_size=2, max_size=6)


@examples(4)
@given(poisons=random_poison)
def test_any_mix(poisons: list[str | None]) -> None:
    """One sweep writes all that can be written, wherever the others stand."""
    Send.objects.all().delete()
    before = FollowMessage.objects.count()
    started = [start(12) for _poison in poisons]
    for send, poison in zip(started, poisons, strict=True):
        if poison is not None:
            POISON[poison](send)
    services.finish_stalled(timedelta(0))
    whole = {Send.objects.get(pk=send.pk).status for send, poison in zip(started, poisons, strict=True) if not poison}
    assert whole <= {"done"}
    assert FollowMessage.objects.count() - before >= 12 * poisons.count(None)


# Who sees it


@pytest.fixture
def given_up(clock: Any) -> Any:
    send = start(12)
    poison_message(send, "{")
    sweep_until_given_up(clock)
    return Send.objects.get(pk=send.pk)


@pytest.mark.anywhere
def test_the_api_says_so(given_up: Any) -> None:
    shop = service(Scope.MESSAGES_READ)
    Send.objects.update(token=ServiceToken.objects.latest("pk"))
    found = shop.get(f"sends/{given_up.pk}/").json()
    assert (found["status"], found["created"], found["finished_at"]) == ("failed", 0, None)
    assert found["failed_at"]
    assert "follow" in found["reason"]


@pytest.mark.anywhere
def test_an_administrator_sees_why_and_has_it_tried_again(given_up: Any, client: Any) -> None:
    admin = person("staff", is_staff=True)
    admin.user_permissions.add(Permission.objects.get(codename="view_send"))
    client.force_login(admin)
    start(11)
    page = reverse("admin:inbox_send_changelist")
    shown = client.get(f"{page}?status=failed")
    assert given_up.reason.encode() in shown.content
    assert [send.pk for send in shown.context["cl"].result_list] == [given_up.pk]
    assert [len(client.get(f"{page}?status={name}").context["cl"].result_list) for name in ("pending", "done")] == [
        1,
        0,
    ]
    order = {"action": "retry", "_selected_action": [given_up.pk]}
    client.post(page, order)
    assert Send.objects.get(pk=given_up.pk).status == "failed"
    admin.user_permissions.add(Permission.objects.get(codename="change_send"))
    answer = client.post(page, order, follow=True)
    assert "1 message is tried again." in answer.content.decode()
    assert Send.objects.get(pk=given_up.pk).status == "pending"
    assert client.post(page.replace("send/", f"send/{given_up.pk}/change/"), {"created": 7}).status_code == 403


@pytest.mark.anywhere
def test_those_given_up_are_purged_like_the_others(given_up: Any, clock: Any) -> None:
    clock.shift(timedelta(days=31))
    services.purge()
    assert not Send.objects.exists()


@pytest.mark.anywhere
def test_rows_of_before_are_what_they_were() -> None:
    done = Send.objects.create(type="follow", finished_at=timezone.now())
    assert (done.status, start(11).status) == ("done", "pending")
