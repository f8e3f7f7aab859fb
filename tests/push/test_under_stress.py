"""What the hub must survive: floods of strangers, a database that can't be written to, clients that misbehave."""

import asyncio
import gc
import weakref
from contextlib import suppress
from typing import Any

import pytest
from django.db import OperationalError
from django.test import RequestFactory
from pytest_django import Settings

from inbox import services
from push import gate
from push.concurrency.supervision import cancel, supervise
from push.hub import Hub
from push.hub import pending as work
from push.hub.pending import Work
from push.hub.registry import Members
from push.nudges.bus import Nudge
from push.refusals import BAD_REQUEST, Refused
from push.wire import Wire
from tests.push.fakes import FakeConnection, FakeReads, joined, snapshot, until


def member(members: Members, user: int) -> FakeConnection:
    connection = FakeConnection(f"key-{user}")
    members.add(user, connection, limit=20)
    return connection


class TestWork:
    def test_strangers_do_not_stand_before_those_who_are_here(self) -> None:
        members, todo = Members(), Work()
        member(members, 99_999)
        todo.users(range(100_000))
        batch = todo.take(members)
        assert batch is not None
        assert batch.query.users == [99_999]

    def test_a_broadcast_is_not_lost_among_too_many_ids(self) -> None:
        members, todo = Members(), Work()
        for user in range(30):
            member(members, user)
        todo.users(range(1_000_000, 1_000_000 + work.MAX_DIRTY - 10))
        todo.everybody("broadcast-1")
        batch = todo.take(members)
        assert batch is not None
        assert sorted(batch.query.users) == list(range(30))

    def test_who_asked_and_left_is_forgotten(self) -> None:
        members, todo = Members(), Work()
        connection = member(members, 7)
        for _sync in range(3):
            todo.ask(7, connection)
        assert len(todo.asking) == 1
        todo.forget(connection)
        members.remove(connection)
        gone = weakref.ref(connection.fake)
        del connection
        gc.collect()
        assert gone() is None


class TestHub:
    async def test_who_left_cannot_ask(self, the_hub: Hub, reads: FakeReads) -> None:
        connection = reads.sign_in(7)
        await joined(the_hub, connection)
        the_hub.leave(connection)
        the_hub.ask(connection)
        assert not the_hub.work.asking

    async def test_a_database_that_cannot_be_mended_is_not_asked_again_and_again(
        self,
        the_hub: Hub,
        reads: FakeReads,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """Rule 8 after a failover to a replica: the versions went back, and the clock cannot be raised."""
        tried: list[int] = []

        def refuse(version: int) -> None:
            tried.append(version)
            raise OperationalError("read only")

        monkeypatch.setattr(services, "raise_clock", refuse)
        connection, witness = reads.sign_in(7, version=10), reads.sign_in(8, version=1)
        await joined(the_hub, connection, witness)
        reads.states[7] = snapshot(7, 5)
        the_hub.nudged(Nudge([7]))
        await until(lambda: tried)
        for version in range(2, 12):  # ten more reads go by meanwhile
            reads.states[8] = snapshot(8, version)
            the_hub.nudged(Nudge([8]))
            await until(lambda version=version: witness.versions[-1] == version)
        assert tried == [10]
        assert connection.versions == [10]

    async def test_a_newcomer_is_served_while_versions_are_being_mended(
        self,
        the_hub: Hub,
        reads: FakeReads,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(services, "raise_clock", lambda version: None)
        first = reads.sign_in(7, version=10)
        await joined(the_hub, first)
        reads.states[7] = snapshot(7, 5)
        second = FakeConnection(first.credential.key)
        await joined(the_hub, second)
        assert second.versions == [10]

    async def test_a_library_that_fails_when_a_connection_goes_harms_no_other(
        self,
        the_hub: Hub,
        reads: FakeReads,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        bad, good = reads.sign_in(7), reads.sign_in(8)
        await joined(the_hub, bad, good)
        monkeypatch.setattr(FakeConnection, "left", lambda self: 1 / 0)
        del reads.sessions[bad.credential.key]
        the_hub.work.checking.update({bad: None, good: None})
        the_hub.wake()
        await until(lambda: bad.refusals == ["not_signed_in"])
        reads.states[8] = snapshot(8, 2)
        the_hub.nudged(Nudge([8]))
        await until(lambda: good.versions[-1] == 2)


async def test_a_library_that_cancels_what_is_waited_for_does_not_end_the_task() -> None:
    tries: list[int] = []

    async def work() -> None:
        tries.append(1)
        if len(tries) == 1:
            cancelled = asyncio.get_running_loop().create_future()
            cancelled.cancel()
            await cancelled

    await supervise("reader", work)
    assert len(tries) == 2


async def test_who_is_told_to_end_ends() -> None:
    task = asyncio.ensure_future(supervise("reader", asyncio.Event().wait))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_closing_does_not_run_in_the_task_that_asks_for_it() -> None:
    """uvicorn's websockets protocol cancels, after its timeout, whichever task waits for the closing handshake."""
    tasks: list[Any] = []

    async def send(message: Any) -> None:
        tasks.append(asyncio.current_task())

    wire = Wire(send)
    wire.close(4401, "not_signed_in")
    await wire.flushed()
    assert tasks
    assert tasks[0] is not asyncio.current_task()


class TestGate:
    def scope(self, query: str = "", **headers: str) -> dict[str, Any]:
        given = {"host": "localhost", "cookie": "sessionid=abcdefgh", **headers}
        raw = [(name.encode(), value.encode()) for name, value in given.items()]
        return {"type": "http", "method": "GET", "path": "/push/sse/", "query_string": query.encode(), "headers": raw}

    def test_too_many_parameters_are_a_bad_request(self, settings: Settings) -> None:
        settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
        with pytest.raises(Refused) as refused:
            gate.admit(self.scope(query="&".join(["a"] * 2000)))
        assert refused.value.refusal is BAD_REQUEST

    @pytest.mark.parametrize(
        ("host", "origin"), [("localhost:80", "http://localhost"), ("localhost", "http://localhost:80")]
    )
    def test_the_own_port_of_a_scheme_is_no_other_origin(self, host: str, origin: str) -> None:
        assert gate.admit(self.scope(host=host, origin=origin)).credential.key == "abcdefgh"

    @pytest.mark.parametrize("origin", ["http://localhost:443", "https://localhost", "http://localhost:8080"])
    def test_any_other_port_is(self, origin: str) -> None:
        with pytest.raises(Refused):
            gate.admit(self.scope(origin=origin))


def test_a_user_deleted_while_polling_is_signed_out(monkeypatch: pytest.MonkeyPatch) -> None:
    from inbox import selectors
    from inbox.errors import NotFound
    from push.views import poll

    def gone(pk: int) -> None:
        raise NotFound("no such user")

    monkeypatch.setattr(selectors, "snapshot", gone)
    request = RequestFactory().get("/push/poll/")
    request.user = type("Ghost", (), {"is_authenticated": True, "pk": 7})()
    assert poll(request).status_code == 401


async def test_a_task_that_drops_a_cancellation_is_cancelled_again() -> None:
    async def stubborn() -> None:
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        await asyncio.Event().wait()

    task = asyncio.ensure_future(stubborn())
    await asyncio.sleep(0)
    async with asyncio.timeout(10):
        await cancel([task])
    assert task.cancelled()
