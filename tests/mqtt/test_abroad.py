"""The channel in a site that is not ours (tests/inbox/abroad)."""

import os
import subprocess
import sys

import pytest

from tools.processes import ROOT

PYTEST = [sys.executable, "-m", "pytest", "--ds", "tests.mqtt.abroad_settings", "-q", "-p", "no:cacheprovider"]


@pytest.mark.parametrize(
    ("users", "options"),
    [
        ("abroad.Person", []),
        # Their columns are those of our own site, whose migrations the other tests run: to migrate takes six seconds.
        ("abroad.Numbered", ["--nomigrations"]),
        pytest.param("abroad.Plain", [], marks=pytest.mark.soak),
    ],
)
def test_abroad(users: str, options: list[str]) -> None:
    path = ROOT / "tests" / "mqtt" / "check_abroad.py"
    env = {**os.environ, "ABROAD_USER": users}
    done = subprocess.run([*PYTEST, *options, path], cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
