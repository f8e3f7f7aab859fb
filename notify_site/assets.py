"""Static files as `make dist` has made them: scripts in bundles, a hash in every name, compressed.

Without them, or if a script or style has changed since, the site serves the files of the apps as they are.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import django

APPS = ("inbox", "push", "notify_site/demo", "notify_site/lab")
MARK = "made-of"  # in the directory of `make dist`: the digest of what it was made of
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "notify_site.storage.BundleStorage"},
}
# Names with hashes: those of Django, and those of the bundler.
IMMUTABLE = r"^.*(\.[0-9a-f]{12}\.[^/]+|/reddot/[^/]+-[\w-]{8}\.js)$"


def digest(base: Path) -> str:
    """Of all static files of the apps below `base`, and of Django's version, whose admin has some too."""
    found = hashlib.sha256(django.__version__.encode())
    for path in _files(base):
        found.update(f"{path.relative_to(base).as_posix()} {path.stat().st_size} ".encode())
        found.update(path.read_bytes())
    return found.hexdigest()


def _files(base: Path) -> Iterator[Path]:
    for app in APPS:
        yield from sorted(path for path in (base / app / "static").rglob("*") if path.is_file())


def mark(dist: Path, base: Path) -> None:
    """Note that `dist` was made of the files below `base` as they are now."""
    (dist / MARK).write_text(digest(base))


def is_current(dist: Path, base: Path) -> bool:
    """Whether `make dist` has made this directory, and of these files."""
    made_of = dist / MARK
    return made_of.is_file() and made_of.read_text() == digest(base)
