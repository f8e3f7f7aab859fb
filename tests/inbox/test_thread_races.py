"""A thread that many write at once (PostgreSQL: SQLite has one writer): no deadlock, and its counts are right."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db.models import F
from django.utils import timezone

from inbox import selectors, services
from inbox.errors import NotFound
from inbox.models import CommentMessage, LikeMessage, Mailbox

from .databases import postgres
from .people import people
from .test_threads import as_an_older_release
from .threading import counted, stored
from .threads import Pause, beside, blocked, together

pytestmark = [pytest.mark.django_db(transaction=True), postgres]
ROUNDS = 8


def repeat(work: Any) -> Any:
    def run() -> None:
        for _ in range(ROUNDS):
            work()

    return run


def test_sends_into_a_thread_that_is_read_archived_and_deleted() -> None:
    users = people(6)

    def act(user: Any) -> None:
        refs = [item.ref for item in selectors.inbox_page(user, limit=5).items]
        services.mark_all_read(user, selectors.snapshot(user).version)
        for write in (services.mark_unread, services.archive, services.delete, services.undelete):
            try:
                write(user, refs)
            except NotFound:  # deleted or replaced meanwhile
                continue

    comment = partial(services.send, users, CommentMessage, url="/tea", target_title="Tea")
    like = partial(services.send, users[::-1], LikeMessage, url="/tea", target_title="Tea", dedupe_key="tea")
    purge = partial(CommentMessage.objects.filter(recipient__in=users[:2], read_at__isnull=False).delete)
    together(
        *map(repeat, (comment, like, purge, partial(act, users[0]), partial(act, users[1]), partial(act, users[5])))
    )
    assert stored(users) == counted(users)
    versions = Mailbox.objects.filter(pk__in=users)
    assert not versions.exclude(threads_version=F("version")).exists()


@pytest.mark.parametrize("first", ["snooze", "send"])
def test_a_send_into_a_thread_that_is_being_snoozed(user: int, no_deadlock: None, first: str) -> None:
    """What arrives after the snooze ends it; what has arrived before does not."""
    comment = partial(services.send, [user], CommentMessage, url="/tea", target_title="Tea")
    comment()
    ref = CommentMessage.objects.get().ref
    snooze = partial(services.snooze, user, [ref], timezone.now() + timedelta(hours=1))
    works = {"snooze": snooze, "send": comment}
    pause = Pause('UPDATE "inbox_commentmessage"' if first == "snooze" else 'INSERT INTO "inbox_commentmessage"')
    with beside(pause.around(works.pop(first))), pause, beside(*works.values()) as second:
        assert blocked(second)
        pause.may_go.set()
    assert selectors.snapshot(user).unread == (2 if first == "snooze" else 1)
    assert CommentMessage.objects.filter(snoozed_until=None).count() == selectors.snapshot(user).unread
    assert stored([user]) == counted([user])


def test_nobody_writes_to_a_mailbox_while_its_threads_are_counted(user: int) -> None:
    services.touch([user])
    as_an_older_release(user, ["/tea", ""])
    send = partial(services.send, [user], CommentMessage, target_title="Tea")
    pause = Pause('INSERT INTO "inbox_thread"')
    with beside(pause.around(lambda: list(services.count_threads()))), pause, beside(send) as sending:
        assert blocked(sending)
        pause.may_go.set()
    assert stored([user]) == counted([user])


def test_an_older_release_writes_while_mailboxes_are_counted() -> None:
    users = people(4)
    services.touch(users)

    def count() -> None:
        services.mend(users=users)

    works = [partial(as_an_older_release, user, ["/tea", ""]) for user in users[:2]]
    comment = partial(services.send, users, CommentMessage, url="/tea", target_title="Tea")
    together(*map(repeat, (*works, comment, count, lambda: list(services.count_threads()))))
    assert services.mend(users=users)
    assert stored(users) == counted(users)
