"""Threads are a cache: whatever is written, however, their counts are those of their messages."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.sql import emit_post_migrate_signal
from django.db import connection, transaction
from django.db.models import Case, Count, F, OuterRef, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce, Now
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inbox import selectors, services
from inbox.core.snapshots import CLOCK_UNIT
from inbox.models import (
    CommentMessage,
    CountedType,
    FollowMessage,
    LikeMessage,
    Mailbox,
    SystemMessage,
    Thread,
    event_types,
    ledger,
    message,
)
from inbox.models.thread import HAS_PAGE, key_of, key_of_url, own_key
from inbox.services.sending import write_orders

from .listening import Heard
from .people import NOW, one_of, people, undone
from .threading import counted, stored

pytestmark = pytest.mark.django_db
URLS = ["/tea", "/tea", "/tea#last", "/coffee", "", "", "#nowhere"]
Write = Callable[[Any, QuerySet[Any]], object]
NEWEST = Subquery(CommentMessage.objects.filter(recipient=OuterRef("recipient")).values("created_at")[:1])


def comments(user: Any, urls: list[str] = URLS, **marks: Any) -> list[CommentMessage]:
    rows = [CommentMessage(recipient_id=user, target_title="Tea", url=url, **marks) for url in urls]
    return CommentMessage.objects.bulk_create(rows)


def holds(*users: Any) -> None:
    found = stored(users)
    assert found == counted(users)
    assert all(items > 0 for items, *_others in found.values())


def shape(user: Any) -> list[tuple[int, int]]:
    """Messages and unread ones of each thread, the last moved first."""
    return list(Thread.objects.filter(recipient=user).order_by("-rank").values_list("items", "unread"))


def test_what_is_about_the_same_page_is_one_thread() -> None:
    [user] = people(1)
    comments(user)
    services.send([user], LikeMessage, url="/coffee#top", target_title="Coffee")
    holds(user)
    assert shape(user) == [(2, 2), (1, 1), (1, 1), (1, 1), (3, 3)]


@pytest.mark.parametrize("number", [1, 1500])
def test_sends(number: int) -> None:
    users = people(number)
    services.send(users, LikeMessage, url="/tea", target_title="Tea")
    services.send(users, LikeMessage, target_title="Tea")
    services.send(users, SystemMessage, url="/tea", title="Tea")
    services.send(users, LikeMessage, target_title="Tea")
    holds(*users)
    assert shape(users[-1]) == [(1, 1), (2, 2), (1, 1)]


def test_orders_of_several_types() -> None:
    users = people(3)
    drafts = [services.draft(LikeMessage, url="/tea", target_title="Tea"), services.draft(FollowMessage, url="/tea")]
    orders = [services.Order(message, users) for message in (*drafts, drafts[0])]
    write_orders(orders)
    holds(*users)
    assert shape(users[0]) == [(3, 3)]


def test_muted_messages_arrive_read() -> None:
    [user] = people(1)
    services.set_muted(user, {"follow"})
    services.send([user], FollowMessage, url="/tea")
    FollowMessage.objects.create(recipient_id=user, url="/tea")
    holds(user)
    assert shape(user) == [(2, 0)]


WRITES: dict[str, Write] = {
    "read": lambda user, rows: rows.update(read_at=timezone.now()),
    "read by an expression": lambda user, rows: rows.update(read_at=F("created_at")),
    "read by SQL": lambda user, rows: rows.update(read_at=Now()),
    "delete": lambda user, rows: rows.update(deleted_at=timezone.now()),
    "snooze": lambda user, rows: rows.update(snoozed_until=timezone.now()),
    "archive": lambda user, rows: rows.update(read_at=timezone.now(), archived_at=timezone.now()),
    "archive some": lambda user, rows: rows.update(
        read_at=timezone.now(),
        archived_at=Case(When(url="/tea", then=Value(timezone.now())), output_field=type(rows[0]).read_at.field),
    ),
    "nothing": lambda user, rows: rows.update(target_title="Coffee"),
    "link": lambda user, rows: rows.update(url="/elsewhere"),
    "joined": lambda user, rows: rows.filter(recipient__groups=None).update(read_at=timezone.now()),
    "annotated": lambda user, rows: rows.annotate(n=Count("recipient__user_permissions")).update(
        read_at=timezone.now()
    ),
    "actor": lambda user, rows: rows.update(actor=None),
    "rewritten": lambda user, rows: rows.update(since=Mailbox.objects.filter(pk=user).values("version")),
    "saved": lambda user, rows: [_save(row, read_at=timezone.now()) for row in rows],
    "saved deleted": lambda user, rows: [_save(row, deleted_at=timezone.now()) for row in rows],
    "bulk": lambda user, rows: rows.model.objects.bulk_update(_with(rows, deleted_at=timezone.now()), ["deleted_at"]),
    "named value": lambda user, rows: rows.annotate(came=F("created_at")).update(read_at=Coalesce("came", "came")),
    "named subquery": lambda user, rows: rows.annotate(of=NEWEST).update(read_at=F("of"), archived_at=F("of")),
    "removed": lambda user, rows: rows.delete(),
    "removed one by one": lambda user, rows: [row.delete() for row in rows],
    "purged": lambda user, rows: rows.purge(),
    "marked": lambda user, rows: services.mark_read(user, [row.ref for row in rows]),
    "archived": lambda user, rows: services.archive(user, [row.ref for row in rows]),
    "deleted": lambda user, rows: services.delete(user, [row.ref for row in rows.visible()]),
    "all": lambda user, rows: services.mark_all_read(user, selectors.snapshot(user).version),
}


def _save(row: Any, **values: Any) -> None:
    vars(row).update(values)
    row.save()


def _with(rows: Any, **values: Any) -> list[Any]:
    found = list(rows)
    for row in found:
        vars(row).update(values)
    return found


@pytest.mark.parametrize("write", WRITES)
def test_every_write_and_back(write: str) -> None:
    """To some rows, to all; and then all of them return."""
    user, other = people(2)
    refs = [row.ref for row in comments(user)]
    comments(other)
    services.send([user, other], LikeMessage, url="/tea", target_title="Tea")
    for rows in (CommentMessage.objects.filter(pk=refs[2].partition("-")[2]), CommentMessage.objects.all()):
        WRITES[write](user, rows.filter(recipient=user))
        holds(user, other)
    mine = CommentMessage.objects.filter(recipient=user)
    mine.update(archived_at=None)
    holds(user)
    mine.update(deleted_at=None, snoozed_until=None)
    holds(user)
    mine.update(read_at=None)
    holds(user, other)


def test_replaced_by_its_dedupe_key() -> None:
    [user] = people(1)
    for url in ("/tea", "/tea", "/coffee"):
        services.send([user], FollowMessage, url=url, dedupe_key="new")
    holds(user)
    assert shape(user) == [(1, 1)]
    FollowMessage.objects.create(recipient_id=user, url="/tea", dedupe_key="new")
    holds(user)
    assert shape(user) == [(1, 1)]


def test_arrived_deleted_or_archived() -> None:
    """An import of old messages, or one that only the database evaluates."""
    [user] = people(1)
    comments(user, deleted_at=NOW)
    comments(user, read_at=NOW, archived_at=NOW)
    comments(user, read_at=Now(), created_at=Now())
    CommentMessage.objects.create(recipient_id=user, target_title="Tea", url="/tea", read_at=Now())
    holds(user)
    assert sum(items for items, _unread in shape(user)) == len(URLS) + 1


def test_retention_erasure_and_departure() -> None:
    user, other = people(2)
    for each in (user, other):
        comments(each, read_at=NOW - timedelta(days=100_000))
        comments(each, read_at=timezone.now())
    services.purge(days=30)
    holds(user, other)
    services.purge(keep=3)
    holds(user, other)
    services.erase(user)
    holds(user, other)
    assert shape(user) == []
    services.forget_deleted_users()
    selectors.snapshot(other)
    CommentMessage.objects.model._meta.get_field("recipient").related_model.objects.get(pk=other).delete()
    assert not Thread.objects.exists()


def test_a_message_never_changes_its_thread() -> None:
    [user] = people(1)
    [row] = comments(user, ["/tea"])
    row.url, row.thread = "/coffee", "elsewhere"
    row.save()
    assert CommentMessage.objects.get().thread == key_of("/tea")
    with pytest.raises(NotImplementedError):
        CommentMessage.objects.update(thread="elsewhere")
    with pytest.raises(NotImplementedError):
        CommentMessage.objects.bulk_update([row], ["thread"])
    holds(user)


def test_a_copy_is_in_the_thread_of_its_own_link() -> None:
    [user] = people(1)
    [row] = comments(user, ["/tea"])
    row.pk, row.url = None, "/coffee"
    row.save()
    holds(user)
    assert shape(user) == [(1, 1), (1, 1)]


def test_a_type_may_say_what_it_is_about(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CommentMessage, "thread_name", lambda row: row.target_title)
    [user] = people(1)
    comments(user)
    services.send([user], CommentMessage, target_title="Tea", url="/elsewhere")
    holds(user)
    assert shape(user) == [(len(URLS) + 1,) * 2]


# When a thread moves


def moments(user: Any) -> list[Any]:
    return list(Thread.objects.filter(recipient=user).order_by("-rank").values_list("moved_at", flat=True))


def test_one_that_comes_back_moves_to_the_top_of_now() -> None:
    [user] = people(1)
    old, _new = (comments(user, [url], created_at=NOW - timedelta(days=n))[0] for url, n in (("/a", 2), ("/b", 1)))
    services.mark_read(user, [old.ref])
    assert moments(user) == [NOW - timedelta(days=1), NOW - timedelta(days=2)]
    before = timezone.now()
    services.mark_unread(user, [old.ref])
    holds(user)
    assert moments(user)[0] >= before
    assert moments(user)[1] == NOW - timedelta(days=1)


def test_one_that_loses_its_newest_falls_back() -> None:
    [user] = people(1)
    rows = [comments(user, [url], created_at=NOW + timedelta(n))[0] for n, url in enumerate(["/a", "/b", "/a"])]
    services.delete(user, [rows[2].ref])
    holds(user)
    assert moments(user) == [NOW + timedelta(1), NOW]
    services.undelete(user, [rows[2].ref])
    holds(user)


# Stale mailboxes


def as_an_older_release(user: Any, urls: list[str] = URLS) -> None:
    with transaction.atomic():
        for url in urls:
            Mailbox.objects.filter(pk=user).update(version=F("version") + 1)
            seq = Mailbox.objects.get(pk=user).version
            row = CommentMessage(recipient_id=user, target_title="Tea", url=url, seq=seq)
            QuerySet(CommentMessage).bulk_create([row])


def test_what_an_older_release_wrote_is_counted_by_the_next_mend() -> None:
    user, other = people(2)
    comments(user)
    comments(other)
    as_an_older_release(user)
    services.send([user], CommentMessage, target_title="Tea", url="/tea")
    assert stored([user]) != counted([user])
    before, others = selectors.snapshot(user), selectors.snapshot(other)
    with Heard() as heard:
        assert services.mend(users=[user, other])
    holds(user, other)
    assert set(CommentMessage.objects.values_list("thread", flat=True)) >= {key_of("/tea"), own_key(5)}
    assert selectors.snapshot(user).version == before.version + 1
    assert selectors.snapshot(other) == others
    assert heard.users <= {user}
    services.send([user], CommentMessage, target_title="Tea", url="/tea")
    holds(user)


def test_a_read_reports_a_stale_mailbox() -> None:
    user, other = people(2)
    services.touch([user, other])
    with undone() as found:
        selectors.snapshots([user, other])
    assert not found
    Mailbox.objects.filter(pk=user).update(threads_version=None)
    with undone() as found:
        selectors.snapshots([user, other])
    assert found == [(False, (user,))]


def test_the_command_counts_all_and_once(capsys: pytest.CaptureFixture[str]) -> None:
    users = people(230)
    services.send(users, LikeMessage, url="/tea", target_title="Tea")
    Mailbox.objects.update(threads_version=None)
    Thread.objects.all().delete()
    call_command("count_threads")
    holds(*users)
    assert "230" in capsys.readouterr().out
    version = Mailbox.objects.get(pk=users[0]).version
    call_command("count_threads")
    assert Mailbox.objects.get(pk=users[0]).version == version


def test_after_a_migrate_threads_count_the_installed_types(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One type is uninstalled, and installed again: what threads count is what is shown."""
    user, other = people(2)
    services.send([user], LikeMessage, url="/tea", target_title="Tea")
    services.send([user], CommentMessage, url="/tea", target_title="Tea")
    services.send([user], LikeMessage, url="/milk", target_title="Milk")
    services.send([other], CommentMessage, url="/tea", target_title="Tea")
    call_command("migrate", verbosity=0)
    assert set(CountedType.objects.values_list("name", flat=True)) == set(event_types())

    def migrated() -> int:
        """What the user is shown after it; the other one's mailbox was right all along."""
        version = Mailbox.objects.get(pk=other).version
        call_command("migrate", verbosity=1)
        assert services.mend(users=[user, other])
        assert Mailbox.objects.get(pk=other).version == version
        holds(user, other)
        found = selectors.thread_page(user).threads
        assert selectors.snapshot(user).threads == len(found)
        assert sum(thread.items for thread in found) == len(selectors.inbox_page(user).items)
        return len(found)

    assert migrated() == 2
    assert "count_threads" not in capsys.readouterr().out
    every_type = message.message_models()
    with monkeypatch.context() as patched:
        patched.setattr(message, "message_models", lambda: [model for model in every_type if model is not LikeMessage])
        assert migrated() == 1
        assert "count_threads" in capsys.readouterr().out
        call_command("migrate", verbosity=1)
        assert "count_threads" not in capsys.readouterr().out
        assert not Mailbox.objects.filter(threads_version=None).exists()
    assert migrated() == 2
    assert "count_threads" in capsys.readouterr().out


