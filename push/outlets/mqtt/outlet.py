"""The thread that publishes. It is told who may have changed, and never makes anybody wait.

Who changes again before their turn stays in it once: a burst is published as its end. What a failed broker did not get
is not kept here: the sweep finds it in the database.
"""

import logging
import os
import threading
from collections.abc import Iterator, Sequence

from django.db import close_old_connections

from inbox.isolation import attempt
from inbox.snapshots import UserId

from ...conf import BULK
from . import conf, devices, publisher, subscribers
from . import sweep as sweeping
from .broker import Broker, Kept, Unreachable

logger = logging.getLogger(__name__)

MANY = 100_000  # users waiting; when there are more, every subscriber is looked at instead


class Outlet:
    """One per process, made after fork. Its methods may be called in any thread."""

    def __init__(self) -> None:
        self._kept = Kept()
        self._something = threading.Condition()
        self._users: dict[UserId, None] = {}
        self._everybody = self._sweep = False
        self._ended: dict[UserId, None] | None = {}  # whose credentials may have ended; None: anybody's
        self._running: Iterator[None] | None = None
        self._thread: threading.Thread | None = None

    def changed(self, users: Sequence[UserId] | None) -> None:
        with self._something:
            self._everybody |= users is None or len(self._users) + len(users) > MANY
            self._users.update(dict.fromkeys(users or ()))
            if len(self._users) > MANY:
                self._users.clear()
            self._wake()

    def recheck(self, users: Sequence[UserId] | None) -> None:
        with self._something:
            self._ended = None if users is None or self._ended is None else self._ended | dict.fromkeys(users)
            self._wake()

    def sweep(self) -> None:
        with self._something:
            self._sweep = True
            self._wake()

    def _wake(self) -> None:
        if self._thread is None:
            thread = threading.Thread(target=self._run, name="push-mqtt", daemon=True)
            thread.start()
            self._thread = thread
        self._something.notify()

    def _run(self) -> None:
        while True:
            self._wait()
            try:
                with self._kept.broker() as broker:
                    self._step(broker)
            except Unreachable:
                self._drop()
            except Exception:
                logger.exception("Publishing by MQTT failed; the sweep will do it")
                self._drop()

    def _wait(self) -> None:
        """Until there is something to do, without a database connection meanwhile; a sweep is due by itself as well."""
        with self._something:
            if not self._waiting():
                attempt("Closing unused connections", close_old_connections)
            self._sweep |= not self._something.wait_for(self._waiting, conf.sweep_seconds())

    def _waiting(self) -> bool:
        return bool(self._users or self._everybody or self._ended != {} or self._sweep or self._running)

    def _step(self, broker: Broker) -> None:
        """At most one chunk: whose credentials have ended come first, then who has changed, then what takes many."""
        if (ended := self._some_ended()) != []:
            devices.recheck(broker, ended)
        if users := self._some_users():
            publisher.publish(subscribers.among(users), broker)
            return
        if self._running is None:
            self._running = self._next_run(broker)
        if next(self._running, self) is self:
            self._running = None

    def _some_ended(self) -> list[UserId] | None:
        with self._something:
            ended, self._ended = self._ended, {}
            return None if ended is None else list(ended)

    def _some_users(self) -> list[UserId]:
        with self._something:
            users = list(self._users)[:BULK]
            for user in users:
                del self._users[user]
            return users

    def _next_run(self, broker: Broker) -> Iterator[None]:
        with self._something:
            if self._everybody:
                self._everybody = False
                return _publish_everybody(broker)
            self._sweep = False
            return sweeping.steps(broker)

    def _drop(self) -> None:
        with self._something:
            self._users.clear()
            self._everybody = self._sweep = False
            self._ended, self._running = {}, None


def changed(users: Sequence[UserId] | None) -> None:
    """These users' state may have changed, or everybody's if None."""
    if conf.url():
        _outlet.changed(users)


def recheck(users: Sequence[UserId] | None) -> None:
    """Credentials of these users may have ended, or anybody's if None: what they opened ends with them."""
    if conf.url():
        _outlet.recheck(users)


def sweep() -> None:
    """Find what was not published."""
    if conf.url():
        _outlet.sweep()


def _publish_everybody(broker: Broker) -> Iterator[None]:
    for keys in subscribers.everybody():
        publisher.publish(keys, broker)
        yield


def _renew() -> None:
    global _outlet
    _outlet = Outlet()


_outlet = Outlet()
os.register_at_fork(after_in_child=_renew)
