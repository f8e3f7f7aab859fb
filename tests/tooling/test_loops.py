"""No loop without a bound: each `while True` is one of these, with the reason why it may go on."""

import ast
from collections.abc import Iterator

import pytest

from tools.processes import ROOT

ROOMS = ("inbox", "push", "notify_site", "tools")
ENDLESS = {
    "inbox/admin/uploads/steps.py:_steps": "ends with the upload, a generator",
    "inbox/admin/uploads/steps.py:_told": "ends with the steps that it is given",
    "inbox/services/broadcasts/uploads.py:upload_list": "ends with the upload, a generator",
    "inbox/selectors/exports.py:_commas": "a generator: whoever takes from it ends it",
    "push/hub/reader.py:run": "a supervised task of the hub, cancelled with it",
    "push/hub/hub.py:_tick": "a supervised task of the hub; ends after its last connection",
    "push/nudges/listener.py:_receive": "a supervised task of the hub, cancelled with it",
    "push/nudges/listener.py:listen": "a supervised task of the hub, cancelled with it",
    "push/nudges/listener.py:watch": "a supervised task of the hub, cancelled with it",
    "push/channels/mqtt/connect.py:_first_packet": "four bytes at most, under a timeout",
    "push/channels/mqtt/queue.py:_run": "the publishing thread; a daemon, which waits when there is nothing to do",
    "push/routing.py:lifespan": "ends with the server's shutdown message",
    "push/concurrency/supervision.py:supervise": "starts a task again, with a growing pause, until it is cancelled",
    "push/transports/websocket/consumer.py:__call__": "ends with the connection",
    "tools/stack.py:watch": "ends with a child, or by Ctrl+C",
}


def endless() -> Iterator[str]:
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            for function in ast.walk(ast.parse(path.read_text())):
                if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                    loops = [loop.test for loop in ast.walk(function) if isinstance(loop, ast.While)]
                    if any(isinstance(test, ast.Constant) for test in loops):
                        yield f"{path.relative_to(ROOT)}:{function.name}"


@pytest.mark.anywhere
def test_every_endless_loop_is_known() -> None:
    assert set(endless()) == set(ENDLESS)


@pytest.mark.anywhere
def test_nothing_is_kept_on_objects_of_others() -> None:
    """Such as `origin.__dict__["_ours"]` on somebody's queryset, which outlives a rollback. `writes` marks our own."""
    found = [
        str(path.relative_to(ROOT))
        for room in ("inbox", "push")
        for path in (ROOT / room).rglob("*.py")
        if "__dict__" in path.read_text()
    ]
    assert found == ["inbox/models/base.py"]


@pytest.mark.anywhere
def test_no_cancellation_is_dropped() -> None:
    """`asyncio.wait_for` of Python 3.11 drops one that comes with its result; `asyncio.timeout` does not."""
    found = [
        str(path.relative_to(ROOT))
        for room in ("inbox", "push", "notify_site")
        for path in (ROOT / room).rglob("*.py")
        if "asyncio.wait_for(" in path.read_text()
    ]
    assert found == []
