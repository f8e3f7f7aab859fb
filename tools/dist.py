"""`make dist`: the static files for production, in dist/ (or STATIC_DIST).

    dist/bundle/   the browser scripts, bundled; a site of its own puts this directory into STATICFILES_DIRS
    dist/static/   all static files, with hashes in their names, and compressed; this site serves them

Needs npm, for the bundler in the version of tools/bundle/package-lock.json. Equal sources give equal bytes.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from notify_site import assets
from tools import commands, node
from tools.processes import ROOT

BUNDLER = ROOT / "tools" / "bundle"
HOME = ROOT / ".venv" / "bundler"


def main() -> None:
    dist = ROOT / os.environ.get("STATIC_DIST", "dist")
    if assets.is_current(dist, ROOT):
        print(f"{dist} is up to date.", flush=True)
        return
    node.install(BUNDLER / "package.json", HOME)
    if not node.is_installed(BUNDLER / "package.json", HOME):
        sys.exit("There is no bundle without npm; the site serves the scripts as they are.")
    make(dist)
    print(f"The static files are in {dist}.", flush=True)


def make(dist: Path) -> None:
    """Replace `dist`. Raises CalledProcessError; what was there is then marked as out of date."""
    (dist / assets.MARK).unlink(missing_ok=True)
    bundle(dist / "bundle")
    shutil.rmtree(dist / "static", ignore_errors=True)
    collect(dist)


def bundle(into: Path) -> None:
    """The scripts of all apps."""
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        for app in assets.APPS:
            shutil.copytree(ROOT / app / "static", work / "modules", dirs_exist_ok=True)
        config = shutil.copy(BUNDLER / "rolldown.config.mjs", work)
        rolldown = HOME / "node_modules" / ".bin" / "rolldown"
        subprocess.run([rolldown, "-c", config], cwd=work, stdout=subprocess.DEVNULL, check=True)
        shutil.rmtree(into, ignore_errors=True)
        shutil.copytree(work / "bundle", into)


def collect(dist: Path) -> None:
    """All static files; BundleStorage notes at the end what they were made of."""
    env = {"SECRET_KEY": "x" * 50, **os.environ, "STATIC_DIST": str(dist)}
    options = ["--no-input", "-v", "0", "--settings", "notify_site.collecting"]
    subprocess.run(commands.manage("collectstatic", *options), cwd=ROOT, env=env, check=True)


if __name__ == "__main__":
    main()
