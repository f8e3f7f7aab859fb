"""A Python environment of its own for a peer that does not run on our Django: made once, kept in the user's cache."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path


def python(name: str, requirements: Sequence[str]) -> str:
    """The interpreter of an environment with exactly these; a change of one, or of our Python, makes a new one."""
    known_by = sha256("\n".join([sys.version, *requirements]).encode()).hexdigest()[:12]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    directory = cache / "reddot-benchmarks" / f"{name}-{known_by}"
    if not (directory / "complete").exists():
        print(f"Making {directory} …", flush=True)
        _make(directory, requirements)
    return str(directory / "bin" / "python")


def _make(directory: Path, requirements: Sequence[str]) -> None:
    for old in directory.parent.glob(f"{directory.name.rpartition('-')[0]}-*"):
        shutil.rmtree(old)
    subprocess.run([sys.executable, "-m", "venv", directory], check=True)
    install = ["-m", "pip", "install", "-qq", "--disable-pip-version-check", *requirements]
    subprocess.run([directory / "bin" / "python", *install], check=True)
    (directory / "complete").touch()
