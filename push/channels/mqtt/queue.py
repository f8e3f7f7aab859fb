"""The users whose state is to be published, and the thread that publishes it. Callers never wait.

A user who changes again before their turn stays in the queue once. What the broker did not get because it failed is not
kept here: the sweep finds it in the database.
"""

import logging
import os
import threading
from collections.abc import Iterator, Sequence
from itertools import chain

from django.db import close_old_connections

from inbox.core.isolation import attempt
from inbox.core.snapshots import UserId

from ...conf import BULK, sweep_seconds
from . import conf, devices, publisher, subscribers
from . import sweep as sweeping
from .broker import Broker, Kept, TakenOver, Unreachable

logger = logging.getLogger(__name__)

MANY = 100_000  # users waiting; when there are more, every subscriber is looked at instead


class PublishingQueue:
    """One per process, made after fork. Its methods may be called in any thread."""

    def __init__(self) -> None:
        self._kept = Kept()
        self._something = threading.Condition()
        self._users: dict[UserId, None] = {}
        self._everybody = self._sweep = False
        self._ended: dict[UserId, None] | None = {}  # whose credentials may have ended; None: anybody's
        self._ending: Iterator[None] | None = None
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
            except TakenOver:
                logger.warning("Another process has taken over what this one was slow with", exc_info=True)
                self._begin_again()
            except Unreachable:
                self._drop()
            except Exception:
                logger.exception("Publishing by MQTT failed; the sweep will do it")
                self._drop()

    def _wait(self) -> None:
        """Wait for work, without a database connection; at the latest until the next sweep is due."""
        with self._something:
            if not self._waiting():
                attempt("Closing unused connections", close_old_connections)
            self._sweep |= not self._something.wait_for(self._waiting, sweep_seconds())

    def _waiting(self) -> bool:
        begun = self._running or self._ending
        return bool(self._users or self._everybody or self._ended != {} or self._sweep or begun)

    def _step(self, broker: Broker) -> None:
        """A chunk of those whose credentials may have ended, and one of those who have changed, or of what takes many:
        without either, a sweep, which ends at once if there was one a moment ago."""
        if (ended := self._some_ended()) != []:
            self._ending = chain(self._ending or (), devices.recheck(broker, ended))
        if self._ending and next(self._ending, self) is self:
            self._ending = None
        if users := self._some_users():
            self._publish(users, broker)
            return
        if self._running is None:
            self._running = self._next_run(broker)
        if next(self._running, self) is self:
            self._running = None

    def _publish(self, users: list[UserId], broker: Broker) -> None:
        try:
            publisher.publish(subscribers.among(users), broker)
        except TakenOver:
            self.changed(users)
            raise

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

    def _begin_again(self) -> None:
        """What was being done has ended with the connection; the queue stays."""
        with self._something:
            self._sweep |= self._running is not None
            if self._ending is not None:
                self._ended = None
            self._ending = self._running = None

    def _drop(self) -> None:
        with self._something:
            self._users.clear()
            self._everybody = self._sweep = False
            self._ended, self._ending, self._running = {}, None, None


def changed(users: Sequence[UserId] | None) -> None:
    """These users' state may have changed, or everybody's if None."""
    if conf.url():
        _queue.changed(users)


def recheck(users: Sequence[UserId] | None) -> None:
    """Credentials of these users, or of anybody if None, may have ended: end the connections that they opened."""
    if conf.url():
        _queue.recheck(users)


def sweep() -> None:
    """Find what was not published."""
    if conf.url():
        _queue.sweep()


def _publish_everybody(broker: Broker) -> Iterator[None]:
    for keys in subscribers.everybody():
        publisher.publish(keys, broker)
        yield


def _renew() -> None:
    global _queue
    _queue = PublishingQueue()


_queue = PublishingQueue()
os.register_at_fork(after_in_child=_renew)
