"""Who waits, and who goes: the book-keeping without servers (tests/live/test_requests.py has them)."""

import asyncio
import errno
import gc
import os
import subprocess
import sys
import weakref
from functools import partial
from types import SimpleNamespace

import pytest

from push.gate import lobby as newcomers
from push.gate.lobby import Phase, lacking_descriptors, lobby
from push.gate.lobby_daphne import DaphneGuest
from push.gate.lobby_uvicorn import UvicornGuest
from push.wire.servers import Scope


class FakeGuest:
    def __init__(self) -> None:
        self.received = 0
        self.dropped = False

    def drop(self) -> None:
        self.dropped = True


@pytest.mark.parametrize("error", [errno.EMFILE, errno.ENFILE, errno.EBADF, errno.EACCES, errno.ENOENT])
def test_only_being_out_of_descriptors_is_a_lack(monkeypatch: pytest.MonkeyPatch, error: int) -> None:
    def refuse(*_: object) -> int:
        raise OSError(error, "")

    monkeypatch.setattr(os, "open", refuse)
    monkeypatch.setattr(os, "dup", refuse)
    lacks = lacking_descriptors() > 0
    monkeypatch.undo()
    assert lacks == (error in (errno.EMFILE, errno.ENFILE))


def test_a_process_without_standard_error_lacks_nothing() -> None:
    script = "import os, sys, django; django.setup(); from push.gate.lobby import lacking_descriptors as lacking; "
    script += "os.close(2); sys.exit(lacking())"
    assert subprocess.run([sys.executable, "-c", script]).returncode == 0


async def test_room_is_made_by_the_longest_waiting_then_by_idle_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    room = newcomers.Lobby()
    busy, idle, *waiting = guests = [FakeGuest() for _ in range(5)]
    monkeypatch.setattr(newcomers, "lacking_descriptors", lambda: 0)
    for guest in guests:
        room.enter(guest)
    room.move(busy, Phase.BUSY)
    room.move(idle, Phase.IDLE)
    went = []
    for lacking in (1, 1, 10):
        monkeypatch.setattr(newcomers, "lacking_descriptors", lambda lacking=lacking: lacking)
        room._make_room()
        went.append([guest.dropped for guest in (*waiting, idle, busy)])
    assert went == [
        [True, False, False, False, False],
        [True, True, False, False, False],
        [True, True, True, True, False],
    ]


async def test_no_room_is_looked_for_among_those_who_are_busy() -> None:
    """However many there are: with the last descriptors, that happens for each new connection."""
    room = newcomers.Lobby()
    for _ in range(100):
        guest = FakeGuest()
        room.enter(guest)
        room.move(guest, Phase.BUSY)
    assert len(room) == 0


async def test_bytes_now_and_then_win_no_time() -> None:
    room = newcomers.Lobby()
    early, late = FakeGuest(), FakeGuest()
    now = asyncio.get_running_loop().time()
    room.enter(early)
    room.enter(late)
    room.move(early, Phase.HEAD)
    room._drop_overdue(now + 29, 30)
    assert not early.dropped
    room.move(late, Phase.BUSY)
    room._drop_overdue(now + 31, 30)
    assert (early.dropped, late.dropped) == (True, False)


async def test_a_body_after_its_answer_may_take_as_long_as_any() -> None:
    room = newcomers.Lobby()
    slow, quick = FakeGuest(), FakeGuest()
    now = asyncio.get_running_loop().time()
    for guest, received in ((slow, 0), (quick, 100 * 1024)):
        room.enter(guest)
        room.move(guest, Phase.BODY)
        guest.received = received
    room._drop_overdue(now + 40, 30)
    assert (slow.dropped, quick.dropped) == (True, False)
    room._drop_overdue(now + 140, 30)
    assert quick.dropped


@pytest.mark.parametrize("server", ["uvicorn", "daphne"])
async def test_who_is_dropped_is_cut_off_if_the_last_answer_is_not_read(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To close waits until everything is sent."""
    ends, ended = list[str](), asyncio.Event()

    def end(how: str) -> None:
        ends.append(how)
        if how == "abort":
            ended.set()

    transport = SimpleNamespace(**{name: partial(end, name.removesuffix("Connection")) for name in ENDS[server]})
    monkeypatch.setattr(f"push.gate.lobby_{server}.LAST_BYTES_SECONDS", 0)
    nothing = SimpleNamespace(transport=transport, dataReceived=lambda data: None)
    if server == "daphne":
        DaphneGuest(nothing, is_nowhere_held).drop()
    else:
        UvicornGuest(nothing, transport, nothing.dataReceived, is_nowhere_held).drop()
    assert len(ends) == 1
    async with asyncio.timeout(5):
        await ended.wait()


def is_nowhere_held(scope: Scope) -> bool:
    return False


ENDS = {"uvicorn": ("close", "abort"), "daphne": ("loseConnection", "abortConnection")}


def test_each_event_loop_keeps_its_lobby_and_takes_it_along() -> None:
    """Two servers may run in two threads."""

    async def mine() -> newcomers.Lobby:
        guest = FakeGuest()
        lobby().enter(guest)
        lobby().leave(guest)
        return lobby()

    first, second = asyncio.new_event_loop(), asyncio.new_event_loop()
    found = [loop.run_until_complete(mine()) for loop in (first, second, first, second)]
    assert found[0] is found[2]
    assert found[1] is found[3]
    assert found[0] is not found[1]
    left = weakref.ref(found[0])
    first.close()
    second.close()
    del found, first, second
    gc.collect()
    assert left() is None
