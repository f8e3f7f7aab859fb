"""Programs of npm that the tests run, in the versions of tests/live/generated/package.json: `python3 tools/node.py`.

They go into the virtual environment. Without npm, or without its registry, tests that need them are skipped.
"""

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WANTED = ROOT / "tests" / "live" / "generated" / "package.json"
HOME = ROOT / ".venv" / "node"
BIN = HOME / "node_modules" / ".bin"


def is_installed() -> bool:
    """What was asked for last is here, and nothing else is asked for now."""
    present = HOME / WANTED.name
    return present.exists() and present.read_bytes() == WANTED.read_bytes()


def install() -> None:
    npm = shutil.which("npm")
    if is_installed():
        return
    if npm is None:
        print("Not installed, so what needs it is skipped: npm", flush=True)
        return
    print("Installing programs of npm …", flush=True)
    HOME.mkdir(parents=True, exist_ok=True)
    fresh = HOME / "new" / WANTED.name
    fresh.parent.mkdir(exist_ok=True)
    shutil.copy(WANTED, fresh)
    options = ["--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--loglevel=error"]
    done = subprocess.run([npm, "install", *options], cwd=fresh.parent, stdin=subprocess.DEVNULL, check=False)
    if done.returncode:
        print("They could not be installed.", flush=True)
        return
    shutil.rmtree(HOME / "node_modules", ignore_errors=True)
    shutil.move(fresh.parent / "node_modules", HOME)
    shutil.move(fresh, HOME / WANTED.name)


if __name__ == "__main__":
    install()
