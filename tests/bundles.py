"""What `make dist` makes, kept in pytest's cache from one run to the next: it takes several seconds."""

import shutil
from fcntl import LOCK_EX, flock
from pathlib import Path

from notify_site import assets
from tools import dist, node
from tools.processes import ROOT
from tools.stores import MissingServerError

KEPT = ROOT / ".pytest_cache" / "d" / "dist"


def made() -> Path:
    """The directory, for STATIC_DIST. Raises MissingServerError if the bundler can't be had."""
    KEPT.mkdir(parents=True, exist_ok=True)
    with (KEPT / "lock").open("w") as lock:
        flock(lock, LOCK_EX)
        path = KEPT / "-".join(each[:8] for each in assets.digests(ROOT))
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
