"""Undo: every act of a user gives a token, which restores what the act has replaced, and says what it skips."""

from datetime import timedelta
from decimal import Decimal
from importlib import import_module
from itertools import count
from typing import Any

import pytest
from django.db import OperationalError, connection, models
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inbox import selectors, services
from inbox.errors import BadValue, NotFound
from inbox.models import Broadcast, BroadcastReceipt, FollowMessage, Message, UndoableChange, event_types
from inbox.services.acts import bulk, journal

from .databases import postgres
from .own_tables import a_model, installed
from .people import live, one_of, people
from .rest import BUTTONS, Caller, announcement, comment, problem, state
from .threads import Pause, after, beside, blocked, together

pytestmark = pytest.mark.django_db
undo: Any = import_module("inbox.services.acts.undo")  # `services.undo` is the function

ACTS = ["mark_read", "mark_unread", "archive", "unarchive", "delete"]


def filled(user: Any, count: int) -> None:
    FollowMessage.objects.bulk_create([FollowMessage(recipient_id=user) for _ in range(count)], batch_size=1000)


def sent(user: Any, count: int = 1) -> list[str]:
    """The refs of new messages, the oldest first."""
    known = set(FollowMessage.objects.values_list("pk", flat=True))
    for _ in range(count):
        services.send([user], FollowMessage)
    return [row.ref for row in FollowMessage.objects.filter(recipient=user).order_by("seq") if row.pk not in known]


def done(user: Any, act: str, *args: Any) -> str:
    """Do this; returns the token."""
    with services.recording(user) as recorded:
        getattr(services, act)(user, *args)
    assert recorded.undo
    return recorded.undo


def marks(user: Any) -> list[tuple[Any, ...]]:
    """The marks on everything in the mailbox; a receipt without a mark is none."""
    columns = ("pk", "read_at", "archived_at", "deleted_at")
    rows = [*FollowMessage.objects.filter(recipient=user).order_by("pk").values_list(*columns)]
    receipts = (
        BroadcastReceipt.objects.filter(recipient=user).order_by("broadcast").values_list("broadcast", *columns[1:])
    )
    return rows + [row for row in receipts.values_list("broadcast", *columns[1:]) if any(row[1:])]


@pytest.mark.parametrize("act", ACTS)
def test_each_act_is_undone_exactly(user: Any, act: str) -> None:
    """Of items in all states at once, announcements without a receipt among them."""
    refs = [*sent(user, 3), *(live().ref for _ in range(3))]
    services.mark_read(user, [refs[1], refs[4]])
    services.archive(user, [refs[2], refs[5]])
    before, badge = marks(user), selectors.snapshot(user)
    with services.recording(user) as recorded:
        getattr(services, act)(user, refs)
    changed = marks(user)
    assert changed != before
    assert services.undo(user, recorded.undo or "") == (recorded.changed, 0)
    assert marks(user) == before
    found = selectors.snapshot(user)
    assert (found.unread, found.by_type, found.version > badge.version) == (badge.unread, badge.by_type, True)


def test_what_was_changed_since_stays_and_is_counted(user: Any) -> None:
    refs = sent(user, 4)
    token = done(user, "archive", refs)
    services.unarchive(user, refs[:1])
    services.delete(user, refs[1:2])  # says nothing about the archive
    FollowMessage.objects.get(pk=refs[2].partition("-")[2]).delete()
    assert services.undo(user, token) == (2, 2)
    found = {item.ref: (item.read, item.archived) for item in selectors.inbox_page(user).items}
    assert found == {refs[0]: (True, False), refs[3]: (False, False)}


@pytest.mark.parametrize(("first", "second"), [("mark_read", "archive"), ("unarchive", "mark_unread")])
def test_what_is_archived_stays_read(user: Any, first: str, second: str) -> None:
    """An undo that would leave an archived item unread skips it: no constraint fails."""
    [ref] = sent(user)
    if first == "unarchive":
        services.archive(user, [ref])
    token = done(user, first, [ref])
    getattr(services, second)(user, [ref])
    assert services.undo(user, token) == (0, 1)


def test_what_was_shown_again_is_skipped(user: Any) -> None:
    broadcast = live()
    token = done(user, "mark_read", [broadcast.ref])
    broadcast.shows_again = True
    broadcast.save()
    version = selectors.snapshot(user).version
    assert services.undo(user, token) == (0, 1)
    assert selectors.snapshot(user).version == version


