"""The catalogs of each language: every string of Python, templates and JavaScript is in them, and compiled.

`make messages` brings them up to date. The .mo files are committed because `make run` needs nothing but Python.
"""

import re
import shutil
from datetime import timedelta
from gettext import GNUTranslations
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone, translation

from inbox.models import LikeMessage
from inbox.selectors.items import from_message
from notify_site.demo.templatetags.demo import ago
from tests.demo.visible import CHINESE
from tools import messages

ROOT = Path(settings.BASE_DIR)
SOURCES = ("inbox", "push", "notify_site", "templates", "locale")
CATALOGS = [path.relative_to(ROOT) for path in messages.catalogs()]
needs_gettext = pytest.mark.skipif(not shutil.which("msgfmt"), reason="needs GNU gettext (apt-get install gettext)")


@pytest.fixture(scope="module")
def extracted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sources whose catalogs have just been made anew."""
    copy = tmp_path_factory.mktemp("sources")
    for name in SOURCES:
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "manage.py", copy)
    messages.extract(copy)
    return copy


def test_each_room_has_catalogs_of_each_language() -> None:
    found = {(path.parents[3].name, path.parts[-3], path.stem) for path in CATALOGS}
    languages = {translation.to_locale(code) for code, _name in settings.LANGUAGES} - {"en"}
    domains = ("django", "djangojs")
    assert found == {(r, name, d) for r in ("", "inbox", "push", "lab") for name in languages for d in domains}


@needs_gettext
@pytest.mark.parametrize("catalog", CATALOGS, ids=str)
def test_everything_is_translated(extracted: Path, catalog: Path) -> None:
    assert messages.lacks(extracted / catalog) == ""


# Names, words that German has from English, and what consists of values and signs.
SAME = {"%(number)s%%", "%(what)s: %(why)s.", "%(what)s：%(why)s。", "%(done)s / %(n)s …",
        "Banner", "Code", "Dialog", "Feed", "Info", "Link", "Markdown", "Median", "MQTT", "Name",
        "Offline", "Push", "Red Dot", "Threads", "WebSocket"}  # fmt: skip


@pytest.mark.parametrize("catalog", CATALOGS, ids=str)
def test_no_translation_is_the_english_text(catalog: Path) -> None:
    with (ROOT / catalog).with_suffix(".mo").open("rb") as file:
        words: dict[str | tuple[str, int], str] = GNUTranslations(file)._catalog  # type: ignore[attr-defined]
    texts = {(key[0] if isinstance(key, tuple) else key): text for key, text in words.items() if key}
    same = {text for key, text in texts.items() if text == key}
    foreign = {text for text in texts.values() if "zh_Hans" in catalog.parts and not CHINESE.search(text)}
    assert (same | foreign) <= SAME


@needs_gettext
@pytest.mark.parametrize("catalog", CATALOGS, ids=str)
def test_compiled_catalogs_are_up_to_date(tmp_path: Path, catalog: Path) -> None:
    messages.compile_catalog(ROOT / catalog, tmp_path / "fresh.mo")
    assert (tmp_path / "fresh.mo").read_bytes() == (ROOT / catalog).with_suffix(".mo").read_bytes()


@pytest.mark.parametrize(("language", "title"), [("zh-hans", "某人 赞了“Tea”"), ("de", "Jemand mag „Tea“")])
def test_items_speak_the_reader_s_language(language: str, title: str) -> None:
    message = LikeMessage(pk=1, target_title="Tea")
    with translation.override(language):
        assert from_message(message).title == title


@pytest.mark.parametrize("language", ["de", "zh-hans"])
def test_javascript_gets_both_apps_words(client: Client, language: str) -> None:
    catalog = client.get("/jsi18n/", headers={"accept-language": language}).content.decode()
    for word in ("Mark as unread", "View all"):
        assert f'"{word}": ' in catalog


@pytest.mark.parametrize("language", ["de", "zh-hans"])
def test_only_pages_of_the_lab_get_the_lab_s_words(admin_client: Client, language: str) -> None:
    """They are as many as all others."""
    reader = {"accept-language": language}
    for page in {*PAGES} - {PREVIEW}:
        html = admin_client.get(page, follow=True, headers=reader).content.decode()
        catalogs = re.findall(r'<script src="([^"]*(?:jsi18n|catalog)[^"]*)"', html)
        words = "".join(admin_client.get(each, headers=reader).content.decode() for each in catalogs)
        assert ('"not yet measured": ' in words) == (page == "/lab/"), page
        assert '"View all": ' in words, page


PREVIEW = "/admin/inbox/broadcast/preview/de/"
PAGES = ("/", "/people/", "/inbox/", "/inbox/snooze/", "/lab/", "/admin/", "/admin/inbox/broadcast/add/", PREVIEW)


@pytest.mark.django_db
@pytest.mark.parametrize("page", PAGES)
def test_javascript_has_its_words_before_it_runs(admin_client: Client, page: str) -> None:
    """Deferred scripts and modules run in the order in which the page names them."""
    html = admin_client.get(page, follow=True).content.decode()
    scripts = re.findall(r"<script[^>]*>", html)
    catalogs = [n for n, script in enumerate(scripts) if "jsi18n" in script or "catalog" in script]
    modules = [n for n, script in enumerate(scripts) if 'type="module"' in script]
    assert catalogs
    assert modules
    assert max(catalogs) < min(modules)


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "2 days ago"), ("de", "vor 2 Tagen"), ("zh-hans", "2 天前")],
)
def test_times_are_whole_phrases(language: str, words: str) -> None:
    with translation.override(language):
        assert ago(timezone.now() - timedelta(days=2, hours=1)).replace("\xa0", " ") == words
