"""Calls of actions (tests/site/actions.py) from outside the site's processes."""

import json
import subprocess
import sys
from typing import Any

from tools.processes import ROOT, dies_with_parent


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
        argv = [*dies_with_parent(), sys.executable, "-m", "tests.site.agent"]
        pipe = subprocess.PIPE
        self.child = subprocess.Popen(argv, cwd=ROOT, env=env, stdin=pipe, stdout=pipe, text=True)

    def call(self, do: str, *args: Any, **kwargs: Any) -> Any:
        assert self.child.stdin is not None
        assert self.child.stdout is not None
        self.child.stdin.write(json.dumps({"do": do, "args": args, "kwargs": kwargs}) + "\n")
        self.child.stdin.flush()
        return result_of(self.child.stdout.readline())

    def close(self) -> None:
        self.child.kill()
        self.child.communicate()
