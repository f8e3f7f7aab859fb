"""The reader of a hub: takes pending work in batches, reads the states from the database, and has them delivered.

One read runs at a time, on a thread. Meanwhile the loop delivers what the read before it returned. Reads are in order,
so a later one can only be newer.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Collection
from functools import partial
from typing import Protocol

from django.db import InterfaceError, OperationalError, close_old_connections

from inbox.core.snapshots import Snapshot, UserId
from inbox.selectors.items import Item

from .. import conf
from ..concurrency.threads import DatabaseThreads
from ..frames import Update
from ..refusals import NOT_SIGNED_IN, TOO_MANY, UNAVAILABLE
from . import counts
from .connection import Connection
from .delivery import Delivery
from .pending import Batch, Work
from .queries import Answer, Query, read
from .registry import Member, Registry

logger = logging.getLogger(__name__)

YIELD_EVERY = 200  # users written before the other tasks of the loop get their turn: some 4 ms


class Repairs(Protocol):
    """What the reader asks for when the database has changed without a new version."""

    def lift(self, version: int) -> None:
        """The database went back to before `version`: raise the broadcast clock above it."""

    def touch(self, users: Collection[UserId]) -> None:
        """The counts of these users changed: give them new versions."""


class Reader:
    """Turns pending work into frames."""

    def __init__(self, registry: Registry, work: Work, delivery: Delivery, repairs: Repairs) -> None:
        self._registry, self._work, self._delivery, self._repairs = registry, work, delivery, repairs
        self._limit = conf.max_connections_per_user()
        self._awake = asyncio.Event()
        self._threads = DatabaseThreads("push-read", 1)
        self._quiet = True
        self._unwritten: tuple[Batch, Answer] | None = None
        self.opening: list[Connection] = []  # connections that the read in flight verifies

    def wake(self) -> None:
        """Start reading: there is pending work."""
        self._awake.set()

    def release_if_quiet(self) -> None:
        """Called every second: give the database connection back if the second brought nothing to read."""
        if self._quiet:
            self._threads.release()
        self._quiet = True

    def stop(self) -> None:
        self._threads.stop()

    async def run(self) -> None:
        """Read and deliver, without end."""
        while True:
            batch = self._work.take(self._registry.members)
            self.opening = batch.joining if batch is not None else []
            if batch is None and self._unwritten is None:
                await self._awake.wait()
                self._awake.clear()
                continue
            reading = self._read(batch) if batch is not None else None
            try:
                await self._write()
            finally:  # whatever becomes of the old answer, the new one is waited for
                if batch is not None and reading is not None:
                    await self._receive(batch, reading)

    def _read(self, batch: Batch) -> "asyncio.Future[Answer]":
        self._quiet = False
        return asyncio.wrap_future(self._threads.keep(_read_afresh, batch.query))

    async def _receive(self, batch: Batch, reading: Awaitable[Answer]) -> None:
        try:
            answer = await reading
        except Exception:
            self._threads.release()
            self._work.put_back(batch)
            for connection in batch.joining:
                self._delivery.refuse(connection, UNAVAILABLE)
            raise
        self._settle(batch, answer)
        self._unwritten = batch, answer

    def _settle(self, batch: Batch, answer: Answer) -> None:
        """Admit or refuse connections, before the next batch is taken: a nudge for a new connection must find it."""
        here = self._registry.connections
        for connection in batch.joining:
            if connection in here:
                self._admit(connection, answer)
        for connection in batch.checking:
            if connection in here:
                self._recheck(connection, answer)
        for connection in batch.asking:
            connection.asked = True
        self._work.look_at(answer.changed)

    def _recheck(self, connection: Connection, answer: Answer) -> None:
        """Refuse a connection whose credential has ended or can't be verified; but keep all if no credential can be."""
        if connection.credential not in answer.unverified:
            if answer.checked.get(connection.credential) != connection.user:
                self._delivery.refuse(connection, NOT_SIGNED_IN)
        elif not answer.verifies_nobody:
            self._delivery.refuse(connection, UNAVAILABLE)

    def _admit(self, connection: Connection, answer: Answer) -> None:
        user = answer.opened.get(connection.credential)
        if connection.credential in answer.unverified or user in answer.unread:
            self._delivery.refuse(connection, UNAVAILABLE)
        elif user is None:
            self._delivery.refuse(connection, NOT_SIGNED_IN)
        elif not self._registry.members.add(user, connection, self._limit):
            self._delivery.refuse(connection, TOO_MANY)
        else:
            if not connection.names_language:
                connection.language = answer.languages.get(user, connection.language)
            connection.admitted()

    async def _write(self) -> None:
        """Deliver what was read, and give the loop to other tasks now and then."""
        if self._unwritten is None:
            return
        (batch, answer), self._unwritten = self._unwritten, None
        went_back, changed, newer = False, [], []
        for count, (user, snapshot) in enumerate(answer.snapshots.items(), 1):
            member = self._registry.members.get(user)
            if member is not None:
                known = member.snapshot
                if known is None or snapshot.version > known.version:
                    self._show(member, snapshot, answer.items.get(user))
                    if known is not None:
                        newer.append(user)
                else:
                    self._show(member, known)  # to those who have just come, or asked
                    went_back |= snapshot.version < known.version
                    if snapshot.version == known.version and snapshot != known:
                        changed.append(user)
            if count % YIELD_EVERY == 0:
                await asyncio.sleep(0)
        self._heal(went_back, changed)
        self._forget(batch, answer)
        _count(batch, newer)

    def _show(self, member: Member, snapshot: Snapshot, items: dict[str, Item] | None = None) -> None:
        since = -1 if member.snapshot is None else member.snapshot.version
        member.snapshot = snapshot
        update = Update(snapshot, items, since)
        for connection in member.connections:
            self._delivery.deliver(connection, partial(connection.offer, update))

    def _heal(self, went_back: bool, changed: list[UserId]) -> None:
        if went_back:
            highest = self._registry.members.highest()
            logger.error("The database has forgotten versions up to %d; raising the clock above them", highest)
            self._repairs.lift(highest)
        if changed:
            logger.info("%d users changed without a version of their own", len(changed))
            self._repairs.touch(changed)

    def _forget(self, batch: Batch, answer: Answer) -> None:
        """Refuse connections of users whose state is missing: deleted users, and users whose read failed."""
        for user in batch.query.users:
            member = self._registry.members.get(user)
            if member is not None and user not in answer.snapshots:
                for connection in list(member.connections):
                    self._delivery.refuse(connection, UNAVAILABLE if user in answer.unread else NOT_SIGNED_IN)


def _count(batch: Batch, newer: Collection[UserId]) -> None:
    """Count a delivered batch; `newer` are the users whose state has changed."""
    now = time.monotonic()
    counts.FLUSH.observe(now - batch.taken_at)
    if newer and batch.nudged_at is not None:
        counts.NUDGE_TO_FRAME.observe(now - batch.nudged_at)
    if batch.resynced:
        counts.TOTALS.corrections += len(batch.resynced.intersection(newer))


def _read_afresh(query: Query) -> Answer:
    """Read; if the kept database connection has died (a restart), read once more with a new one."""
    try:
        return read(query)
    except (OperationalError, InterfaceError):
        close_old_connections()
        return read(query)
