"""Has done what reads find undone, on a thread of this process: no reader waits for it."""

import os
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connections

from .. import services
from ..core.isolation import log_failure
from ..core.snapshots import UserId
from ..signals import undone_found

PAUSE = 1.0  # seconds after which what could not be done is tried again
TRIES = 60  # then it is left to the next read that finds it
MOST = 10_000  # users at a time; the next read names the others again


class Mender:
    """One per process, made after fork. Its thread ends when there is nothing to do."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_due = False
        self._users: set[UserId] = set()
        self._is_running = False

    def report(self, *, is_due: bool, user_ids: Collection[UserId]) -> None:
        """Have this done soon. Returns at once; for any thread."""
        with self._lock:
            self._note(is_due, user_ids)
            if self._is_running:
                return
            self._is_running = True
        with self._ended_by_failure():
            threading.Thread(target=self._run, name="inbox-mend", daemon=True).start()

    @contextmanager
    def _ended_by_failure(self) -> Iterator[None]:
        """Without a thread the next report must start one. What was noted stays for that."""
        try:
            yield
        except BaseException:
            with self._lock:
                self._is_running = False
            raise

    def _note(self, is_due: bool, user_ids: Collection[UserId]) -> None:
        self._is_due |= is_due
        self._users.update(list(user_ids)[: MOST - len(self._users)])

    def _run(self) -> None:
        failures = 0
        with self._ended_by_failure():
            while work := self._take():
                if self._mended(*work):
                    failures = 0
                    continue
                failures += 1
                if failures % TRIES:
                    with self._lock:
                        self._note(*work)
                time.sleep(PAUSE)

    def _take(self) -> tuple[bool, set[UserId]] | None:
        """What was reported; None if nothing was, and then the thread ends."""
        with self._lock:
            self._is_running = self._is_due or bool(self._users)
            work = self._is_due, self._users
            self._is_due, self._users = False, set()
            return work if self._is_running else None

    def _mended(self, is_due: bool, user_ids: Collection[UserId]) -> bool:
        try:
            try:
                return services.mend(is_due=is_due, users=user_ids)
            finally:
                connections.close_all()  # this thread's
        except Exception:  # noqa: BLE001 (logged there)
            log_failure("Mending what a read found undone")
            return False


def connect() -> None:
    """A site that wants it done elsewhere (by a task queue) disconnects this and calls `services.mend` there."""
    undone_found.connect(on_undone_found, dispatch_uid="inbox")


def on_undone_found(sender: Any, is_due: bool, user_ids: Collection[UserId], **kwargs: Any) -> None:
    _mender.report(is_due=is_due, user_ids=user_ids)


def _renew() -> None:
    global _mender
    _mender = Mender()


_mender = Mender()
os.register_at_fork(after_in_child=_renew)
