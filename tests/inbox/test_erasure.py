"""To have everything erased that is held about one. Nobody else's rows are touched."""

import json
from importlib import import_module
from io import StringIO
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from inbox import selectors, services
from inbox.core.acting import acting
from inbox.errors import BadValue, NotFound
from inbox.models import (
    Broadcast,
    BroadcastApproval,
    BroadcastChange,
    BroadcastMember,
    BroadcastReceipt,
    BroadcastSeries,
    BroadcastTrial,
    ChosenLocale,
    CommentMessage,
    Engagement,
    Following,
    FollowMessage,
    Mailbox,
    Message,
    MutedType,
    ServiceToken,
    Silence,
    event_types,
)

from .listening import Heard
from .lives import Life, exported, run
from .people import NOW, live, people, state, unread
from .repeated import stopped
from .services import row_of
from .threads import together, watched

erasure, retention = (import_module(f"inbox.services.{name}") for name in ("erasure", "retention"))
pytestmark = pytest.mark.django_db


def test_nothing_is_left_and_the_numbers_say_so(life: Life) -> None:
    counts = services.erasable(life.ann)
    assert services.erase(life.ann) == counts
    assert counts == {
        "follows": 1,
        "comments": 1,
        "system messages": 1,
        "comments of others, in which they act": 1,
        "announcements that they wrote": 1,
        "API tokens": 1,
        "receipts": 3,
        "engagements": 1,
        "languages and time zones": 1,
        "muted types": 2,
        "followed subjects": 1,
        "silenced subjects": 1,
    }
    told = exported(life.ann)
    assert not any(
        (told["chosen_locale"], told["engagements"], told["muted_types"], told["service_tokens"], told["broadcasts"])
    )
    assert not any((told["following"], told["silenced"]))
    assert (Following.objects.count(), Silence.objects.count()) == (1, 1)  # Bob's
    assert not any([*told["messages"].values(), *told["said_to_others"].values()])
    assert User.objects.filter(pk=life.ann).exists()


def test_the_badge_is_at_zero_and_the_version_went_on(
    life: Life, heard: Heard, django_capture_on_commit_callbacks: Any
) -> None:
    before = selectors.snapshot(life.ann)
    assert before.unread > 0
    with django_capture_on_commit_callbacks(execute=True):
        services.erase(life.ann)
    after = selectors.snapshot(life.ann)
    assert (after.unread, unread(life.ann)) == (0, set())
    assert after.version > before.version
    assert heard.mailboxes[-1] == (life.ann, None)
    assert heard.broadcasts == []


@pytest.mark.anywhere
def test_of_receipts_there_is_only_that_what_is_out_is_not_new(life: Life, clock: Any) -> None:
    services.erase(life.ann)
    left = {row.broadcast_id: row for row in BroadcastReceipt.objects.filter(recipient=life.ann)}
    assert set(left) == {life.news.pk, life.dismissed.pk, life.unseen.pk}
    assert {(row.read_at, row.archived_at, row.deleted_at) for row in left.values()} == {(NOW, None, None)}


def test_others_keep_theirs_without_the_name(life: Life, heard: Heard, django_capture_on_commit_callbacks: Any) -> None:
    other, snapshot = state(life.cid), selectors.snapshot(life.bob)
    with django_capture_on_commit_callbacks(execute=True):
        services.erase(life.ann)
    assert state(life.cid) == other
    assert heard.users == {life.ann, life.bob}
    comment = CommentMessage.objects.get(recipient=life.bob)
    assert (comment.actor, comment.excerpt) == (None, "小红点 “yes”")
    after = selectors.snapshot(life.bob)
    assert (after.unread, after.by_type) == (snapshot.unread, snapshot.by_type)
    assert after.version == snapshot.version + 1
    assert FollowMessage.objects.get(recipient=life.bob).actor_id == life.cid
    assert ServiceToken.objects.get() == row_of(life.others_token)
    assert Broadcast.objects.get(pk=life.news.pk).author is None
    assert BroadcastReceipt.objects.filter(recipient=life.bob).count() == 1


@pytest.mark.anywhere
def test_what_comes_afterwards_arrives(life: Life) -> None:
    services.erase(life.ann)
    services.send([life.ann], FollowMessage, actor=life.bob)
    more = live()
    assert len(unread(life.ann)) == 2
    assert more.ref in unread(life.ann)
    assert MutedType.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_much_is_erased_in_batches_the_badge_right_after_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 3)
    [user, reader] = people(2)
    FollowMessage.objects.bulk_create(FollowMessage(recipient_id=user) for _ in range(7))
    CommentMessage.objects.bulk_create(
        CommentMessage(recipient_id=reader, actor_id=user, target_title="Tea") for _ in range(7)
    )
    seen: list[tuple[int, int]] = []

    def look() -> None:
        seen.append((len(unread(user)), CommentMessage.objects.exclude(actor=None).count()))

    monkeypatch.setattr(erasure, "let_others_write", look)
    before = selectors.versions([user, reader])
    services.erase(user)
    assert seen == [(4, 7), (1, 7), (0, 7), (0, 4), (0, 1), (0, 0)]
    after = selectors.versions([user, reader])
    assert after == {user: before[user] + 3 + 1, reader: before[reader] + 3}


