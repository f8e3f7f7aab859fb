"""Calls of actions (tests/site/actions.py) from outside the site's processes."""

import json
import signal
from contextlib import suppress
from socket import socketpair
from typing import Any

from tests.forks import Fork


class ActionFailed(Exception):
    """An action raised: `error` is the class's name, `detail` the text."""

    def __init__(self, error: str, detail: str) -> None:
        super().__init__(f"{error}: {detail}")
        self.error, self.detail = error, detail


def result_of(answer: str | bytes) -> Any:
    fields = json.loads(answer)
    if "error" in fields:
        raise ActionFailed(fields["error"], fields["detail"])
    return fields["result"]


class Agent:
    """A process that shares the site's database and broker, and no more."""

    def __init__(self, env: dict[str, str]) -> None:
        ours, theirs = socketpair()
        with ours, theirs:
            self._lines = ours.makefile("rw")
            self._child = Fork(["-m", "tests.site.agent"], env, theirs, signal.SIGTERM)
        self.pid = self._child.pid

    def call(self, do: str, *args: Any, **kwargs: Any) -> Any:
        self._lines.write(json.dumps({"do": do, "args": args, "kwargs": kwargs}) + "\n")
        self._lines.flush()
        return result_of(self._lines.readline())

    def close(self) -> None:
        self._child.kill()
        with suppress(ConnectionError):  # of what was written and not read
            self._lines.close()
