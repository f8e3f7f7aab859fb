"""One queue of tests for all workers of pytest-xdist (`-n auto`): what stays together, and what comes when.

Servers are shared within a worker, so a file is a unit; files that go over many servers are one unit for each of them.
"""

import os
import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import pytest

# Short tests without servers of their own come last: what is running at the end is soon over.
LAST = {"tests/demo", "tests/inbox", "tests/lab", "tests/push"}


def unit_of(nodeid: str) -> str:
    """The unit a test belongs to: `tests/live/test_http.py[daphne`, or a whole file."""
    file, _, name = nodeid.partition("::")
    shape = name.partition("[")[2]
    if file.endswith("/test_contract.py"):
        return f"{file}[{shape}"
    server = re.match("daphne|uvicorn", shape)
    return f"{file}[{server[0]}" if server else file


def ordered(items: Iterable[pytest.Item]) -> list[pytest.Item]:
    """By units, and each directory's spread over the whole time: what waits then runs beside what computes."""
    units: dict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        units[unit_of(item.nodeid)].append(item)
    directories: dict[str, list[str]] = defaultdict(list)
    for unit in units:
        directories["/".join(unit.split("/")[:2])].append(unit)
    places = [
        (directory in LAST, at / len(among), unit)
        for directory, among in directories.items()
        for at, unit in enumerate(among)
    ]
    return [item for _last, _at, unit in sorted(places) for item in units[unit]]


def scheduler(config: pytest.Config, log: Any) -> Any:
    from xdist.scheduler.loadscope import LoadScopeScheduling

    class Queue(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return unit_of(nodeid)

    config.option.loadscopereorder = False  # the order is that of `ordered`
    return Queue(config, log)


def workers() -> int:
    """Two for each core, as most tests wait most of their time."""
    return min(16, 2 * (os.cpu_count() or 1))