def test_what_arrived_again_since_is_not_swallowed(user: Any) -> None:
    [send] = services.start_sends([services.Order(services.draft(FollowMessage), [user])])
    ref = FollowMessage.objects.get().ref
    services.mark_read(user, [ref])
    token, star = done(user, "mark_unread", [ref]), done(user, "star", [ref])
    services.rewrite(send.pk, {"url": "/new"}, again=True)
    assert services.undo(user, token) == (0, 1)
    assert selectors.snapshot(user).unread == 1
    assert services.undo(user, star) == (1, 0)


def test_an_older_mark_all_spares_what_undo_brought_back(user: Any) -> None:
    """Announcements, too, although the act has created their receipts."""
    refs = [*sent(user, 2), live().ref]
    version = selectors.snapshot(user).version
    token = done(user, "mark_all_read", version)
    assert services.undo(user, token) == (len(refs), 0)
    assert services.mark_all_read(user, version) == 0
    assert services.mark_all_read(user, selectors.snapshot(user).version) == len(refs)


def test_several_changes_at_once_are_one_act(user: Any) -> None:
    [ref] = sent(user)
    before = marks(user)
    with services.recording(user) as recorded:
        services.change(user, [ref], {"archived": True, "read": True})
    assert recorded.changed == 1
    assert services.undo(user, recorded.undo or "") == (1, 0)
    assert marks(user) == before


def test_an_undo_can_be_undone(user: Any) -> None:
    refs = [*sent(user, 2), live().ref]
    token = done(user, "archive", refs)
    archived = marks(user)
    again = done(user, "undo", token)
    assert marks(user) != archived
    assert services.undo(user, again) == (3, 0)
    assert marks(user) == archived


def test_a_token_works_once_for_its_owner_for_ten_minutes(user: Any, clock: Any) -> None:
    [other] = people(1)
    refs = sent(user, 2)
    first, second = (done(user, "archive", [ref]) for ref in refs)
    for whose, token in ((other, first), (user, first + "x"), (user, "")):
        with pytest.raises(NotFound):
            services.undo(whose, token)
    services.undo(user, first)
    with pytest.raises(NotFound):
        services.undo(user, first)
    clock.shift(timedelta(minutes=10))
    with pytest.raises(NotFound):
        services.undo(user, second)


def test_nothing_is_logged_that_changed_nothing_or_that_nobody_records(user: Any) -> None:
    [ref] = sent(user)
    services.mark_read(user, [ref])
    with services.recording(user) as recorded:
        services.mark_read(user, [ref])
        services.mark_all_read(user, selectors.snapshot(user).version)
    assert (recorded.changed, recorded.undo) == (0, None)
    with services.recording(people(1)[0]) as recorded:  # another user
        services.archive(user, [ref])
    assert recorded.undo is None
    with pytest.raises(NotFound), services.recording(user):
        services.delete(user, [ref, "follow-999999"])
    assert not UndoableChange.objects.exists()


