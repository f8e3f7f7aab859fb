"""Ports for servers that start at the same time, in several runs of the tests."""

import subprocess
import sys

import pytest

from tools import processes

ANOTHER = """
from tools import processes
print(processes.free_port(), flush=True)
input()
"""


def test_nobody_gets_a_port_that_somebody_else_has_been_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """Although no server listens on it yet."""
    mine = processes.free_port()
    command = [sys.executable, "-c", ANOTHER]
    with subprocess.Popen(command, cwd=processes.ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as another:
        assert another.stdout
        theirs = int(another.stdout.readline())
        last = processes.free_port()
        wanted = iter([mine, theirs, last, 20_001])
        monkeypatch.setattr(processes.secrets, "choice", lambda _ports: next(wanted))
        assert not any(map(processes.port_taken, (mine, theirs, last)))
        assert processes.free_port() == 20_001
        another.communicate(b"\n")
    assert processes.reserve(theirs)  # its process has ended
