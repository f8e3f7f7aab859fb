"""Recalls and rewrites of what a service has sent: out of every inbox, once, whatever happens at the same time."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import DataError, connection, transaction
from django.db.models import F
from django.utils import timezone

from inbox import selectors, services
from inbox.core.snapshots import user_id
from inbox.errors import BadValue, Changed, NotCorrectable, NotFound
from inbox.models import (
    CommentMessage,
    Correction,
    FollowMessage,
    Mailbox,
    Send,
    SendChunk,
    SystemMessage,
    event_types,
    ledger,
)
from inbox.models.thread import Thread, key_of, own_key
from inbox.services import Order
from inbox.signals import correction_queued, mailbox_changed

from .databases import postgres
from .people import people
from .rest import Caller, comment, person, problem, state
from .services import COLUMNS, Service, row_of, service
from .threads import Pause, alone, beside, blocked, deadlocks, together, watched

pytestmark = [pytest.mark.urls("tests.inbox.urls"), pytest.mark.django_db(transaction=True)]

STATEMENTS = ["INSERT INTO .inbox_systemmessage", "UPDATE .inbox_sendchunk", "UPDATE .inbox_send. "]  # of a chunk
PART = 10  # users, in place of a thousand


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger.chunks, "__defaults__", (PART,))
    monkeypatch.setattr(ledger, "CHUNK", PART)


def start(users: list[Any], model: Any = SystemMessage, **columns: Any) -> Send:
    columns = {"title": "Tea", **columns} if model is SystemMessage else columns
    [send] = services.start_sends([Order(services.draft(model, **columns), users)])
    return send


def work_off(send: Send) -> None:
    while services.work_off(send.pk):
        pass


def correct(correction: Correction) -> Correction:
    while services.work_off_correction(correction.pk):
        pass
    correction.refresh_from_db()
    return correction


def versions() -> dict[Any, int]:
    return dict(Mailbox.objects.values_list("pk", "version"))


def titles() -> set[str]:
    return set(SystemMessage.objects.values_list("title", flat=True))


@contextmanager
def told() -> Iterator[list[tuple[Any, Any]]]:
    """Whom `mailbox_changed` names, and with which item."""
    heard: list[tuple[Any, Any]] = []

    def hear(user_ids: list[Any], item: Any, **kwargs: Any) -> None:
        heard.extend((user, item) for user in user_ids)

    mailbox_changed.connect(hear)
    try:
        yield heard
    finally:
        mailbox_changed.disconnect(hear)


class TestRecall:
    def test_it_is_out_of_every_inbox(self) -> None:
        """Read, archived, deleted and snoozed as well; the numbers say who had it, and had read it."""
        users = people(6)
        send = start(users)
        other = start(users, title="Coffee")
        refs = dict(SystemMessage.objects.filter(send_id=send.pk).values_list("recipient", F("pk")))
        mine = {user: f"system-{refs[user]}" for user in users}
        services.mark_read(users[0], [mine[users[0]]])
        services.archive(users[1], [mine[users[1]]])
        services.delete(users[2], [mine[users[2]]])
        SystemMessage.objects.filter(pk=refs[users[3]]).update(snoozed_until=timezone.now() + timedelta(hours=1))
        before = versions()
        with told() as heard:
            found = services.recall(send.pk)
        assert (found.status, found.found, found.read) == ("done", 5, 2)
        assert set(SystemMessage.objects.values_list("send_id", flat=True)) == {other.pk}
        assert {user for user, now in versions().items() if now > before[user]} == {*users} - {users[2]}
        assert {user for user, item in heard if item is None} >= {*users} - {users[2]}
        assert all(state(user).unread == 1 for user in users)
        with pytest.raises(NotFound):
            services.undelete(users[2], [mine[users[2]]])

    def test_what_was_recalled_can_not_be_undone(self) -> None:
        """An undo passes over it, and says so."""
        [user] = people(1)
        send = start([user])
        with services.recording(user) as act:
            services.delete(user, [SystemMessage.objects.get().ref])
        services.recall(send.pk)
        assert act.undo is not None
        assert services.undo(user, act.undo) == (0, 1)
        assert not SystemMessage.objects.exists()

    def test_a_repeat_gets_the_same_numbers(self) -> None:
        users = people(3)
        send = start(users)
        SystemMessage.objects.filter(recipient=users[0]).update(read_at=timezone.now())
        first = services.recall(send.pk)
        before = versions()
        again = services.recall(send.pk)
        assert (again.pk, again.found, again.read) == (first.pk, 3, 1)
        assert versions() == before

    def test_what_its_recipients_have_deleted_does_not_count(self) -> None:
        users = people(3)
        send = start(users)
        services.mark_read(users[0], [SystemMessage.objects.get(recipient=users[0]).ref])
        SystemMessage.objects.filter(recipient__in=users[:2]).update(deleted_at=timezone.now())
        found = services.recall(send.pk)
        assert (found.found, found.read) == (1, 0)
        assert not SystemMessage.objects.exists()

    def test_plain_messages_and_those_of_other_sends_stay(self) -> None:
        users = people(2)
        for user in users:
            comment(user)
        start(users, CommentMessage, target_title="x", excerpt="y")
        services.recall(start(users).pk)
        assert CommentMessage.objects.count() == 4

    def test_nobody_knows_it(self) -> None:
        with pytest.raises(NotFound):
            services.recall(12)

    def test_a_send_of_the_version_before(self) -> None:
        """Its messages do not name it: better an error than a recall that says that nobody had it."""
        send = start(people(1))
        Send.objects.update(is_linked=False)
        with pytest.raises(NotCorrectable):
            services.recall(send.pk)
        with pytest.raises(NotCorrectable):
            services.rewrite(send.pk, {"title": "x"})

    def test_a_type_that_is_no_longer_installed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        send = start(people(1))
        Send.objects.update(type="gone")
        assert services.recall(send.pk).status == "done"
        with pytest.raises(NotCorrectable):
            services.rewrite(send.pk, {"title": "x"})

    def test_a_failed_send(self, small_parts: None) -> None:
        users = people(25)
        send = start(users)
        services.work_off(send.pk)
        SendChunk.objects.filter(done_at=None).update(failed_at=timezone.now(), reason="x")
        work_off(send)
        assert selectors.failed_sends() == 1
        found = correct(services.recall(send.pk))
        assert (found.status, found.found) == ("done", 10)
        assert not services.retry_send(send.pk)
        assert selectors.failed_sends() == 0
        assert not SystemMessage.objects.exists()

    def test_a_user_who_was_deleted_meanwhile(self) -> None:
        users = people(3)
        send = start(users)
        Mailbox._meta.get_field("user").related_model.objects.get(pk=users[1]).delete()
        assert services.recall(send.pk).found == 2

    def test_what_fails_is_tried_again(self, monkeypatch: pytest.MonkeyPatch, clock: Any) -> None:
        """Eight times, if it is the database; what can't be removed is passed over (`test_kept_messages.py`)."""
        send = start(people(2))
        Send.objects.update(finished_at=None)  # so that a worker recalls it
        found = services.recall(send.pk)
        with monkeypatch.context() as patch:

            def fail(*args: Any, **kwargs: Any) -> Any:
                raise DataError

            patch.setattr("inbox.models.base.MailboxRowQuerySet.remove", fail)
            assert (found.status, found.found) == ("pending", 0)
            for _ in range(8):
                clock.shift(timedelta(minutes=11))
                assert not services.work_off_correction(found.pk)
            found.refresh_from_db()
            assert (found.status, found.attempts, found.reason) == ("failed", 8, "DataError")
        assert services.recall(send.pk).status == "pending"  # asked for once more, it is tried once more
        assert correct(found).found == 2


