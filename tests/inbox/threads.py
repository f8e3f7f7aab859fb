"""Real threads with connections of their own, paused at a statement, and watched while they write."""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier, Event
from typing import Any

from django.db import connection, connections, transaction

from inbox import selectors
from tools.processes import wait_for

DEADLINE = 60.0  # seconds; a fact that has not come true by then never will


def alone(work: Callable[[], Any]) -> Any:
    """Run in this thread, and leave no connection of it behind."""
    try:
        return work()
    finally:
        connections.close_all()


def together(*works: Callable[[], Any]) -> list[Any]:
    """Run all at once, each in its thread; returns what they returned, or raises what one of them raised."""
    barrier = Barrier(len(works))

    def start(work: Callable[[], Any]) -> Any:
        barrier.wait(DEADLINE)
        return alone(work)

    with ThreadPoolExecutor(len(works)) as pool:
        return [running.result(DEADLINE) for running in [pool.submit(start, work) for work in works]]


@contextmanager
def beside(work: Callable[[], Any]) -> Iterator[Future[Any]]:
    """Run in a thread beside the body; what it raised is raised after the body, if not before."""
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(alone, work)
        yield running
        running.result(DEADLINE)


class Pause:
    """Stops the thread that enters it before the first (or a later) statement that matches, until its own end."""

    def __init__(self, pattern: str, before: int = 1) -> None:
        self.pattern, self.matches_left = re.compile(pattern), before
        self.reached, self.may_go = Event(), Event()

    def __call__(self, execute: Any, sql: str, *args: Any) -> Any:
        self.matches_left -= bool(self.pattern.search(sql))
        if self.matches_left == 0 and not self.reached.is_set():
            self.reached.set()
            assert self.may_go.wait(DEADLINE)
        return execute(sql, *args)

    def around(self, work: Callable[[], Any]) -> Callable[[], Any]:
        def paused() -> Any:
            with connection.execute_wrapper(self):
                return work()

        return paused

    def __enter__(self) -> None:
        """The body runs while the other thread stands still."""
        assert self.reached.wait(DEADLINE)

    def __exit__(self, *error: object) -> None:
        self.may_go.set()


def after(pause: Pause, work: Callable[[], Any]) -> Callable[[], Any]:
    """The work, begun when the other thread stands still."""

    def begin() -> Any:
        assert pause.reached.wait(DEADLINE)
        return work()

    return begin


@contextmanager
def once_before(pattern: str, work: Callable[[], Any]) -> Iterator[None]:
    """Do the work before the first statement that matches."""
    todo = [work]

    def execute(run: Any, sql: str, *args: Any) -> Any:
        if todo and re.search(pattern, sql):
            todo.pop()()
        return run(sql, *args)

    with connection.execute_wrapper(execute):
        yield
    assert not todo


def waiting_for_a_lock() -> int:
    """How many sessions of this database PostgreSQL keeps waiting for a lock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return int(cursor.fetchone()[0])


def blocked(running: Future[Any], count: int = 1) -> bool:
    """Wait until that many wait for a lock; False if the work ends instead."""
    return bool(wait_for(lambda: running.done() or waiting_for_a_lock() >= count, DEADLINE)) and not running.done()


@contextmanager
def held(rows: Any) -> Iterator[Event]:
    """Another connection holds these rows until the event is set, or the body ends."""
    holding, may_go = Event(), Event()

    def hold() -> None:
        with transaction.atomic():
            assert list(rows.select_for_update())
            holding.set()
            assert may_go.wait(DEADLINE)

    with beside(hold):
        try:
            assert holding.wait(DEADLINE)
            yield may_go
        finally:
            may_go.set()


def deadlocks() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return int(cursor.fetchone()[0])


class Watcher:
    """Reads as fast as it can while others write: a version must mean one state, and never go back."""

    def __init__(self, users: list[Any]) -> None:
        self.users, self.reads, self.enough = users, 0, Event()
        self.snapshots: dict[tuple[Any, int], Any] = {}
        self.lists: dict[tuple[Any, int], Any] = {}
        self.last: dict[Any, int] = {}

    def __call__(self) -> None:
        while not self.enough.is_set():
            self.look()

    def look(self) -> None:
        for user, snapshot in selectors.snapshots(self.users).items():
            assert snapshot.version >= self.last.get(user, 0)
            self.last[user] = snapshot.version
            assert self.snapshots.setdefault((user, snapshot.version), snapshot) == snapshot
        self.look_closer(self.users[self.reads % len(self.users)])
        self.reads += 1

    def look_closer(self, user: Any) -> None:
        """A list is of a version if the version is the same before and after."""
        if user not in self.last:
            return
        items = selectors.inbox_page(user, limit=100).items
        if selectors.versions([user]).get(user) == self.last[user]:
            seen = [(item.ref, item.read) for item in items]
            assert self.lists.setdefault((user, self.last[user]), seen) == seen


@contextmanager
def watched(users: list[Any]) -> Iterator[Watcher]:
    watcher = Watcher(users)
    with beside(watcher):
        try:
            yield watcher
            wait_for(lambda: watcher.reads > 2, DEADLINE)
        finally:
            watcher.enough.set()


def sequence(user: int, model: Any) -> list[int]:
    return list(model.objects.filter(recipient=user).order_by("pk").values_list("seq", flat=True))
