"""Runs mends (`mending.py`) on a thread of this process, so that no reader waits for them."""

import os
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from django.db import connections

from .. import services
from ..core.isolation import log_failure
from ..core.snapshots import UserId
from ..signals import undone_found

PAUSE = 1.0  # seconds between two attempts
TRIES = 60  # after as many attempts, the next read reports it again
MOST = 10_000  # users at a time; the next read reports the others again


class Mender:
    """One per process, created anew after a fork. Its thread ends when there is nothing to do."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_due = False
        self._users: set[UserId] = set()
        self._is_running = False

    def report(self, *, is_due: bool, user_ids: Collection[UserId]) -> None:
        """Schedule a mend. Returns at once; any thread may call it."""
        with self._lock:
            self._note(is_due, user_ids)
            if self._is_running:
                return
            self._is_running = True
        with self._ended_by_failure():
            threading.Thread(target=self._run, name="inbox-mend", daemon=True).start()

    @contextmanager
    def _ended_by_failure(self) -> Iterator[None]:
        """If the thread fails or can't start, the next report starts one, which also does what was reported before."""
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
        """What was reported. If nothing was, None: then the thread ends."""
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
            log_failure("Mending what a read has found undone")
            return False


def connect() -> None:
    """A site that runs mends elsewhere (in a task queue) disconnects this receiver and calls `services.mend` there."""
    undone_found.connect(on_undone_found, dispatch_uid="inbox")


def on_undone_found(sender: object, is_due: bool, user_ids: Collection[UserId], **kwargs: object) -> None:
    _mender.report(is_due=is_due, user_ids=user_ids)


def _renew() -> None:
    global _mender
    _mender = Mender()


_mender = Mender()
os.register_at_fork(after_in_child=_renew)