class TestManyRecalled:
    def test_what_is_not_written_yet_is_not_written(self, small_parts: None) -> None:
        users = people(45)
        send = start(users)
        services.work_off(send.pk)
        found = services.recall(send.pk)
        assert found.status == "pending"
        assert not SendChunk.objects.filter(done_at=None).exists()
        assert not services.work_off(send.pk)
        assert (correct(found).found, found.status) == (10, "done")
        send.refresh_from_db()
        assert (send.created, send.finished_at is not None) == (10, True)
        assert not SystemMessage.objects.exists()

    def test_a_sweep_goes_on(self, small_parts: None, clock: Any) -> None:
        send = start(people(45))
        work_off(send)
        heard: list[int] = []
        correction_queued.connect(lambda correction_id, **kw: heard.append(correction_id), weak=False, dispatch_uid="x")
        found = services.recall(send.pk)
        correction_queued.disconnect(dispatch_uid="x")
        assert heard == [found.pk]
        assert services.work_off_correction(found.pk)
        assert SystemMessage.objects.count() == 35
        assert services.finish_corrections() == 0
        clock.shift(timedelta(seconds=11))
        assert services.finish_corrections() == 1
        found.refresh_from_db()
        assert (found.status, found.found) == ("done", 45)

    @pytest.mark.anywhere
    def test_more_than_a_thousand_by_the_api(self, capsys: Any) -> None:
        shop, ids = service(), people(2500)
        number = shop("POST", "messages/", {"type": "follow", "recipients": ids, "key": "k"}).json()["send"]
        while services.work_off(number):
            pass
        began = timezone.now()
        answer = shop("DELETE", "messages/k/")
        assert (answer.status_code, answer["Location"]) == (202, f"/api/v1/sends/{number}/")
        assert answer.json() == {"send": number, "recalled": 0, "read": 0, "kept": 0}
        correct(Correction.objects.get())
        seconds = (timezone.now() - began).total_seconds()
        with capsys.disabled():
            print(f"\nRecalling a message from 2,500 mailboxes: {seconds:.1f} s ({connection.vendor})")
        assert shop("DELETE", "messages/k/").json() == {"send": number, "recalled": 2500, "read": 0, "kept": 0}
        assert shop.get(f"sends/{number}/").json()["recall"]["status"] == "done"
        assert not FollowMessage.objects.exists()