def test_messages_of_who_was_deleted_while_their_type_was_uninstalled_do_not_come_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gone, stays, actor = people(3)
    services.send([gone, stays], LikeMessage, actor=actor, target_title="Tea")
    services.note_installed_types()
    every_type = message.message_models()
    with monkeypatch.context() as patched:
        patched.setattr(message, "message_models", lambda: [model for model in every_type if model is not LikeMessage])
        assert services.note_installed_types()
        one_of(gone).delete()
    assert services.note_installed_types()
    assert LikeMessage.objects.get().recipient_id == stays
    one_of(actor).delete()
    assert not services.forget_deleted_users()


def test_types_that_were_uninstalled_before_are_found_by_the_first_migrate(monkeypatch: pytest.MonkeyPatch) -> None:
    [user] = people(1)
    services.send([user], LikeMessage, url="/tea", target_title="Tea")
    CountedType.objects.all().delete()
    assert not services.note_installed_types()
    CountedType.objects.all().delete()
    Thread.objects.update(type="gone")
    assert services.note_installed_types()
    assert services.mend(users=[user])
    holds(user)


def test_a_database_that_is_emptied_knows_its_types_again() -> None:
    """By `flush`, whose signal names no apps."""
    CountedType.objects.all().delete()
    emit_post_migrate_signal(0, False, ledger.alias())
    assert set(CountedType.objects.values_list("name", flat=True)) == set(event_types())