def test_the_log_of_a_user_is_bounded(user: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest acts are forgotten first, and whole; those of others stay."""
    [other] = people(1)
    kept = done(other, "archive", sent(other))
    monkeypatch.setattr(journal, "MOST_ACTS", 3)
    tokens = [done(user, "archive", [ref]) for ref in sent(user, 5)]
    assert set(UndoableChange.objects.values_list("act", flat=True)) == {*tokens[2:], kept}
    monkeypatch.setattr(journal, "MOST_ROWS", 1)
    last = done(user, "archive", sent(user))
    assert set(UndoableChange.objects.values_list("act", flat=True)) == {tokens[-1], last, kept}


def test_one_token_for_everything_does_not_fill_the_log(user: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What an act did first is forgotten first, if it is repeated without an end."""
    monkeypatch.setattr(journal, "MOST_ROWS", 3)
    refs, token = sent(user, 6), "o" * 22
    for ref in refs:
        with services.recording(user, token):
            services.archive(user, [ref])
    assert UndoableChange.objects.count() == 4  # with what the last one has written
    assert services.undo(user, token) == (4, 0)
    archived = FollowMessage.objects.exclude(archived_at=None)
    assert sorted(row.ref for row in archived) == sorted(refs[:2])


def test_the_log_goes_with_time_with_the_user_and_when_they_are_erased(user: Any, clock: Any) -> None:
    gone, stays = people(2)
    for each in (user, gone, stays):
        done(each, "archive", sent(each))
    services.erase(user)
    one_of(gone).delete()
    assert set(UndoableChange.objects.values_list("mailbox_id", flat=True)) == {stays}
    clock.shift(timedelta(minutes=11))
    services.purge()
    assert not UndoableChange.objects.exists()


def test_undo_after_a_purge(user: Any, clock: Any) -> None:
    """Whatever is gone is skipped."""
    refs = sent(user, 3)
    token = done(user, "mark_read", refs)
    services.delete(user, refs[:1])
    FollowMessage.objects.filter(deleted_at__isnull=False).update(deleted_at=timezone.now() - timedelta(hours=1))
    assert services.purge_deleted() == 1
    assert services.undo(user, token) == (2, 1)


def test_thousands_are_undone_in_batches(user: Any) -> None:
    """Each batch is a version of its own, and no statement grows with the whole."""
    filled(user, 2500)
    before = selectors.snapshot(user)
    token = done(user, "mark_all_read", before.version)
    assert UndoableChange.objects.count() == 3
    read = selectors.snapshot(user)
    assert read.unread == 0
    assert services.undo(user, token) == (2500, 0)
    found = selectors.snapshot(user)
    assert (found.unread, found.capped) == (before.unread, before.capped)
    assert found.version == read.version + 3
    assert not UndoableChange.objects.exists()


def test_a_thousand_different_dates_are_restored(user: Any) -> None:
    moments = [timezone.now() - timedelta(seconds=number) for number in range(1000)]
    FollowMessage.objects.bulk_create([FollowMessage(recipient_id=user, read_at=moment) for moment in moments])
    dates = dict(FollowMessage.objects.filter(recipient=user).values_list("pk", "read_at"))
    assert set(dates.values()) == set(moments)
    refs = [f"follow-{pk}" for pk in dates]
    token = done(user, "mark_unread", refs)
    assert services.undo(user, token) == (1000, 0)
    assert dict(FollowMessage.objects.filter(recipient=user).values_list("pk", "read_at")) == dates


def test_each_type_costs_an_act_and_its_undo_one_statement(user: Any) -> None:
    """All else is read, counted and logged once for all types."""

    def statements(models: list[Any]) -> tuple[int, int]:
        for model in models:
            model.objects.bulk_create([model(recipient_id=user, url=f"/{number}/") for number in range(3)])
        version = selectors.snapshot(user).version
        with CaptureQueriesContext(connection) as marking:
            token = done(user, "mark_all_read", version)
        with CaptureQueriesContext(connection) as undoing:
            assert services.undo(user, token) == (3 * len(models), 0)
        services.mark_all_read(user, selectors.snapshot(user).version)
        return len(marking), len(undoing)

    [one, *others] = event_types().values()
    few, many = statements([one]), statements([one, *others])
    assert [more - fewer for fewer, more in zip(few, many, strict=True)] == [len(others)] * 2


# The API


@pytest.mark.anywhere
def test_every_write_of_the_api_says_how_to_undo_it(bob: Any) -> None:
    call, refs = Caller(bob), [comment(bob, buttons=BUTTONS).ref, comment(bob).ref, announcement(as_banner=True).ref]
    before = state(bob)
    writes: list[tuple[str, str, Any, int]] = [
        ("PATCH", f"inbox/{refs[0]}/", {"archived": True}, 1),
        ("PATCH", f"inbox/{refs[0]}/", {"read": False}, 0),
        ("DELETE", f"inbox/{refs[1]}/", None, 1),
        ("POST", "inbox/read/", {"refs": refs}, 3),
        ("POST", "inbox/read/", {"up_to": None}, 3),
        ("POST", f"inbox/{refs[0]}/pressed/", {"button": 1}, 1),
        ("POST", f"inbox/{refs[2]}/pressed/", {"button": 0}, 1),
        ("POST", f"inbox/announcements/{refs[2]}/close/", None, 1),
    ]
    Broadcast.objects.filter(pk=refs[2].partition("-")[2]).update(buttons=[{**BUTTONS[0], "labels": {}}])
    for method, path, body, changed in writes:
        if body and "up_to" in body:
            body = {"up_to": state(bob).version}
        answer = call(method, path, body).json()
        assert (answer["changed"], answer["undo"] is not None) == (changed, changed > 0), path
        assert state(bob).as_dict().items() <= answer.items()
        if changed:
            undone = call("POST", "inbox/undo/", {"undo": answer["undo"]}).json()
            assert (undone["restored"], undone["skipped"], undone["changed"]) == (changed, 0, changed)
            assert state(bob).as_dict().items() <= undone.items()
            assert undone["by_type"] == before.by_type
    problem(call("POST", "inbox/undo/", {"undo": answer["undo"]}), 404)
    assert "pressed" not in call.get(f"inbox/{refs[0]}/").json()
    assert [item["kinds"] for item in call.get("inbox/announcements/").json()["items"]] == [["banner"]]


def test_a_confirmation_cannot_be_undone(bob: Any) -> None:
    """Who has published the dialog relies on it."""
    ref = announcement(as_dialog=True).ref
    assert "undo" not in Caller(bob)("POST", f"inbox/announcements/{ref}/confirm/").json()
    assert not UndoableChange.objects.exists()


class Killed(BaseException):
    """The process ends here, whatever waits for it."""


def failing(monkeypatch: pytest.MonkeyPatch, error: BaseException, after: int = 2) -> None:
    """Acts on many work in batches of two, and every one after so many fails."""
    real, batches = bulk._change_messages, count(1)

    def change(*args: Any) -> Any:
        if next(batches) > after:
            raise error
        return real(*args)

    monkeypatch.setattr(bulk, "BATCH", 2)
    monkeypatch.setattr(bulk, "_change_messages", change)


ALL: dict[str, dict[str, Any]] = {"inbox/read/": {}, "inbox/changes/": {"filter": {}, "archived": True}}


@pytest.mark.parametrize(("error", "status"), [(OperationalError("gone"), 503), (ValueError("a bug"), 500)])
@pytest.mark.parametrize("path", ALL)
def test_what_was_written_before_a_failure_can_be_undone(
    bob: Any, path: str, error: Exception, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent(bob.pk, 5)
    body, call = {**ALL[path], "up_to": state(bob).version}, Caller(bob)
    with monkeypatch.context() as patched:
        failing(patched, error)
        failure = problem(call("POST", path, body), status)
    assert (failure["changed"], state(bob).unread) == (4, 1)
    assert call("POST", "inbox/undo/", {"undo": failure["undo"]}).json()["restored"] == 4
    assert state(bob).unread == 5
    with monkeypatch.context() as patched:
        failing(patched, error, after=0)
        assert not {"undo", "changed"} & problem(call("POST", path, body), status).keys()


def test_an_undo_that_fails_midway_goes_on_and_can_be_undone(bob: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    sent(bob.pk, 6)
    call, version, own = Caller(bob), state(bob).version, "y" * 22
    with monkeypatch.context() as patched:
        failing(patched, ValueError(), after=9)
        token = call("POST", "inbox/read/", {"up_to": version}).json()["undo"]
    real, parts = undo._restore, count(1)

    def restore(*args: Any) -> int:
        if next(parts) == 2:
            raise ValueError("a bug")
        return real(*args)

    monkeypatch.setattr(undo, "_restore", restore)
    failure = problem(call("POST", "inbox/undo/", {"undo": token, "act": own}), 500)
    assert (failure["changed"], failure["undo"], state(bob).unread) == (2, own, 2)
    answer = call("POST", "inbox/undo/", {"undo": token, "act": own}).json()
    assert (answer["restored"], answer["undo"], answer["unread"]) == (4, own, 6)
    assert call("POST", "inbox/undo/", {"undo": own}).json()["unread"] == 0


def test_a_killed_act_goes_on_under_its_own_token(user: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What came between belongs to it as well."""
    [other], own = people(1), "x" * 22
    refs = [*sent(user, 5), live().ref]
    theirs = done(other, "mark_read", sent(other))
    version = selectors.snapshot(user).version
    with monkeypatch.context() as patched:
        failing(patched, Killed())
        with pytest.raises(Killed), services.recording(user, own):
            services.mark_all_read(user, version)
    assert selectors.snapshot(user).unread == 2
    refs += sent(user)
    with services.recording(user, own) as act:
        services.mark_all_read(user, selectors.snapshot(user).version)
    assert (act.changed, act.undo) == (3, own)
    with services.recording(user, own) as act:  # its answer was lost
        services.mark_all_read(user, selectors.snapshot(user).version)
    assert (act.changed, act.undo) == (0, own)
    with services.recording(other, own) as hers:
        assert hers.undo is None
    with pytest.raises(NotFound):
        services.undo(other, own)
    assert services.undo(user, own) == (len(refs), 0)
    assert selectors.snapshot(user).unread == len(refs)
    assert services.undo(other, theirs) == (1, 0)


@pytest.mark.anywhere
def test_an_undo_whose_answer_was_lost_is_sent_again(bob: Any) -> None:
    """Under its own token it has nothing left to restore; under another one it is refused."""
    call, own = Caller(bob), "w" * 22
    token = done(bob.pk, "mark_read", sent(bob.pk))
    body = {"undo": token, "act": own}
    first, again = (call("POST", "inbox/undo/", body).json() for _ in range(2))
    assert (first["restored"], first["undo"], first["unread"]) == (1, own, 1)
    assert (again["restored"], again["skipped"], again["undo"], again["unread"]) == (0, 0, own, 1)
    problem(call("POST", "inbox/undo/", {**body, "act": "v" * 22}), 404)
    assert call("POST", "inbox/undo/", {"undo": own}).json()["unread"] == 0


@pytest.mark.anywhere
@pytest.mark.parametrize("beside", [{}, {"read": True}, {"archived": True, "starred": True}], ids=str)
def test_a_deletion_whose_answer_was_lost_is_sent_again(bob: Any, beside: dict[str, bool]) -> None:
    """Under its own token it has nothing left to do; under another one, the items are gone."""
    call, own = Caller(bob), "d" * 22
    refs = [*sent(bob.pk, 2), live().ref]
    body = {"refs": refs, "deleted": True, "act": own, **beside}
    assert [call("POST", "inbox/changes/", body).json()["changed"] for _ in range(2)] == [3, 0]
    problem(call("POST", "inbox/changes/", {**body, "act": "v" * 22}), 404)
    assert call("POST", "inbox/undo/", {"undo": own}).json()["restored"] == 3
    assert call("POST", "inbox/changes/", body).json()["changed"] == 3, "after the undo it is another act"


@pytest.mark.anywhere
@pytest.mark.parametrize("one", ["PATCH", "DELETE", "pressed"])
def test_an_act_on_one_item_whose_answer_was_lost_is_sent_again(bob: Any, one: str) -> None:
    """It happens once, and the second answer has the undo of the first."""
    call, own = Caller(bob), "e" * 22
    ref = announcement(buttons=BUTTONS).ref if one == "pressed" else sent(bob.pk)[0]
    request: dict[str, tuple[Any, ...]] = {
        "PATCH": ("PATCH", f"inbox/{ref}/", {"archived": True, "act": own}),
        "DELETE": ("DELETE", f"inbox/{ref}/?act={own}"),
        "pressed": ("POST", f"inbox/{ref}/pressed/", {"button": 0, "act": own}),
    }
    answers = [call(*request[one]).json() for _ in range(2)]
    assert [(answer["changed"], answer["undo"]) for answer in answers] == [(1, own), (0, own)]
    assert call("POST", "inbox/undo/", {"undo": own}).json()["unread"] == 1


@pytest.mark.parametrize("act", [*ACTS, "star"])
def test_an_act_that_is_sent_twice_at_once_has_its_undo(user: Any, act: str) -> None:
    """The second one begins before the first has written, and waits for the mailbox."""
    refs, own = sent(user, 2), "t" * 22
    if act in ("mark_unread", "unarchive"):
        services.archive(user, refs)
    with services.recording(user, own) as second:
        with services.recording(user, own):
            getattr(services, act)(user, refs)
        getattr(services, act)(user, refs)
    assert (second.changed, second.undo) == (0, own)
    assert services.undo(user, own) == (2, 0)


def test_an_undo_under_the_token_that_it_undoes_is_refused(bob: Any) -> None:
    """It would undo itself, and so on."""
    refs, token = sent(bob.pk, 2), "o" * 22
    with services.recording(bob, token):
        services.archive(bob, refs)
    with pytest.raises(BadValue), services.recording(bob, token):
        services.undo(bob, token)
    problem(Caller(bob)("POST", "inbox/undo/", {"undo": token, "act": token}), 422)
    assert services.undo(bob, token) == (2, 0)


@pytest.mark.parametrize("act", ["", "x" * 21, "x" * 44, "x" * 21 + " ", "x" * 21 + "é", 5, None])
def test_what_is_no_token_of_ones_own_is_422(bob: Any, act: Any) -> None:
    version, token = state(bob).version, done(bob.pk, "mark_read", sent(bob.pk))
    bodies = {"read": {"up_to": version}, "changes": {"filter": {}, "up_to": version, "read": True}}
    for name, body in {**bodies, "undo": {"undo": token}, "visited": {"visit": "x"}}.items():
        [error] = problem(Caller(bob)("POST", f"inbox/{name}/", {**body, "act": act}), 422)["errors"]
        assert error["pointer"] == "/act"
    if isinstance(act, str):
        with pytest.raises(BadValue), services.recording(bob, act):
            raise AssertionError


NO_TOKENS: list[Any] = [{}, *({"undo": value} for value in ("", None, 5, "x" * 44, "\0", "a b")), {"undo": "x", "a": 1}]


@pytest.mark.anywhere
@pytest.mark.parametrize("body", NO_TOKENS)
def test_what_is_no_token_is_422(bob: Any, body: Any) -> None:
    problem(Caller(bob)("POST", "inbox/undo/", body), 422)
    with pytest.raises(NotFound):
        services.undo(bob, "\0")


# At once


@postgres
@pytest.mark.django_db(transaction=True)
def test_two_undos_at_once_restore_each_item_once(user: Any) -> None:
    filled(user, 3000)
    token = done(user, "mark_all_read", selectors.snapshot(user).version)

    def undo() -> tuple[int, int]:
        try:
            return services.undo(user, token)
        except NotFound:
            return 0, 0

    found = together(undo, undo)
    assert sum(restored for restored, _skipped in found) == 3000
    assert sum(skipped for _restored, skipped in found) == 0
    assert FollowMessage.objects.unread().filter(recipient=user).count() == 3000


@postgres
@pytest.mark.django_db(transaction=True)
def test_undo_against_mark_all(user: Any) -> None:
    """A mark-all that was shown the state before the undo spares what comes back, however they meet."""
    filled(user, 2000)
    token = done(user, "mark_all_read", selectors.snapshot(user).version)
    services.send([user], FollowMessage)
    shown = selectors.snapshot(user).version
    pause = Pause(r'UPDATE "inbox_followmessage"', before=2)
    with beside(pause.around(lambda: services.undo(user, token))) as undoing:
        with pause, beside(after(pause, lambda: services.mark_all_read(user, shown))) as marking:
            assert blocked(marking)
            pause.may_go.set()
        assert undoing.result(60) == (2000, 0)
    assert marking.result(60) == 1
    assert FollowMessage.objects.unread().filter(recipient=user).count() == 2000


# Keys


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("field", "key"),
    [
        (models.CharField(max_length=9, primary_key=True), "a “b” ü"),
        (models.DecimalField(max_digits=9, decimal_places=2, primary_key=True), Decimal("2.50")),
        (models.BigIntegerField(primary_key=True), 2**60 + 1),
    ],
    ids=["text", "decimal", "large"],
)
def test_messages_with_keys_of_any_kind(user: Any, field: Any, key: Any) -> None:
    parcel = a_model("ParcelMessage", Message, inbox_type="parcel", title_format="A parcel", id=field)
    with installed(parcel):
        ref = parcel.objects.create(recipient_id=user, id=key).ref
        token = done(user, "mark_read", [ref])
        assert selectors.snapshot(user).unread == 0
        assert services.undo(user, token) == (1, 0)
        token = done(user, "mark_all_read", selectors.snapshot(user).version)
        assert services.undo(user, token) == (1, 0)
        assert selectors.snapshot(user).unread == 1
