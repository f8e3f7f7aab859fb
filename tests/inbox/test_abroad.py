"""The inbox in a site that is not ours (tests/inbox/abroad): its checks, in a process with its settings."""

import os
import subprocess
import sys

import pytest
from django.db import connection

from tools.processes import ROOT

# Without the plugin of a library that we use by itself: to import it takes a quarter of a short run.
PYTEST = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:schemathesis"]
SETTINGS = ["--ds", "tests.inbox.abroad.settings"]


def run(*checks: str, options: tuple[str, ...] = ("-m", "not soak"), user: str = "abroad.Person") -> None:
    paths = [ROOT / "tests" / "inbox" / "abroad" / f"check_{check}.py" for check in checks]
    env = {**os.environ, "ABROAD_USER": user}
    command = [*PYTEST, *SETTINGS, *options, *paths]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_abroad() -> None:
    """In one process, as each migrates a database; `histories` and `rights` tell nothing of which database it is."""
    run("core", *(["histories", "rights"] if connection.vendor == "sqlite" else []))


@pytest.mark.anywhere
@pytest.mark.any_django
def test_abroad_with_plain_users() -> None:
    run("plain", user="abroad.Plain")


@pytest.mark.any_django
def test_abroad_with_large_numbers() -> None:
    """Their columns are those of our own site, whose migrations the other tests run."""
    run("numbered", options=("--nomigrations",), user="abroad.Numbered")


@pytest.mark.soak
def test_abroad_for_long() -> None:
    run("histories", options=("-m", "soak", "--timeout", "1800"))