@pytest.mark.django_db(transaction=True)
def test_what_is_sent_meanwhile_arrives_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 3)
    users = people(3)
    for _ in range(9):
        services.send(users, FollowMessage, actor=users[0])

    def send() -> None:
        for _ in range(10):
            services.send(users, CommentMessage, actor=users[1], target_title="Tea")

    with watched(users):
        together(send, lambda: services.erase(users[0]))
    services.erase(users[0])
    assert [len(unread(user)) for user in users] == [0, 19, 19]
    assert not FollowMessage.objects.exclude(actor=None).exists()
    assert CommentMessage.objects.filter(actor=users[1]).count() == 20


@pytest.mark.anywhere
def test_erasing_twice_does_no_harm(life: Life) -> None:
    services.erase(life.ann)
    before = selectors.snapshot(life.ann)
    assert services.erase(life.ann) == {"receipts": 3}
    after = selectors.snapshot(life.ann)
    assert (after.unread, after.version > before.version) == (0, True)


@pytest.mark.anywhere
def test_without_yes_it_only_says_what_would_go(life: Life) -> None:
    before = state(life.ann), exported(life.ann)["messages"], state(life.bob)
    call = StringIO()
    with pytest.raises(CommandError, match="--yes"):
        call_command("erase_user", life.name(life.ann), stdout=call)
    assert "Would be erased: 15" in call.getvalue()
    assert before == (state(life.ann), exported(life.ann)["messages"], state(life.bob))
    lines = run("erase_user", life.name(life.ann), "--yes").splitlines()
    assert [line.strip() for line in (lines[0], lines[-1])] == ["1  follows", "Erased: 15"]


# Who?


@pytest.mark.anywhere
@pytest.mark.parametrize("command", ["export_user", "erase_user"])
@pytest.mark.parametrize(
    ("options", "says"),
    [([], "Say who"), (["zed"], "zed"), (["--id", "0"], "0"), (["--id", "x"], "x"), (["zed", "--id", "1"], "Say who")],
)
def test_somebody_has_to_be_named(command: str, options: list[str], says: str) -> None:
    with pytest.raises(CommandError, match=says):
        run(command, *options)


def test_somebody_of_whom_there_is_nothing() -> None:
    [nobody] = people(1)
    assert services.erasable(nobody) == {}
    assert not Mailbox.objects.filter(pk=nobody).exists()
    assert services.erase(nobody) == {}


@pytest.mark.anywhere
def test_who_may_not_sign_in_is_found_all_the_same(user: int) -> None:
    User.objects.filter(pk=user).update(is_active=False)
    assert json.loads(run("export_user", User.objects.get(pk=user).username))["user"]["id"] == user


@pytest.mark.anywhere
@pytest.mark.parametrize("work", [selectors.export, services.erase, services.erasable])
@pytest.mark.parametrize(("nobody", "error"), [(10**9, NotFound), ("x", BadValue), (None, BadValue)])
def test_nobody_is_refused_at_once(work: Any, nobody: Any, error: Any) -> None:
    with pytest.raises(error):
        work(nobody)


@pytest.mark.anywhere
def test_every_table_of_the_inbox_that_knows_people_is_in_the_export() -> None:
    """A new table with a person in it has to be exported and erased, or named here with the reason."""
    of_broadcasts = {Broadcast, BroadcastApproval, BroadcastChange, BroadcastMember, BroadcastReceipt, BroadcastSeries}
    of_broadcasts |= {BroadcastTrial}
    known = {*of_broadcasts, ChosenLocale, Engagement, Mailbox, MutedType, ServiceToken, *event_types().values()}
    known |= {Following, Silence}
    nameless = {"BroadcastClock", "EndedSession", "TicketSession", "Broadcast_groups", "ExcludedGroup"}
    nameless |= {"DeletedUser"}  # a key, until the last message has forgotten it, and a month longer
    nameless |= {
        "AudienceFilter",
        "Broadcast_filters",
        "Broadcast_excluded_filters",
    }  # conditions; whom they found is in BroadcastMember
    nameless |= {"UndoableChange"}  # which marks there were, for ten minutes; it is erased
    nameless |= {"Thread", "CountedType"}  # counts of their messages, and of which types
    nameless |= {"Service", "Correction"}  # programs, and what they took back or wrote anew, without recipients
    nameless |= {"Submission"}  # of a form: what it created, and not who sent it
    of_a_token = {"IdempotencyKey", "Send", "SendChunk"}  # what a service asked for; hours, and numbers only
    models = apps.get_app_config("inbox").get_models(include_auto_created=True)
    assert {model.__name__ for model in models if model not in known} == nameless | of_a_token
    assert all(issubclass(model, Message) for model in event_types().values())


def test_what_they_changed_in_broadcasts(user: int) -> None:
    with acting(user):
        changed = Broadcast.objects.create(title="Tea")
    other = Broadcast.objects.create(title="Milk")
    document = json.loads("".join(selectors.export(user)))
    assert [row["broadcast"] for row in document["broadcast_changes"]] == [changed.pk]
    assert services.erase(user)["changes of announcements that they made"] == 1
    rows = BroadcastChange.objects.filter(broadcast__in=[changed, other])
    assert list(rows.values_list("by", flat=True)) == [None, None]


def test_what_they_let_recur(user: int) -> None:
    series = stopped(user)
    document = json.loads("".join(selectors.export(user)))
    assert [row["rule"] for row in document["broadcast_series"]] == [series.rule]
    assert services.erase(user)["recurring announcements that they wrote"] == 1
    assert BroadcastSeries.objects.get().author is None
