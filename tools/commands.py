"""The site's processes as command lines, the same for `make run`, `make stack`, the tests and deploy/."""

import sys
from pathlib import Path

PYTHON = sys.executable
APPLICATION = "notify_site.asgi:application"


def manage(*arguments: str) -> list[str]:
    return [PYTHON, "manage.py", *arguments]


def web(server: str, port: int, application: str = APPLICATION) -> list[str]:
    """`server` is "daphne" or "uvicorn"."""
    return {"daphne": daphne, "uvicorn": uvicorn}[server](port, application)


def daphne(port: int, application: str = APPLICATION) -> list[str]:
    # No --http-timeout: it would cut SSE and long polls. -v 0: no access log.
    return [PYTHON, "-m", "daphne", "-b", "127.0.0.1", "-p", str(port), "-v", "0", application]


def uvicorn(port: int, application: str = APPLICATION) -> list[str]:
    options = {
        "--ws-per-message-deflate": "false",  # 28 µs and 34 kB per message and connection dearer with it
        "--timeout-graceful-shutdown": "5",  # without it an open SSE stream keeps it from stopping
        "--lifespan": "off",
        "--log-level": "warning",
    }
    flat = [part for option in options.items() for part in option]
    return [PYTHON, "-m", "uvicorn", "--host", "127.0.0.1", "--port", str(port), *flat, application]


def worker(processes: int = 1, *queues: str) -> list[str]:
    """Of these queues, or of all."""
    # Workers need not know each other; looking for others costs a second at every (re)connect.
    options = ["--concurrency", str(processes), "--without-gossip", "--without-mingle", "-l", "INFO"]
    if queues:  # two workers of one machine need two names
        options += ["--queues", ",".join(queues), "--hostname", f"{queues[0]}@%h"]
    return [PYTHON, "-m", "celery", "-A", "notify_site", "worker", *options]


def beat(directory: Path) -> list[str]:
    """`directory` holds the schedule's file and the pid file."""
    state = ["--schedule", str(directory / "beat-schedule"), "--pidfile", ""]
    return [PYTHON, "-m", "celery", "-A", "notify_site", "beat", *state, "-l", "INFO"]
