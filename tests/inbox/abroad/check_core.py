"""The inbox with keys that are no numbers, types that it does not know, and models seen through proxies."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.management import call_command

from inbox import selectors, services
from inbox.credentials import tickets
from inbox.errors import BadValue, NotFound
from inbox.models import CommentMessage, FollowMessage, Mailbox, event_types, ledger
from inbox.signals import send_queued

from ..listening import Heard
from ..people import live, mend, people, unread
from .models import (
    AnswerToSomethingThatWasAskedLongAgoMessage,
    Friend,
    ParcelMessage,
    Person,
    PinnedMessage,
    Post,
    ReplyMessage,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(params=[str, UUID, lambda pk: Person.objects.get(pk=pk)], ids=["text", "UUID", "instance"])
def user(request: Any) -> Any:
    [pk] = people(1)
    return request.param(str(pk))


def test_a_user_is_known_by_text(user: Any, heard: Heard, django_capture_on_commit_callbacks: Any) -> None:
    text = str(getattr(user, "pk", user))
    with django_capture_on_commit_callbacks(execute=True):
        assert services.send([user, user, text, UUID(text)], FollowMessage, actor=user) == 1
    assert heard.mailboxes == [(text, "follow")]
    snapshot = selectors.snapshot(user)
    assert (snapshot.user, snapshot.unread, snapshot.version) == (text, 1, 1)
    assert list(selectors.snapshots([user])) == list(selectors.versions([user])) == [text]
    assert list(selectors.newest({text: 0}, "follow")) == [text]


def test_what_is_written_after_a_rewrite_arrives_once(
    monkeypatch: Any, django_capture_on_commit_callbacks: Any
) -> None:
    """Although random keys do not tell which messages are older than the rewrite."""
    monkeypatch.setattr(ledger.chunks, "__defaults__", (10,))
    monkeypatch.setattr(ledger, "CHUNK", 10)
    [send] = services.start_sends([services.Order(services.draft(ParcelMessage, content="tea"), people(25))])
    services.work_off(send.pk)
    rewrite = services.rewrite(send.pk, {"content": "coffee"}, again=True)
    assert not services.work_off(send.pk)
    queued: list[int] = []
    send_queued.connect(hear := lambda send_id, **kwargs: queued.append(send_id))
    try:
        with django_capture_on_commit_callbacks(execute=True):
            while services.work_off_correction(rewrite.pk):
                pass
    finally:
        send_queued.disconnect(hear)
    assert queued == [send.pk]
    while services.work_off(send.pk):
        pass
    assert ParcelMessage.objects.filter(content="coffee").count() == 25
    assert ParcelMessage.objects.filter(since=None).count() == 15


def test_a_ticket_says_who() -> None:
    [pk] = people(1)
    text, ticket = services.mint_ticket(Person.objects.get(pk=pk), None)
    assert ticket.user == str(pk)
    assert tickets.users_of([text], opening=True) == {text: str(pk)}


def test_an_item_is_read_archived_deleted_and_brought_back(user: Any) -> None:
    services.send([user], ParcelMessage, content="tea")
    broadcast = live()
    row = ParcelMessage.objects.get()
    assert row.ref == f"parcel-{row.pk}"
    assert unread(user) == {row.ref, broadcast.ref}
    for ref in (row.ref, broadcast.ref):
        assert services.archive(user, [ref]) == 1
        assert services.mark_unread(user, [ref]) == 1
        assert services.delete(user, [ref]) == 1
        assert services.undelete(user, [ref]) == 1
        assert selectors.item(user, ref).ref == ref
    assert unread(user) == {row.ref, broadcast.ref}
    assert services.mark_all_read(user, selectors.inbox_page(user).version) == 2


def test_keys_made_in_python_are_sent_to_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "CHUNK", 100)
    monkeypatch.setattr(ledger.chunks, "__defaults__", (100,))
    users = people(150)
    assert services.send(users, ParcelMessage, content="tea") == 150
    assert ParcelMessage.objects.values("recipient").distinct().count() == 150
    assert {snapshot.unread for snapshot in selectors.snapshots(users).values()} == {1}


@pytest.mark.parametrize("ref", ["parcel-1", "parcel-", "parcel-" + "a" * 32, f"parcel-{uuid4()}", f"Parcel-{uuid4()}"])
def test_a_ref_with_a_strange_key_is_not_found(ref: str, user: Any) -> None:
    with pytest.raises(NotFound):
        services.mark_read(user, [ref])


@pytest.mark.parametrize("nobody", [None, "", "1", 1.5, True, "x" * 36, -1, 10**40])
def test_what_cannot_be_a_user_is_refused(nobody: Any) -> None:
    with pytest.raises(BadValue):
        selectors.snapshot(nobody)


def test_a_recipient_given_as_text_is_counted_by_plain_orm_too() -> None:
    [user] = people(1)
    rows = [ParcelMessage(recipient_id=form(str(user)), content="tea") for form in (str, UUID, str)]
    ParcelMessage.objects.bulk_create(rows[:2])
    rows[2].save()
    rows[2].content = "more tea"
    rows[2].save()
    assert sorted(row.seq for row in rows) == [1, 2, 3]
    assert selectors.snapshot(user).version == 4


def test_someone_hidden_by_the_default_manager_has_a_mailbox_all_the_same() -> None:
    [user] = people(1, is_active=False)
    assert services.send([user], FollowMessage, actor=user) == 1
    assert FollowMessage.objects.get().actor_id == user


# Proxies


def test_a_proxy_of_a_type_is_that_type(user: Any) -> None:
    assert list(event_types()) == [
        "share",
        "follow",
        "comment",
        "mention",
        "like",
        "system",
        "parcel",
        "reply",
        "answer",
    ]
    assert event_types()["comment"] is CommentMessage
    services.send([user], PinnedMessage, target_title="Tea")
    PinnedMessage.objects.create(recipient_id=Mailbox.objects.get().pk, target_title="Tea")
    assert selectors.snapshot(user).by_type == {"comment": 2}
    assert {item.type for item in selectors.inbox_page(user).items} == {"comment"}
    PinnedMessage.objects.first().delete()
    assert (selectors.snapshot(user).version, selectors.snapshot(user).unread) == (3, 1)


@pytest.mark.parametrize("together", [True, False])
def test_a_user_deleted_by_a_proxy_is_deleted_properly(together: bool) -> None:
    going, staying = people(2)
    services.send([going, staying], FollowMessage, actor=going)
    friends = Friend.objects.filter(pk=going)
    friends.delete() if together else friends.get().delete()
    assert FollowMessage.objects.get().actor is None
    assert selectors.versions([going, staying]) == {str(staying): 2}


def test_a_staff_flag_saved_by_a_proxy_is_noticed() -> None:
    [user] = people(1)
    mend(user)
    before = selectors.snapshot(user).version
    friend = Friend.objects.get(pk=user)
    friend.is_staff = True
    friend.save()
    assert selectors.versions([user])[str(user)] == before + 1


def test_a_renamed_class_with_a_long_name_is_the_type_it_was(user: Any) -> None:
    services.set_muted(user, ["like"])
    assert services.send([user], AnswerToSomethingThatWasAskedLongAgoMessage, question="Why?") == 1
    row = AnswerToSomethingThatWasAskedLongAgoMessage.objects.get()
    assert row.ref == f"answer-{row.pk}"
    assert unread(user) == {row.ref}
    names = [each.name for each in [*row._meta.indexes, *row._meta.constraints]]
    assert len(set(names)) == len(names)
    assert max(map(len, names)) <= 63


# Cascades


def thread(author: UUID, readers: list[UUID]) -> Post:
    post = Post.objects.create(author_id=author)
    services.send(readers, ReplyMessage, post=post)
    return post


@pytest.mark.parametrize("how", ["row", "queryset", "author"])
def test_messages_that_go_with_something_else_are_missed(how: str) -> None:
    author, reader, other = people(3)
    post = thread(author, [reader, author])
    thread(other, [reader])
    services.send([other], FollowMessage)
    before = selectors.versions([reader, other])
    {"row": post, "queryset": Post.objects.filter(pk=post.pk), "author": Person.objects.get(pk=author)}[how].delete()
    after = selectors.versions([reader, other])
    assert after[str(reader)] == before[str(reader)] + 1
    assert after[str(other)] == before[str(other)]
    assert selectors.snapshot(reader).by_type == {"reply": 1}


def test_messages_that_lose_what_they_are_about_are_changed() -> None:
    author, reader = people(2)
    post = Post.objects.create(author_id=author)
    services.send([reader], AnswerToSomethingThatWasAskedLongAgoMessage, question="Why?", about=post)
    post.delete()
    assert AnswerToSomethingThatWasAskedLongAgoMessage.objects.get().about is None
    other = Post.objects.create(author_id=author)
    other.answertosomethingthatwasaskedlongagomessage_set.add(AnswerToSomethingThatWasAskedLongAgoMessage.objects.get())
    assert selectors.versions([reader]) == {str(reader): 3}


def test_messages_that_go_with_another_message_are_missed() -> None:
    [author, first, second] = people(3)
    post = thread(author, [first])
    services.send([second], ReplyMessage, post=post, to=ReplyMessage.objects.get())
    before = selectors.versions([first, second])
    ReplyMessage.objects.get(recipient=first).delete()
    assert not ReplyMessage.objects.exists()
    assert all(selectors.versions([pk])[str(pk)] > before[str(pk)] for pk in (first, second))


def test_a_message_already_deleted_is_not_missed() -> None:
    author, reader = people(2)
    post = thread(author, [reader])
    services.delete(reader, [ReplyMessage.objects.get().ref])
    before = selectors.versions([reader])
    post.delete()
    assert selectors.versions([reader]) == before


def test_broadcasts_reach_people_with_any_key() -> None:
    [alone, staff] = people(1) + people(1, is_staff=True)
    mend(staff)
    for audience in ("everyone", "staff"):
        live(audience=audience)
    assert (len(unread(alone)), len(unread(staff))) == (1, 2)


def test_its_migrations_follow_ours() -> None:
    """A site has a table of its own for each event type of its own, and runs `makemigrations` when ours change."""
    call_command("makemigrations", "abroad", check_changes=True, dry_run=True, verbosity=0)
