"""Bring the catalogs up to date with the sources: find the strings, compile, and print what has no translation yet.

    python -m tools.messages

Needs GNU gettext. Catalogs name files without lines and carry no dates, so that only a change of words changes them.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

from tools.processes import ROOT

LANGUAGES = ("de", "zh_Hans")  # English is in the sources
PLACES = ("", "inbox", "push", "notify_site/lab")  # the lab's are on its pages only
NO_SOURCES = ("node_modules", "dist", "tests", "benchmarks")
NOISE = re.compile(rb'^"(POT-Creation-Date|Report-Msgid-Bugs-To): .*\n', re.MULTILINE)


def catalogs(root: Path = ROOT) -> list[Path]:
    places = [root / name / "locale" for name in PLACES]
    return [path for place in places for name in LANGUAGES for path in sorted((place / name).rglob("*.po"))]


def extract(root: Path = ROOT) -> None:
    """Write the strings of the sources under `root` into its catalogs."""
    languages = [word for name in LANGUAGES for word in ("-l", name)]
    ignored = [word for name in NO_SOURCES for word in ("-i", name)]
    for domain in ("django", "djangojs"):
        command = [sys.executable, "manage.py", "makemessages", "-d", domain, *languages, *ignored]
        options = ["--no-obsolete", "--add-location", "file"]
        subprocess.run([*command, *options], cwd=root, env=_environment(), check=True, capture_output=True)
    for path in catalogs(root):
        path.write_bytes(NOISE.sub(b"", path.read_bytes()))


def _environment() -> dict[str, str]:
    return {"SECRET_KEY": "x" * 50, **os.environ, "DJANGO_SETTINGS_MODULE": "notify_site.settings"}


def compile_catalog(path: Path, into: Path) -> None:
    subprocess.run(["msgfmt", "--check-format", "-o", into, path], check=True)


def lacks(path: Path) -> str:
    """The entries of a catalog without a translation, and those that gettext guessed."""
    kinds = ("--untranslated", "--only-fuzzy")
    found = (subprocess.run(["msgattrib", kind, path], check=True, capture_output=True, text=True) for kind in kinds)
    return "".join(each.stdout.partition("\n\n")[2] for each in found)  # without the head of the catalog


def main() -> int:
    extract()
    missing = {path: lacks(path) for path in catalogs()}
    for path in catalogs():
        compile_catalog(path, path.with_suffix(".mo"))
        if missing[path]:
            print(f"{path.relative_to(ROOT)}:\n{missing[path]}")
    return int(any(missing.values()))


if __name__ == "__main__":
    sys.exit(main())