class TestRewrite:
    def test_every_copy_is_rewritten(self) -> None:
        users = people(4)
        send = start(users, url="/tea")
        SystemMessage.objects.filter(recipient=users[0]).update(read_at=timezone.now(), starred_at=timezone.now())
        services.archive(users[1], [SystemMessage.objects.get(recipient=users[1]).ref])
        services.delete(users[2], [SystemMessage.objects.get(recipient=users[2]).ref])
        fields = ("seq", "thread", "read_at", "archived_at", "starred_at")
        kept = list(SystemMessage.objects.order_by("pk").values(*fields))
        before = versions()
        with told() as heard:
            found = services.rewrite(send.pk, {"title": "Coffee", "url": "/coffee"})
        assert (found.status, found.found) == ("done", 3)
        assert set(SystemMessage.objects.values_list("title", "url")) == {("Coffee", "/coffee")}
        assert list(SystemMessage.objects.order_by("pk").values(*fields)) == kept
        assert all(versions()[user] > before[user] for user in users)
        assert {item for _user, item in heard} == {None}

    def test_what_is_the_same_advances_nobody(self) -> None:
        send = start(people(2))
        before = versions()
        services.rewrite(send.pk, {"title": "Tea"})
        assert versions() == before

    def test_again_it_arrives_again(self) -> None:
        """Unread and in the inbox, out of reach of an older mark-all; not for who deleted it or muted its type."""
        users = people(5)
        unread, read, archived, deleted, muted = users
        send = start(users)
        ref = {user: SystemMessage.objects.get(recipient=user).ref for user in users}
        services.mark_read(read, [ref[read]])
        services.archive(archived, [ref[archived]])
        services.delete(deleted, [ref[deleted]])
        services.set_muted(muted, ["system"])
        services.mark_read(muted, [ref[muted]])
        shown = {user: state(user).version for user in users}
        with told() as heard:
            assert services.rewrite(send.pk, {"title": "Coffee"}, again=True).found == 4
        assert titles() == {"Coffee"}
        assert {user: state(user).unread for user in users} == {unread: 1, read: 1, archived: 1, deleted: 0, muted: 0}
        assert {user for user, item in heard if item == "back:system"} == {unread, read, archived}
        toasts = selectors.newest({user_id(user): version for user, version in shown.items()}, "back:system")
        assert {user: item.title for user, item in toasts.items()} == {
            user_id(user): "Coffee" for user in (unread, read, archived)
        }
        for user in (unread, read, archived):
            assert services.mark_all_read(user, shown[user]) == 0
            assert services.mark_all_read(user, state(user).version) == 1

    def test_again_it_ends_the_snoozes_in_its_thread(self) -> None:
        """As an arrival does; not for who does not hear of it."""
        hears, muted = people(2)
        until = timezone.now() + timedelta(days=1)
        send = start([hears, muted], url="/tea")
        for user in (hears, muted):
            FollowMessage.objects.create(recipient_id=user, url="/tea", snoozed_until=until)
        services.set_muted(muted, ["system"])
        services.rewrite(send.pk, {"title": "Coffee"})
        assert FollowMessage.objects.filter(snoozed_until=until).count() == 2
        services.rewrite(send.pk, {}, again=True)
        assert FollowMessage.objects.get(snoozed_until=None).recipient_id == hears
        assert state(hears).unread == 2

    def test_again_at_the_version_at_which_it_came_back(self) -> None:
        [user] = people(1)
        send = start([user], url="/tea")
        [ref] = [item.ref for item in selectors.inbox_page(user).items]
        services.snooze(user, [ref], timezone.now() + timedelta(hours=1))
        FollowMessage.objects.create(recipient_id=user, url="/tea")  # wakes it
        before = state(user).version
        services.rewrite(send.pk, {}, again=True)
        assert state(user).version == before + 1
        assert services.mark_all_read(user, before) == 1  # the other one
        assert state(user).by_type == {"system": 1}

    def test_again_a_critical_one_is_not_muted(self) -> None:
        [user] = people(1)
        send = start([user], level="critical")
        services.set_muted(user, ["system"])
        services.mark_all_read(user, state(user).version)
        services.rewrite(send.pk, {}, again=True)
        assert state(user).unread == 1

    @pytest.mark.parametrize(
        "columns",
        [
            *({"recipient": 1}, {"x": 1}, {"url": "javascript:x"}, {"title": ""}, {"title": "a\0"}, {"level": "x"}),
            *({"read_at": None}, {"read_at": timezone.now()}, {"created_at": timezone.now()}),
        ],
    )
    def test_values_are_checked(self, columns: Any) -> None:
        send = start(people(1))
        with pytest.raises(BadValue):
            services.rewrite(send.pk, columns)
        assert titles() == {"Tea"}

    def test_after_a_recall(self) -> None:
        send = start(people(1))
        services.recall(send.pk)
        with pytest.raises(NotCorrectable):
            services.rewrite(send.pk, {"title": "x"})

    def test_what_is_not_written_yet_gets_the_new_text(self, small_parts: None) -> None:
        """Once: `again` lets only those arrive again that had the old text."""
        users = people(45)
        send = start(users)
        services.work_off(send.pk)
        services.work_off(send.pk)
        found = services.rewrite(send.pk, {"title": "Coffee"}, again=True)
        assert found.status == "pending"
        work_off(send)
        assert (correct(found).found, found.status) == (20, "done")
        assert titles() == {"Coffee"}
        assert SystemMessage.objects.filter(since=None).count() == 25
        assert services.recall(send.pk).status == "pending"

    @pytest.mark.parametrize("url", ["/tea", ""])
    def test_what_is_not_written_yet_stays_in_the_thread(self, small_parts: None, url: str) -> None:
        """That of the copies before it, although its link is another one by then."""
        users = people(25)
        send = start(users, url=url)
        services.work_off(send.pk)
        correction = services.rewrite(send.pk, {"url": "/coffee"})
        services.rewrite(send.pk, {"url": "/milk"})
        work_off(send)
        correct(correction)
        threads = set(SystemMessage.objects.values_list("thread", flat=True))
        assert threads == ({key_of("/tea")} if url else {own_key(1)})
        services.finish_corrections(timedelta(seconds=-1))
        assert set(SystemMessage.objects.values_list("url", "thread")) == {("/milk", *threads)}

    @pytest.mark.parametrize("url", ["/coffee", ""])
    def test_what_is_not_written_yet_ends_the_snoozes_in_its_thread(self, small_parts: None, url: str) -> None:
        users = people(25)
        send = start(users, url="/tea")
        until = timezone.now() + timedelta(days=1)
        FollowMessage.objects.create(recipient_id=users[-1], url="/tea", snoozed_until=until)
        services.work_off(send.pk)
        services.rewrite(send.pk, {"url": url})
        assert FollowMessage.objects.get().snoozed_until
        work_off(send)
        assert FollowMessage.objects.get().snoozed_until is None

    def test_before_anything_is_written(self, small_parts: None) -> None:
        send = start(people(15))
        assert services.rewrite(send.pk, {"title": "Coffee"}).status == "done"
        work_off(send)
        assert titles() == {"Coffee"}

    def test_one_after_the_other(self, small_parts: None, clock: Any) -> None:
        """Whichever a worker takes first, the latest one counts."""
        send = start(people(25))
        work_off(send)
        first, second = (services.rewrite(send.pk, {"title": title}) for title in ("Coffee", "Milk"))
        assert not services.work_off_correction(second.pk)
        assert services.work_off_correction(first.pk)
        assert not services.work_off_correction(second.pk)
        clock.shift(timedelta(seconds=11))
        services.finish_corrections()
        services.finish_corrections(timedelta(0))
        assert titles() == {"Milk"}

    def test_the_later_one_counts_on_every_row(self, small_parts: None) -> None:
        """Each of its columns, whatever was written when; a column that only the earlier one gives stays."""
        users = people(45)
        send = start(users)
        services.work_off(send.pk)
        first = services.rewrite(send.pk, {"title": "Coffee", "url": "/coffee"})
        services.work_off(send.pk)
        services.work_off_correction(first.pk)
        second = services.rewrite(send.pk, {"title": "Milk"})
        for _round in range(9):
            for correction in (second, first):
                services.work_off_correction(correction.pk)
            services.work_off(send.pk)
        assert set(SystemMessage.objects.values_list("title", "url")) == {("Milk", "/coffee")}
        assert SystemMessage.objects.count() == 45
        assert {each.status for each in Correction.objects.all()} == {"done"}


