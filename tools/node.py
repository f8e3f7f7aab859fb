"""Programs of npm in exact versions, in the virtual environment: `python3 tools/node.py` installs those of the tests.

Without npm, or without its registry, tests that need them are skipped.
"""

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WANTED = ROOT / "tests" / "live" / "generated" / "package.json"
HOME = ROOT / ".venv" / "node"
BIN = HOME / "node_modules" / ".bin"
OPTIONS = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]


def is_installed(wanted: Path = WANTED, home: Path = HOME) -> bool:
    """What was asked for last is here, and nothing else is asked for now."""
    present = home / wanted.name
    return present.exists() and present.read_bytes() == wanted.read_bytes()


def install(wanted: Path = WANTED, home: Path = HOME) -> None:
    """The programs of that package.json, into `home`; with a package-lock.json beside it, exactly the files of that."""
    npm = shutil.which("npm")
    if is_installed(wanted, home):
        return
    if npm is None:
        print("Not installed, so what needs it is skipped: npm", flush=True)
        return
    print("Installing programs of npm …", flush=True)
    home.mkdir(parents=True, exist_ok=True)
    fresh = home / "new" / wanted.name
    fresh.parent.mkdir(exist_ok=True)
    shutil.copy(wanted, fresh)
    command = [npm, "install", "--no-package-lock"]
    if (lock := wanted.with_name("package-lock.json")).exists():
        shutil.copy(lock, fresh.parent)
        command = [npm, "ci"]
    done = subprocess.run([*command, *OPTIONS], cwd=fresh.parent, stdin=subprocess.DEVNULL, check=False)
    if done.returncode:
        print("They could not be installed.", flush=True)
        return
    shutil.rmtree(home / "node_modules", ignore_errors=True)
    shutil.move(fresh.parent / "node_modules", home)
    shutil.move(fresh, home / wanted.name)


if __name__ == "__main__":
    install()
