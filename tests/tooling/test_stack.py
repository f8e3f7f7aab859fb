"""`make stack` looks after its processes."""

import sys
from pathlib import Path

import pytest

from tools import stack
from tools.processes import Process

ONCE = "import pathlib, sys, time; p = pathlib.Path(sys.argv[1]); p.exists() and time.sleep(60); p.touch()"


def test_what_ends_by_itself_is_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    child = Process("worker", [sys.executable, "-c", ONCE, str(tmp_path / "ran")], tmp_path / "log")
    child.start()
    assert child.child is not None
    first = child.child
    first.wait(30)

    def ctrl_c(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("tools.stack.time.sleep", ctrl_c)
    with pytest.raises(KeyboardInterrupt):
        stack.watch([child])
    assert child.alive
    assert child.child is not first
    assert "worker ended by itself and is started again" in capsys.readouterr().out
    child.kill()


def test_what_ends_again_and_again_is_given_up(tmp_path: Path) -> None:
    child = Process("worker", [sys.executable, "-c", "print('No such module'); raise SystemExit(1)"], tmp_path / "log")
    child.start()
    with pytest.raises(SystemExit, match=r"worker ended 5 times in 60 s:\n(No such module\n)+"):
        stack.watch([child])
