"""Run tests on the newest Django that requirements.txt allows, in a virtual environment of its own.

    python3 tools/newest.py -q tests/inbox
    python3 tools/newest.py  # installs it

Django 6 needs Python 3.12 or newer; where there is none, this says so, and runs them on the Django of `make test`.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv-newest"
PYTHON = Path("bin") / "python"
LOCKED = ROOT / ".venv" / PYTHON
LOCK = ROOT / "requirements-dev.lock"
OLDEST = (3, 12)
CAN_MAKE_IT = f"import ensurepip, sys; sys.exit(sys.version_info < {OLDEST})"


def main(arguments: list[str]) -> int:
    found = find_python()
    if found is None:
        print(f"Not on Django 6: no Python {'.'.join(map(str, OLDEST))} or newer with venv", flush=True)
    else:
        install(found)
    if not arguments:
        return 0
    python = LOCKED if found is None else VENV / PYTHON
    version = subprocess.check_output([python, "-c", "import django; print(django.__version__)"], text=True).strip()
    print(f"On Django {version}:", flush=True)
    # `make test` looks for what is wrong with any Django: here few random examples do (tests/inbox/examples.py).
    env = {**os.environ, "EXAMPLES": "0.25"}
    return subprocess.run([python, "-m", "pytest", *arguments], cwd=ROOT, env=env, check=False).returncode


def find_python() -> str | None:
    """The first that runs: a command on the PATH may be a shim of pyenv for a version that is not installed."""
    names = [f"python3.{minor}" for minor in range(19, OLDEST[1] - 1, -1)]
    managed = sorted(Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")).glob("versions/3.1[2-9]*/bin/python"))
    for path in (sys.executable, *filter(None, map(shutil.which, names)), *map(str, reversed(managed))):
        if not subprocess.run([path, "-c", CAN_MAKE_IT], capture_output=True, check=False).returncode:
            return path
    return None


def install(python: str) -> None:
    """All that `make test` uses in the locked versions, and the newest Django instead of the locked one."""
    ranges = (ROOT / "requirements.txt").read_text()
    allowed = re.findall(r"^Django>=[^,]+(,\S+)", ranges, re.MULTILINE)[0]
    wanted = re.sub(r"^Django==.*$", f"Django>=6{allowed}", LOCK.read_text(), flags=re.MULTILINE)
    installed = VENV / "installed.txt"
    if installed.exists() and installed.read_text() == wanted:
        return
    subprocess.run([python, "-m", "venv", "--clear", VENV], check=True)
    requirements = VENV / "requirements.txt"
    requirements.write_text(wanted)
    print("Installing the newest Django …", flush=True)
    # To compile all 79 MB takes 25 s; tests import a third of it.
    pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile", "--requirement"]
    subprocess.run([VENV / PYTHON, *pip, requirements], check=True)
    requirements.rename(installed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
