"""What `make dist` makes, kept in pytest's cache from one run to the next: it takes several seconds."""

import os
import shutil
from fcntl import LOCK_EX, flock
from hashlib import sha256
from pathlib import Path

from notify_site import assets
from tools import dist, node
from tools.processes import ROOT
from tools.stores import MissingServerError

KEPT = ROOT / ".pytest_cache" / "d" / "dist"
HOW = (ROOT / "notify_site" / "storage.py", ROOT / "notify_site" / "collecting.py", ROOT / "tools" / "dist.py")


def made() -> Path:
    """The directory, for STATIC_DIST. Raises MissingServerError if the bundler can't be had."""
    KEPT.mkdir(parents=True, exist_ok=True)
    with (KEPT / "lock").open("w") as lock:
        flock(lock, LOCK_EX)
        path = KEPT / fingerprint()
        if assets.is_current(path, ROOT):
            return path
        require_bundler()
        for old in KEPT.iterdir():
            if old.is_dir():
                shutil.rmtree(old)
        dist.make(path)
        return path


def require_bundler() -> None:
    node.install(dist.BUNDLER / "package.json", dist.HOME)
    if not node.is_installed(dist.BUNDLER / "package.json", dist.HOME):
        raise MissingServerError("needs npm and its registry, for the bundler (python -m tools.dist)")


def fingerprint() -> str:
    """Of the files, and of how they are made."""
    found = sha256(assets.digest(ROOT).encode())
    for path in (*HOW, *sorted(dist.BUNDLER.iterdir())):
        found.update(os.fsencode(path.name) + path.read_bytes())
    return found.hexdigest()[:16]