class TestWhatWasOnScreen:
    """Who acts on a message says what they saw, and does not act on another text."""

    @pytest.mark.parametrize("deed", ["mark_read", "archive", "delete", "star"])
    def test_a_message_that_was_sent_again(self, deed: str) -> None:
        [user] = people(1)
        send = start([user])
        ref, shown = SystemMessage.objects.get().ref, state(user).version
        services.rewrite(send.pk, {"title": "Coffee"})  # not again: the text is better, and the same message
        services.unstar(user, [ref], seen=shown)
        services.rewrite(send.pk, {"title": "Milk"}, again=True)
        with pytest.raises(Changed) as error:
            getattr(services, deed)(user, [ref], seen=shown)
        assert error.value.refs == [ref]
        assert state(user).unread == 1
        assert getattr(services, deed)(user, [ref], seen=state(user).version) == 1

    def test_what_returned_for_another_reason(self) -> None:
        [user] = people(1)
        start([user])
        ref, shown = SystemMessage.objects.get().ref, state(user).version
        services.mark_read(user, [ref])
        services.mark_unread(user, [ref])
        assert services.archive(user, [ref], seen=shown) == 1

    def test_an_act_of_several_changes_sees_what_was_there_before_it(self) -> None:
        """The first of them lets the message return."""
        [user] = people(1)
        send = start([user])
        services.rewrite(send.pk, {"title": "Milk"}, again=True)
        ref = SystemMessage.objects.get().ref
        services.mark_read(user, [ref])
        services.change(user, [ref], {"read": False, "starred": True}, seen=state(user).version)
        row = SystemMessage.objects.get()
        assert (row.read_at, row.starred_at is not None) == (None, True)

    def test_a_button(self) -> None:
        [user] = people(1)
        send = start([user], buttons=[{"label": "Yes", "url": "/yes"}])
        ref, shown = SystemMessage.objects.get().ref, state(user).version
        services.rewrite(send.pk, {"buttons": [{"label": "No", "url": "/no"}]}, again=True)
        with pytest.raises(Changed):
            services.press(user, ref, 0, seen=shown)
        assert services.press(user, ref, 0, seen=state(user).version)

    def test_the_api_answers_with_the_new_text(self) -> None:
        bob = person("bob")
        send = start([bob.pk])
        ref, shown = SystemMessage.objects.get().ref, state(bob.pk).version
        services.rewrite(send.pk, {"title": "Milk"}, again=True)
        answer = problem(Caller(bob)("PATCH", f"inbox/{ref}/", {"archived": True, "version": shown}), 409)
        assert (answer["code"], [item["title"] for item in answer["items"]]) == ("changed", ["Milk"])


