"""A process that is forked from the loaded site is as one that a new interpreter has started.

That goes for its settings, what Django keeps of them, and the constants of our modules: one that is made of the time or
of chance is another one in each process, which shows here. It belongs into `renew` (tests/loaded.py).
"""

import signal
import subprocess
import time
from pathlib import Path

from tests.forks import Fork, is_of_the_site
from tests.servers import site_env
from tools.commands import PYTHON
from tools.processes import ROOT

TELL = r"""
import logging, os, re, sys
import uvicorn  # the libraries of all servers are loaded in a fork
from datetime import datetime
from uuid import UUID
import notify_site.asgi
from django.conf import settings
from django.core.cache import caches
from django.db import connections
from django.urls import get_resolver
from inbox import conf

def tell(*values):
    print(*(re.sub(r" at 0x[0-9a-f]+", "", repr(value)) for value in values))

tell(connections.settings, connections["default"].vendor, caches.settings, get_resolver().url_patterns)
for name in sorted(name for name in dir(settings) if name.isupper()):
    tell(name, getattr(settings, name))
for handler in logging.getLogger().handlers:
    tell(type(handler), handler.level, handler.formatter, handler.stream is sys.stderr)
tell(sorted(name for name in sys.modules if name.startswith("daphne")), type(sys.modules["twisted.internet.reactor"]))
for module in sorted(name for name in sys.modules if name.split(".")[0] in ("inbox", "push", "notify_site")):
    for name, value in vars(sys.modules[module]).items():
        if isinstance(value, (int, float, str, bytes, datetime, UUID)) and name != "STARTED" and name[:2] != "__":
            tell(module, name, value)
tell(conf.STARTED.timestamp() > float(os.environ["BEFORE"]))
"""


def told(env: dict[str, str], script: str, log: Path) -> str:
    """What a fork prints."""
    assert is_of_the_site(env)
    log.touch()
    Fork(["-c", script], env, str(log), signal.SIGKILL).wait(120)
    return log.read_text()


def test_what_it_has_is_of_its_own_environment(tmp_path: Path) -> None:
    told(site_env("sqlite://:memory:"), "", tmp_path / "first")  # the site has been loaded by now
    env = site_env(
        "postgres://who:secret@127.0.0.1:1/none",
        REDIS_URL="redis://127.0.0.1:1/0",
        INBOX_BADGE="unseen",
        LOG_FORMAT="json",
        PUSH_RESYNC_SECONDS=77,
        PUSH_ALLOWED_ORIGINS="https://elsewhere.example",
        BEFORE=time.time(),
    )
    command = [PYTHON, "-c", TELL]
    new = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=True).stdout
    assert "'PUSH_RESYNC_SECONDS' 77" in new
    assert told(env, TELL, tmp_path / "log").splitlines() == new.splitlines()


def test_what_was_loaded_with_another_value_is_refused(tmp_path: Path) -> None:
    """Which setting it is, is said: sites with another value need a condition of their own in tests/forks.py."""
    text = told(site_env("sqlite://:memory:", LOGIN_FAILURES=7), "print('runs')", tmp_path / "log")
    assert "another value of AXES_FAILURE_LIMIT" in text
    assert "runs" not in text
