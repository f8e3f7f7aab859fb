"""The Simplified Chinese catalogs: every string of Python, templates and JavaScript is in them, and compiled.

To bring them up to date: `manage.py makemessages` as below for both domains, translate, `msgfmt` each .po to its .mo.
The .mo files are committed because `make run` needs nothing but Python.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.utils import translation

from inbox.models import LikeMessage
from inbox.selectors.items import from_message

ROOT = Path(settings.BASE_DIR)
SOURCES = ("inbox", "push", "notify_site", "templates", "locale")
CATALOGS = sorted(path.relative_to(ROOT) for name in SOURCES for path in (ROOT / name).rglob("zh_Hans/**/*.po"))
needs_gettext = pytest.mark.skipif(not shutil.which("msgfmt"), reason="needs GNU gettext (apt-get install gettext)")


@pytest.fixture(scope="module")
def extracted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sources whose catalogs have just been made anew."""
    copy = tmp_path_factory.mktemp("sources")
    for name in SOURCES:
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "manage.py", copy)
    environment = os.environ | {"SECRET_KEY": "x" * 50, "DJANGO_SETTINGS_MODULE": "notify_site.settings"}
    for domain in ("django", "djangojs"):
        command = [sys.executable, "manage.py", "makemessages", "-d", domain, "-l", "zh_Hans", "--no-obsolete"]
        subprocess.run(command, cwd=copy, env=environment, check=True, capture_output=True)
    return copy


def test_there_are_catalogs_for_each_room() -> None:
    assert {path.parts[0] for path in CATALOGS} == {"inbox", "push", "locale"}


@needs_gettext
@pytest.mark.parametrize("catalog", CATALOGS, ids=str)
def test_everything_is_translated(extracted: Path, catalog: Path) -> None:
    for lack in ("--untranslated", "--only-fuzzy"):
        found = subprocess.run(["msgattrib", lack, extracted / catalog], check=True, capture_output=True, text=True)
        assert found.stdout == ""


@needs_gettext
@pytest.mark.parametrize("catalog", CATALOGS, ids=str)
def test_compiled_catalogs_are_up_to_date(tmp_path: Path, catalog: Path) -> None:
    subprocess.run(["msgfmt", "--check-format", "-o", tmp_path / "fresh.mo", ROOT / catalog], check=True)
    assert (tmp_path / "fresh.mo").read_bytes() == (ROOT / catalog).with_suffix(".mo").read_bytes()


def test_items_speak_the_reader_s_language() -> None:
    message = LikeMessage(pk=1, target_title="Tea")
    with translation.override("zh-hans"):
        assert from_message(message).title == "某人 赞了“Tea”"


def test_javascript_gets_both_apps_words(client: Client) -> None:
    catalog = client.get("/jsi18n/", headers={"accept-language": "zh-hans"}).content.decode()
    for word in ("Mark as unread", "View all"):
        assert f'"{word}": ' in catalog
