"""Everything at once, by several connections (PostgreSQL): nothing fails, nobody deadlocks, and all numbers are right.

The random histories do one thing after the other; here, each thread does random ones in any mailbox.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from random import Random
from typing import Any

import pytest
from django.db.models import F
from django.utils import timezone

from inbox import selectors, services
from inbox.core.choice import Choice
from inbox.errors import InboxError
from inbox.models import CommentMessage, Correction, Mailbox, Send, SystemMessage, ledger
from inbox.models.ledger import Held
from inbox.services import Order
from inbox.services.acts import bulk
from inbox.services.deletions import recall_subjects

from . import threads
from .databases import postgres
from .examples import times
from .may_follow import a_site_that_lets_follow
from .people import live, people
from .threading import counted, stored
from .threads import deadlocks, together, watched

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.soak, postgres]
THREADS, ROUNDS = 4, times(2)
SUBJECTS = ["shop.tea:1", "shop.tea:2"]
SOON, LATER = timedelta(milliseconds=200), timedelta(hours=1)
ACTS = ["mark_read", "mark_unread", "archive", "unarchive", "delete", "undelete", "star", "unstar", "unsnooze"]
CHANGES: list[dict[str, Any]] = [{"archived": True}, {"read": False}, {"deleted": True}, {"snoozed_until": None}]
CHOICES = [Choice(), Choice(unread=True), Choice(read=True), Choice(snoozed=True), Choice(q="tea")]


class Worker:
    """Does random things. It may come too late for each (InboxError), and a job for what others hold (Held)."""

    def __init__(self, seed: int, users: list[Any]) -> None:
        self.random, self.users = Random(seed), users
        self.acts: list[tuple[Any, str]] = []  # that can be undone
        self.shown = {user: [0] for user in users}  # versions

    def __call__(self) -> None:
        for _round in range(ROUNDS):
            for work in self.random.sample(WORKS, len(WORKS)):
                try:
                    work(self)
                except (InboxError, Held):
                    continue

    def one(self, *of: Any) -> Any:
        return self.random.choice(of)

    def some(self, of: Sequence[Any]) -> list[Any]:
        return sorted(self.random.sample(of, self.random.randint(1, len(of)))) if of else []

    def up_to(self, user: Any) -> int:
        """A version that the user was shown lately."""
        self.shown[user].append(selectors.snapshot(user).version)
        return int(self.one(*self.shown[user][-5:]))

    def do(self, act: Callable[[Any], Any]) -> None:
        user = self.one(*self.users)
        with services.recording(user) as recorded:
            act(user)
        if recorded.undo:
            self.acts.append((user, recorded.undo))

    # What services of other programs, and the site, do

    def send(self) -> None:
        what = self.one((CommentMessage, {"target_title": "Tea"}), (SystemMessage, {"title": "Tea"}))
        about = {"target": self.one(None, *SUBJECTS), "dedupe_key": self.one(None, None, "tea")}
        services.send(self.some(self.users), what[0], url=self.one("/tea", ""), **about, **what[1])

    def send_to_followers(self) -> None:
        topic = self.one(*SUBJECTS)
        services.send([], SystemMessage, title="Tea", url="/tea", topic=topic, actor=self.one(None, *self.users))

    def start_send(self) -> None:
        message = services.draft(SystemMessage, title="Tea", url=self.one("/tea", ""), target=self.one(None, *SUBJECTS))
        services.start_sends([Order(message, self.some(self.users), topic=self.one("", *SUBJECTS))])

    def work_off(self) -> None:
        for pk in latest(Send):
            services.work_off(pk)
        for pk in latest(Correction):
            services.work_off_correction(pk)

    def recall(self) -> None:
        for pk in latest(Send)[:1]:
            services.recall(pk)

    def rewrite(self) -> None:
        for pk in latest(Send):
            services.rewrite(pk, self.one({}, {"title": "Coffee"}, {"url": "/milk"}), again=self.one(True, False))

    def recall_subject(self) -> None:
        recall_subjects([self.one(*SUBJECTS)])

    def write_rows(self) -> None:
        rows = SystemMessage.objects.filter(recipient=self.one(*self.users))
        self.one(
            partial(rows.update, read_at=None, archived_at=None),
            partial(rows.filter(read_at=None).update, snoozed_until=timezone.now() + SOON),
            rows.filter(read_at__isnull=False).delete,
        )()

    def run_jobs(self) -> None:
        services.purge(days=0, keep=8)
        services.purge_deleted(timezone.now() + LATER)
        services.bump_clock()
        services.mend(is_due=True, users=self.users)
        services.wake_due()

    # What people do

    def act(self) -> None:
        self.do(lambda user: getattr(services, self.one(*ACTS))(user, self.refs(user)))

    def snooze(self) -> None:
        self.do(lambda user: services.snooze(user, self.refs(user), timezone.now() + self.one(SOON, LATER)))

    def refs(self, user: Any) -> list[str]:
        return self.some([item.ref for item in selectors.inbox_page(user, choice=self.one(*CHOICES), limit=5).items])

    def mark_all(self) -> None:
        self.do(lambda user: services.mark_all_read(user, self.up_to(user)))

    def change_chosen(self) -> None:
        changes = self.one(*CHANGES, {"snoozed_until": timezone.now() + LATER})
        self.do(lambda user: services.change_chosen(user, self.one(*CHOICES), changes, self.up_to(user)))

    def read_about(self) -> None:
        self.do(lambda user: services.read_about(user, self.one(*SUBJECTS), self.up_to(user)))

    def see(self) -> None:
        self.do(lambda user: services.see(user, self.up_to(user)))

    def undo(self) -> None:
        if self.acts:
            owner, token = self.acts.pop()
            with services.recording(owner) as recorded:
                services.undo(owner, token)
            self.acts += [(owner, recorded.undo)] if recorded.undo else []

    def choose(self) -> None:
        choose = self.one(services.follow, services.unfollow, services.silence, services.unsilence)
        choose(self.one(*self.users), self.one(*SUBJECTS))


WORKS = [
    *(Worker.send, Worker.send_to_followers, Worker.start_send, Worker.work_off, Worker.recall, Worker.rewrite),
    *(Worker.recall_subject, Worker.write_rows, Worker.run_jobs, Worker.choose),
    *[Worker.act, Worker.snooze, Worker.mark_all, Worker.change_chosen, Worker.read_about, Worker.see, Worker.undo] * 2,
]


def latest(model: Any) -> list[int]:
    return list(model.objects.order_by("-pk").values_list("pk", flat=True)[:3])


@pytest.mark.parametrize("part", [2, ledger.CHUNK])
def test_everything_at_once(part: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """`part`: how much is written in one transaction."""
    monkeypatch.setattr(ledger, "CHUNK", part)
    monkeypatch.setattr(ledger.chunks, "__defaults__", (part,))
    monkeypatch.setattr(bulk, "BATCH", part)
    monkeypatch.setattr(threads, "DEADLINE", 600.0)
    users, before = people(2), deadlocks()
    live()
    with a_site_that_lets_follow(), watched(users):
        together(*[Worker(seed, users) for seed in range(THREADS)])
    assert deadlocks() == before
    assert services.mend(is_due=True, users=users)
    assert stored(users) == counted(users)
    assert not Mailbox.objects.exclude(threads_version=F("version")).exists()
    for user in users:
        snapshot = selectors.snapshot(user)
        listed = selectors.inbox_page(user, choice=Choice(unread=True), limit=100)
        assert (len(listed.items), listed.next) == (snapshot.unread, None)
        assert services.mark_all_read(user, snapshot.version) == snapshot.unread
        assert selectors.snapshot(user).unread == 0
