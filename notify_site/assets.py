"""Static files as `make dist` has made them: scripts in bundles, a hash in every name, compressed.

Without them, or if what they are made of has changed since, the site serves the files of the apps as they are.
"""

import hashlib
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from pathlib import Path

APPS = ("inbox", "push", "notify_site/demo", "notify_site/lab")
PACKAGES = ("Django", "django-eventstream")  # which have static files, too
STORAGE = ("notify_site/collecting.py", "notify_site/storage.py")
BUNDLER = ("tools/bundle/package-lock.json", "tools/bundle/rolldown.config.mjs", "tools/dist.py")
MARK = "made-of"  # in the directory of `make dist`: the digests of what it was made of
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "notify_site.storage.BundleStorage"},
}
# Names with hashes: those of Django, and those of the bundler.
IMMUTABLE = r"^.*(\.[0-9a-f]{12}\.[^/]+|/reddot/[^/]+-[\w-]{8}\.js)$"


def digests(base: Path) -> list[str]:
    """One of all static files of the apps below `base`, of the versions of the packages that have some, and of the
    storage. One of the bundler, which is not where it has run already (an image, for example)."""
    versions = " ".join(f"{name} {version(name)}" for name in PACKAGES)
    bundler = [path for name in BUNDLER if (path := base / name).is_file()]
    found = [_digest(base, _static_files(base), versions)]
    return [*found, _digest(base, bundler)] if bundler else found


def _static_files(base: Path) -> Iterator[Path]:
    for app in APPS:
        yield from sorted(path for path in (base / app / "static").rglob("*") if path.is_file())
    yield from (base / name for name in STORAGE)


def _digest(base: Path, files: Iterable[Path], more: str = "") -> str:
    found = hashlib.sha256(more.encode())
    for path in files:
        found.update(f"{path.relative_to(base).as_posix()} {path.stat().st_size} ".encode())
        found.update(path.read_bytes())
    return found.hexdigest()


def mark(dist: Path, base: Path) -> None:
    """Note that `dist` was made of the files below `base` as they are now."""
    (dist / MARK).write_text("\n".join(digests(base)))


def is_current(dist: Path, base: Path) -> bool:
    """Whether `make dist` has made this directory, and of these files."""
    made_of = dist / MARK
    return made_of.is_file() and {*digests(base)} <= {*made_of.read_text().split()}