@pytest.mark.anywhere
class TestTheApi:
    @pytest.fixture
    def shop(self) -> Service:
        return service()

    def send(self, shop: Service, key: str = "order-77", **more: Any) -> Any:
        bob = more.pop("bob", None) or person("bob")
        return shop("POST", "messages/", {"type": "system", "title": "Tea", "recipients": [bob.pk], "key": key, **more})

    @pytest.mark.parametrize("by", ["key", "send"])
    def test_recall_and_rewrite(self, shop: Service, by: str) -> None:
        number = self.send(shop).json()["send"]
        path = "messages/order-77/" if by == "key" else f"sends/{number}/"
        answer = shop("PATCH", path, {"type": "system", "title": "Coffee", "again": True})
        assert (answer.status_code, answer.json()) == (200, {"send": number, "rewritten": 1})
        assert titles() == {"Coffee"}
        document = shop.get(f"sends/{number}/").json()
        assert (document["key"], document["recall"], document["rewrite"]["status"]) == ("order-77", None, "done")
        assert document["rewrites"] == [document["rewrite"]]
        for _ in range(2):
            answer = shop("DELETE", path)
            assert (answer.status_code, answer.json()) == (
                200,
                {"send": number, "recalled": 1, "read": 0, "kept": 0},
            )
        assert problem(shop("PATCH", path, {"type": "system", "title": "x"}), 409)["code"] == "not_correctable"

    def test_each_rewrite_says_how_far_it_has_come(self, shop: Service) -> None:
        """Also one that was given up before the latest."""
        number = self.send(shop).json()["send"]
        for title in range(12):
            shop("PATCH", "messages/order-77/", {"type": "system", "title": str(title)})
        pks = list(Correction.objects.order_by("pk").values_list("pk", flat=True))
        Correction.objects.filter(pk=pks[-2]).update(finished_at=None, failed_at=timezone.now(), reason="Full.")
        Correction.objects.filter(pk=pks[-1]).update(finished_at=None)
        document = shop.get(f"sends/{number}/").json()
        assert document["rewrite"] == document["rewrites"][0]
        assert [each["status"] for each in document["rewrites"]] == ["pending", "failed", *["done"] * 8]
        assert document["rewrites"][1]["reason"] == "Full."

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"type": "system"},
            {"type": "follow", "again": True},
            {"type": "system", "title": ""},
            {"type": "system", "title": None},
            {"type": "system", "url": "javascript:x"},
            {"type": "system", "recipients": [1], "title": "x"},
            {"type": "system", "dedupe_key": "x"},
            {"type": "gone", "title": "x"},
            {"type": "system", "again": "yes"},
        ],
    )
    def test_a_bad_rewrite_is_422(self, shop: Service, body: Any) -> None:
        self.send(shop)
        problem(shop("PATCH", "messages/order-77/", body), 422)
        assert titles() == {"Tea"}

    def test_every_type_can_be_rewritten(self, shop: Service) -> None:
        bob = person("bob")
        for kind, columns in COLUMNS.items():
            shop("POST", "messages/", {"type": kind, "recipients": [bob.pk], "key": kind, **columns})
            answer = shop("PATCH", f"messages/{kind}/", {"type": kind, "url": "/new", **columns})
            assert answer.json()["rewritten"] == 1
            assert event_types()[kind].objects.get().url == "/new"

    def test_new_buttons_are_pressed_by_nobody(self, shop: Service) -> None:
        self.send(shop, buttons=[{"label": "Tea", "url": "/tea"}])
        SystemMessage.objects.update(pressed=0)
        for buttons in ([{"label": "Coffee", "url": "/coffee"}], []):
            answer = shop("PATCH", "messages/order-77/", {"type": "system", "buttons": buttons})
            assert answer.json()["rewritten"] == 1
            row = SystemMessage.objects.get()
            assert [(button["label"], button["url"]) for button in row.buttons or ()] == [
                (button["label"], button["url"]) for button in buttons
            ]
            assert row.pressed is None
        bad = {"type": "system", "buttons": [{"label": "", "url": "/x"}]}
        problem(shop("PATCH", "messages/order-77/", bad), 422)

    def test_a_key_is_used_once(self, shop: Service) -> None:
        bob = person("bob")
        number = self.send(shop, bob=bob).json()["send"]
        again = problem(self.send(shop, bob=bob), 409)
        assert (again["code"], again["send"]) == ("key_taken", number)
        assert SystemMessage.objects.count() == 1
        assert self.send(service(name="post"), bob=bob).status_code == 201  # keys of another service are its own

    def test_with_an_idempotency_key_a_repeat_is_the_same(self, shop: Service) -> None:
        bob = person("bob")
        body = {"type": "system", "title": "Tea", "recipients": [bob.pk], "key": "k"}
        first, again = (shop.once("i", "POST", "messages/", body) for _ in range(2))
        assert (first.status_code, first.content) == (201, again.content)
        change = {"type": "system", "title": "Coffee", "again": True}
        first, again = (shop.once("j", "PATCH", "messages/k/", change) for _ in range(2))
        assert (first.status_code, first.content) == (200, again.content)
        assert Correction.objects.count() == 1

    def test_keys_in_a_batch(self, shop: Service) -> None:
        bob = person("bob")
        number = self.send(shop, "a", bob=bob).json()["send"]
        one = {"type": "system", "title": "Tea", "recipients": [bob.pk]}
        batch = [{**one, "key": "a"}, {**one, "key": "b"}, {**one, "key": "b"}, one]
        results = shop("POST", "messages/batch/", {"messages": batch}).json()["results"]
        assert [line["status"] for line in results] == [409, 201, 422, 201]
        assert results[0]["send"] == number
        assert results[2]["errors"][0]["pointer"] == "/messages/2/key"
        assert SystemMessage.objects.count() == 3

    @pytest.mark.parametrize("key", ["", "a b", "ä", "a/b", "..", ".", "batch", "x" * 101, None, 7])
    def test_keys_that_are_none(self, shop: Service, key: Any) -> None:
        problem(self.send(shop, key), 422)

    def test_one_service_can_not_touch_another(self, shop: Service) -> None:
        number = self.send(shop).json()["send"]
        other = service(name="post")
        for path in ("messages/order-77/", f"sends/{number}/"):
            problem(other("DELETE", path), 404)
            problem(other("PATCH", path, {"type": "system", "title": "x"}), 404)
        problem(other.get(f"sends/{number}/"), 404)
        assert titles() == {"Tea"}

    def test_a_new_token_of_the_service_goes_on(self) -> None:
        """With its keys, sends and idempotency keys."""
        owner, bob = person("ops"), person("bob")
        old, new = (
            Service(services.create_token("shop", owner, ["messages:write", "messages:read"])) for _ in range(2)
        )
        body = {"type": "system", "title": "Tea", "recipients": [bob.pk], "key": "k"}
        number = old.once("i", "POST", "messages/", body).json()["send"]
        row_of(old.headers["Authorization"].removeprefix("Bearer ")).delete()
        assert new.get(f"sends/{number}/").status_code == 200
        assert new("DELETE", "messages/k/").json()["recalled"] == 1
        assert problem(new("POST", "messages/", body), 409)["send"] == number

    def test_idempotency_keys_belong_to_the_service(self) -> None:
        owner, bob = person("ops"), person("bob")
        old, new = (Service(services.create_token("shop", owner, ["messages:write"])) for _ in range(2))
        body = {"type": "follow", "recipients": [bob.pk]}
        first, again = (each.once("i", "POST", "messages/", body) for each in (old, new))
        assert (first.status_code, first.content) == (201, again.content)
        other = Service(services.create_token("post", owner, ["messages:write"]))
        assert other.once("i", "POST", "messages/", body).status_code == 201
        assert FollowMessage.objects.count() == 2

    def test_dedupe_keys_belong_to_the_service(self) -> None:
        """Neither another service's nor the site's own messages are replaced; long keys stay apart, too."""
        bob, shop, post = person("bob"), service(name="shop"), service(name="post")
        for key in ("tea", "x" * 100):
            services.send([bob], SystemMessage, title="site", dedupe_key=key)
            for each, title in ((shop, "shop"), (post, "post"), (shop, "shop, again")):
                body = {"type": "system", "title": title, "recipients": [bob.pk], "dedupe_key": key}
                assert each("POST", "messages/", body).status_code == 201
            assert titles() == {"site", "post", "shop, again"}
            SystemMessage.objects.all().delete()


