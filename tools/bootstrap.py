"""Make .venv, install a lock file into it and give the checkout a SECRET_KEY.

    python3 tools/bootstrap.py requirements.lock

Runs on any Python >= 3.11 with nothing installed; says in one line what is missing.
"""

import importlib.util
import secrets
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"


def main(lock: str) -> None:
    if sys.version_info < (3, 11):  # noqa: UP036 (this file is what tells an older Python so)
        sys.exit(f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}: make PYTHON=python3.12 …")
    make_secret(ROOT / ".env")
    if not has_pip():
        make_venv()
    print(f"Installing {lock} …", flush=True)
    install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]
    if subprocess.run([PYTHON, *install, ROOT / lock], check=False).returncode:
        sys.exit(f"Could not install {lock} (see above). Is the package index reachable?")
    (VENV / f".{lock}.installed").touch()


def has_pip() -> bool:
    """Whether .venv is whole: making it may have been interrupted, or its Python be gone."""
    return (
        PYTHON.exists()
        and not subprocess.run([PYTHON, "-c", "import pip"], capture_output=True, check=False).returncode
    )


def make_venv() -> None:
    if importlib.util.find_spec("ensurepip") is None:  # Debian and Ubuntu split it off
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        sys.exit(f"Python's venv module is missing. Install it: sudo apt-get install python{version}-venv")
    subprocess.run([sys.executable, "-m", "venv", "--clear", VENV], check=True)


def make_secret(path: Path) -> None:
    """Append a SECRET_KEY to the ignored `.env`, unless it has one; readable by its owner only."""
    text = path.read_text() if path.exists() else ""
    if "SECRET_KEY=" in text:
        return
    path.touch(mode=0o600)
    path.write_text(f"{text}SECRET_KEY={secrets.token_urlsafe(50)}\n")


if __name__ == "__main__":
    main(sys.argv[1])
