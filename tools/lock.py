"""`make lock`: resolve the ranges anew, in fresh environments, and write both lock files."""

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent


def lock(name: str) -> None:
    with TemporaryDirectory() as venv:
        python = Path(venv) / "bin" / "python"
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "-r", ROOT / f"{name}.txt"], check=True)
        frozen = subprocess.run([python, "-m", "pip", "freeze"], check=True, capture_output=True, text=True).stdout
    (ROOT / f"{name}.lock").write_text(f"# Exact versions of {name}.txt (`make lock`).\n{frozen}")


if __name__ == "__main__":
    for each in ("requirements", "requirements-dev"):
        lock(each)