def test_the_command_counts_what_is_counted_too(capsys: pytest.CaptureFixture[str]) -> None:
    """What an older process has counted as it knew it."""
    [user] = people(1)
    comments(user)
    Thread.objects.update(items=F("items") + 1)
    call_command("count_threads")
    with pytest.raises(AssertionError):
        holds(user)
    call_command("count_threads", all=True)
    holds(user)


def test_a_mailbox_that_was_right_all_along_does_not_advance() -> None:
    [user] = people(1)
    comments(user)
    Mailbox.objects.update(threads_version=None)
    before = Mailbox.objects.get(pk=user).version
    assert services.mend(users=[user])
    mailbox = Mailbox.objects.get(pk=user)
    assert (mailbox.version, mailbox.threads_version) == (before, before)


def test_types_with_their_own_threads_are_counted_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CommentMessage, "thread_name", lambda row: row.target_title)
    [user] = people(1)
    services.touch([user])
    as_an_older_release(user)
    assert services.mend(users=[user])
    assert shape(user) == [(len(URLS),) * 2]


@pytest.mark.parametrize(
    "url", ["/tea", "/tea#last", "/tea?a=1#b#c", "/茶#x", "https://a.example/\N{PILE OF POO}", "/100%"]
)
def test_the_database_makes_the_same_keys(url: str) -> None:
    [user] = people(1)
    [row] = comments(user, [url])
    assert CommentMessage.objects.filter(HAS_PAGE).values_list(key_of_url(), flat=True).get() == row.thread


# Cost


def statements(work: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as queries:
        work()
    return len(queries)


def test_the_number_of_statements_does_not_grow() -> None:
    [user] = people(1)
    rows = comments(user, ["/tea"] * 50)
    one = statements(partial(services.archive, user, [rows[0].ref]))
    assert statements(partial(services.archive, user, [row.ref for row in rows[1:20]])) == one
    rows = comments(user, [f"/{n}" for n in range(50)] * 2)
    some = statements(partial(services.delete, user, [row.ref for row in rows[:2]]))
    assert statements(partial(services.delete, user, [row.ref for row in rows[2:40]])) == some
    holds(user)


def test_ranks_are_order_and_number() -> None:
    [user] = people(1)
    [row] = comments(user, ["/tea"])
    thread = Thread.objects.get(recipient=user)
    assert (thread.rank, thread.newest) == (row.seq * CLOCK_UNIT + row.seq, row.seq)
    assert ledger.alias() == "default"