@postgres
class TestAtOnce:
    def test_two_recalls(self) -> None:
        send = start(people(20))
        found = together(*[partial(services.recall, send.pk) for _ in range(4)])
        assert {(each.pk, each.found, each.read) for each in found} == {(found[0].pk, 20, 0)}

    def test_a_recall_waits_for_another(self) -> None:
        """By the lock of the send: the constraint alone would make it fail, and nothing is retried for a caller."""
        send = start(people(2))
        pause, recall = Pause('INSERT INTO "inbox_correction"'), partial(services.recall, send.pk)
        with beside(pause.around(recall)) as first, pause, beside(transaction.atomic(recall)) as second:
            assert blocked(second)
            pause.may_go.set()
        assert [(each.result().pk, each.result().found) for each in (first, second)] == [(first.result().pk, 2)] * 2

    def test_a_rewrite_waits_for_a_recall(self) -> None:
        """Then it is refused."""
        send = start(people(2))
        pause, recall = Pause('INSERT INTO "inbox_correction"'), partial(services.recall, send.pk)
        with beside(pause.around(recall)), pause, ThreadPoolExecutor(1) as pool:
            second = pool.submit(alone, partial(services.rewrite, send.pk, {"title": "Coffee"}))
            assert blocked(second)
            pause.may_go.set()
        with pytest.raises(NotCorrectable):
            second.result()
        assert Correction.objects.get().kind == "recall"

    def test_two_workers_of_one_recall(self, small_parts: None) -> None:
        send = start(people(95))
        work_off(send)
        found = services.recall(send.pk)
        together(*[partial(correct, Correction.objects.get(pk=found.pk)) for _ in range(4)])
        assert correct(found).found == 95
        assert not SystemMessage.objects.exists()

    @pytest.mark.parametrize("before", STATEMENTS)
    def test_a_worker_that_holds_a_chunk_writes_nothing_after_it(self, small_parts: None, before: str) -> None:
        """Frozen at any statement of it, and without keeping the recall back."""
        users = people(25)
        send = start(users)
        pause = Pause(before)
        with beside(pause.around(partial(services.work_off, send.pk))), pause:
            found = services.recall(send.pk)
            services.work_off_correction(found.pk)
        work_off(send)
        assert correct(found).status == "done"
        assert not SystemMessage.objects.exists()
        assert not SendChunk.objects.filter(done_at=None).exists()
        assert all(state(user).unread == 0 for user in users)

    def test_against_workers(self, small_parts: None) -> None:
        users = people(200)
        send = start(users)
        before = deadlocks()
        with watched(users[:5]):
            [found, *_] = together(partial(services.recall, send.pk), *[partial(work_off, send) for _ in range(3)])
            correct(found)
        work_off(send)
        assert not SystemMessage.objects.exists()
        assert found.found == Send.objects.get().created
        assert deadlocks() == before

    def test_a_rewrite_against_workers(self, small_parts: None) -> None:
        users = people(200)
        send = start(users)
        with watched(users[:5]):
            [found, *_] = together(
                partial(services.rewrite, send.pk, {"title": "Coffee"}), *[partial(work_off, send) for _ in range(3)]
            )
            correct(found)
        work_off(send)
        assert titles() == {"Coffee"}
        assert SystemMessage.objects.count() == 200

    def test_many_rewrites_against_workers(self, small_parts: None) -> None:
        """Of all that come while it is written and rewritten, the last one counts on every row."""
        users = people(150)
        send = start(users)
        services.work_off(send.pk)

        def rewrite_some(name: str) -> None:
            for n in range(6):
                services.rewrite(send.pk, {"title": f"{name} {n}", "url": f"/{name}"} if n else {"title": name})

        def correct_all() -> None:
            for _round in range(40):
                for pk in Correction.objects.pending().values_list("pk", flat=True).order_by("?"):
                    services.work_off_correction(pk)

        before = deadlocks()
        with watched(users[:5]):
            writers = [partial(rewrite_some, name) for name in ("tea", "coffee")]
            together(*writers, correct_all, correct_all, partial(work_off, send), partial(work_off, send))
        work_off(send)
        for correction in Correction.objects.order_by("-pk"):
            correct(correction)
        for correction in Correction.objects.order_by("pk"):
            assert correct(correction).status == "done"
        given = [json.loads(each.values)[0]["fields"] for each in Correction.objects.order_by("pk")]
        last = {name: [values[name] for values in given if name in values][-1] for name in ("title", "url")}
        assert set(SystemMessage.objects.values_list("title", "url")) == {(last["title"], last["url"])}
        assert SystemMessage.objects.count() == 150
        assert deadlocks() == before

    def test_a_later_rewrite_waits_for_one_under_way(self, small_parts: None) -> None:
        send = start(people(25))
        work_off(send)
        first = services.rewrite(send.pk, {"title": "Coffee"})
        pause = Pause("UPDATE .inbox_systemmessage")
        with beside(pause.around(partial(services.work_off_correction, first.pk))), pause:
            second = services.rewrite(send.pk, {"title": "Milk"})
            assert not services.work_off_correction(second.pk)
        for correction in (second, first, second):
            correct(correction)
        assert titles() == {"Milk"}

    @pytest.mark.parametrize("before", STATEMENTS)
    def test_a_worker_with_the_old_text_writes_it_anew(self, small_parts: None, before: str) -> None:
        send = start(people(25))
        pause = Pause(before)
        with beside(pause.around(partial(services.work_off, send.pk))), pause:
            found = services.rewrite(send.pk, {"title": "Coffee"})
        work_off(send)
        correct(found)
        assert titles() == {"Coffee"}
        assert SystemMessage.objects.count() == 25

    def test_against_what_their_recipients_do(self) -> None:
        """Read, deleted and undone while it is recalled: one after the other, whichever comes first."""
        users = people(30)
        send = start(users)
        others = start(users, title="Coffee")
        refs = dict(SystemMessage.objects.filter(send_id=send.pk).values_list("recipient", "pk"))

        def act(user: Any) -> None:
            ref = [f"system-{refs[user]}"]
            for deed in (services.delete, services.undelete, services.mark_read, services.mark_unread):
                try:
                    deed(user, ref)
                except NotFound:
                    return

        def all_act() -> None:
            for user in users:
                act(user)
                services.mark_all_read(user, state(user).version)

        with watched(users[:5]):
            together(all_act, partial(services.recall, send.pk), partial(services.recall, others.pk))
        assert not SystemMessage.objects.exists()
        assert all(state(user).unread == 0 for user in users)

    def test_a_send_into_a_thread_that_is_recalled(self) -> None:
        """The thread counts what is left in it."""
        users = people(20)
        send = start(users, url="/tea")

        def send_more() -> None:
            for n in range(4):
                services.send(users, SystemMessage, title=f"{n}", url="/tea")

        before = deadlocks()
        with watched(users[:5]):
            together(partial(services.recall, send.pk), send_more, send_more)
        assert deadlocks() == before
        assert set(Thread.objects.values_list("key", "items", "unread")) == {(key_of("/tea"), 8, 8)}
        assert all(state(user).unread == 8 for user in users)

    def test_a_frozen_user_keeps_back_only_the_chunk(self, small_parts: None) -> None:
        users = people(25)
        send = start(users)
        work_off(send)
        found = services.recall(send.pk)
        pause = Pause("SELECT .*FROM .inbox_mailbox. .*FOR NO KEY UPDATE")
        with beside(pause.around(partial(correct, Correction.objects.get(pk=found.pk)))), pause:
            assert not services.work_off_correction(found.pk)  # another worker holds it, and this one does not wait
        assert correct(found).found == 25

    def test_two_sends_with_one_key(self) -> None:
        shop, [bob] = service(), people(1)
        body = {"type": "follow", "recipients": [bob], "key": "k"}

        def send() -> int:
            return int(Service.__call__(shop, "POST", "messages/", body).status_code)

        assert sorted(together(*[send for _ in range(8)])) == [201] + [409] * 7
        assert FollowMessage.objects.count() == 1
