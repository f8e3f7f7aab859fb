"""The inbox in a site that is not ours (tests/inbox/abroad): its checks, in a process with its settings."""

import os
import subprocess
import sys

import pytest

from tools.processes import ROOT

PYTEST = [sys.executable, "-m", "pytest", "--ds", "tests.inbox.abroad.settings", "-q", "-p", "no:cacheprovider"]


def run(check: str, *options: str, **environment: str) -> None:
    path = ROOT / "tests" / "inbox" / "abroad" / f"check_{check}.py"
    env = {**os.environ, **environment}
    done = subprocess.run([*PYTEST, path, *options], cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


ON_SQLITE = [pytest.param(check, marks=pytest.mark.anywhere) for check in ("histories", "rights")]


@pytest.mark.parametrize("check", ["core", *ON_SQLITE])
def test_abroad(check: str) -> None:
    run(check, "-m", "not soak")


@pytest.mark.anywhere
def test_abroad_with_plain_users() -> None:
    run("plain", ABROAD_USER="abroad.Plain")


def test_abroad_with_large_numbers() -> None:
    run("numbered", ABROAD_USER="abroad.Numbered")


@pytest.mark.soak
def test_abroad_for_long() -> None:
    run("histories", "-m", "soak", "--timeout", "1800")
