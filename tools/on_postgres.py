"""Run a command with DATABASE_URL pointing at a PostgreSQL of its own (or at TEST_DATABASE_URL).

    python -m tools.on_postgres python -m pytest tests/inbox

Where none can be had it says so and succeeds; in CI (CI=true) it fails.
"""

import os
import subprocess
import sys
from contextlib import ExitStack

from tools.processes import ROOT
from tools.stores import MissingServerError, Postgres


def main(command: list[str]) -> int:
    with ExitStack() as stack:
        url = os.environ.get("TEST_DATABASE_URL")
        if not url:
            try:
                server = Postgres(durable=False)
            except MissingServerError as missing:
                print(f"Not run on PostgreSQL: {missing}", flush=True)
                return int(os.environ.get("CI") == "true")
            stack.callback(server.close)
            server.start()
            url = server.url()
        return subprocess.run(command, cwd=ROOT, env={**os.environ, "DATABASE_URL": url}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
