"""The READMEs are tested: a setting, a command or a file that they miss, or that does not exist, fails."""

import re
import subprocess

import pytest
from django.core.management import get_commands

from tools.processes import ROOT

from .pages import READMES, TEXTS, table

SETTINGS = (ROOT / "notify_site" / "settings.py").read_text()


@pytest.mark.parametrize("page", READMES)
def test_every_setting_is_in_the_table_and_nothing_else(page: str) -> None:
    read = set(re.findall(r"env\.\w+\(\s*\"([A-Z_]+)\"", SETTINGS))
    assert {row[0].strip("`") for row in table("Settings", page)} == read


@pytest.mark.parametrize("page", READMES)
@pytest.mark.parametrize("name", ["PUSH_RESYNC_SECONDS", "PUSH_MAX_CONNECTIONS_PER_USER", "INBOX_UNREAD_CAP"])
def test_the_table_names_the_default_in_the_code(page: str, name: str) -> None:
    [default] = re.findall(rf"\"{name}\", default=(\w+)", SETTINGS)
    [shown] = [row[1] for row in table("Settings", page) if row[0] == f"`{name}`"]
    assert shown == f"`{default}`"


@pytest.mark.parametrize("page", [*READMES, "docs/ARCHITECTURE.md"])
def test_every_make_target_named_exists(page: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"`make ([a-z]+)`", (ROOT / page).read_text()))
    assert named
    assert named <= targets


@pytest.mark.parametrize("page", READMES)
def test_every_management_command_named_exists(page: str) -> None:
    named = set(re.findall(r"manage\.py ([a-z_]+)", TEXTS[page]))
    assert named
    assert named <= set(get_commands())


@pytest.mark.parametrize("page", [*READMES, "CONTRIBUTING.md", "docs/ARCHITECTURE.md"])
def test_every_file_named_exists(page: str) -> None:
    text = (ROOT / page).read_text()
    linked = set(re.findall(r"\]\((?!https?:)([^)#]+)\)", text))
    named = set(
        re.findall(r"`((?:inbox|push|notify_site|tests|tools|docs|deploy|benchmarks|templates)/[\w./-]*)`", text)
    )
    assert linked | named
    places = {*((ROOT / page).parent / path for path in linked), *(ROOT / path for path in named)}
    missing = [str(place) for place in places if not place.exists()]
    assert missing == []


@pytest.mark.parametrize("app", ["inbox", "push"])
def test_every_package_is_in_the_architecture(app: str) -> None:
    text = (ROOT / "docs" / "ARCHITECTURE.md").read_text()
    packages = {place.parent.name for place in (ROOT / app).glob("*/__init__.py")}
    found = packages - {"management", "migrations", "templatetags"}  # Django's own names
    assert found
    assert [name for name in sorted(found) if f"`{app}/{name}/" not in text] == []


def test_nothing_of_the_machine_is_committed() -> None:
    """Neither a path of the machine it was written on nor a package host."""
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    words = re.compile(rf"{re.escape(str(ROOT))}/|pypi\.org/simple|--index-url|--find-links")
    found = [
        name
        for name in tracked.split("\0")
        if name.endswith((".py", ".md", ".txt", ".lock", ".toml", ".yml", ".js", ".html", ".conf", ".po"))
        and (ROOT / name).exists()
        and name != "tests/docs/test_readme.py"
        and words.search((ROOT / name).read_text())
    ]
    assert found == []
