"""Nothing that people read is left in English: every page of the site in Chinese, found by its links.

All data is Russian, so Latin letters with nothing Chinese beside them are words that nobody translated: `_()` is
missing, or has translated when the module was loaded. tests/browser/pages/test_untranslated.py does so for scripts.
"""

import ast
import re
from collections import deque
from collections.abc import Iterator

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.template.loader import render_to_string
from django.test import Client
from django.utils import translation

from inbox import services
from inbox.errors import InboxError
from inbox.models import Scope, event_types
from notify_site.demo import services as demo
from tests.demo.visible import Page, english
from tests.inbox.rest import announcement
from tools.processes import ROOT

pytestmark = pytest.mark.django_db

RUSSIAN = {
    "title": "Чай",
    "body": "Готов",
    "target_title": "Чай",
    "resource_title": "Чай",
    "excerpt": "Да",
    "note": "Да",
}
# Made for developers, in English; or not a page.
ELSEWHERE = re.compile("/(api|static|jsi18n|metrics|accounts/logout|admin/(logout|jsi18n|r))/")
MOST = 300


@pytest.fixture
def boss(client: Client) -> User:
    """An administrator, signed in, with something in every list."""
    boss = User.objects.create_superuser("иван", first_name="Иван", last_name="Петров")
    other = User.objects.create_user("анна", first_name="Анна", last_name="Ива")
    Group.objects.create(name="Группа")
    demo.write_comment(other, demo.write_post(boss, "Привет @анна"), "Да")
    for model in event_types().values():
        columns = {field.name for field in model._meta.fields} & set(RUSSIAN)
        services.send([boss, other], model, actor=other, **{name: RUSSIAN[name] for name in columns})
    announcement(title="Чай", body="Готов", author=boss)
    services.create_token("Магазин", boss, Scope.values)
    client.force_login(boss)
    return boss


@pytest.fixture
def chinese(client: Client) -> Client:
    client.cookies["django_language"] = "zh-hans"
    return client


def shape(url: str) -> str:
    """One for all addresses that show the same words: without numbers, and in the administration without a query."""
    path, _, query = url.partition("#")[0].partition("?")
    return re.sub(r"\d+", "N", path) + ("" if path.startswith("/admin/") else query)


def crawl(client: Client, *starts: str) -> Iterator[tuple[str, Page]]:
    """Each page that can be reached from these, with its address."""
    waiting, known, pages = deque(starts), set(map(shape, starts)), 0
    while waiting:
        url = waiting.popleft()
        answer = client.get(url, follow=True)
        if not answer.get("Content-Type", "").startswith("text/html"):
            continue
        page = Page(answer.content.decode())
        yield url, page
        pages += 1
        assert pages < MOST
        for link in page.links:
            if link.startswith("/") and shape(link) not in known and not ELSEWHERE.match(link):
                known.add(shape(link))
                waiting.append(link)


def in_english(url: str, page: Page) -> list[str]:
    return [f"{url}: {text}" for text in english(page.texts)]


def test_pages(boss: User, chinese: Client) -> None:
    found, shapes = list[str](), set[str]()
    for url, page in crawl(chinese, "/", "/inbox/", "/lab/", "/admin/"):
        shapes.add(shape(url))
        found += in_english(url, page)
    assert not found, "\n".join(found)
    assert {"/posts/N/", "/admin/inbox/broadcast/N/change/", "/inbox/preferences/"} < shapes


FORMS = (
    "/posts/",
    "/posts/{post}/comments/",
    "/posts/{post}/share/",
    "/inbox/preferences/",
    "/inbox/snooze/",
    "/admin/password_change/",
)


@pytest.mark.parametrize("form", FORMS)
def test_refused_forms(boss: User, chinese: Client, form: str) -> None:
    url = form.format(post=boss.posts.get().pk)  # type: ignore[attr-defined]  # its related name
    answer = chinese.post(url, {"told": ["?"], "people": ["?"]}, follow=True)
    assert not in_english(url, Page(answer.content.decode()))


def test_refused_forms_of_the_administration(boss: User, chinese: Client) -> None:
    links = Page(chinese.get("/admin/").content.decode()).links
    found, forms = list[str](), sorted({url for url in links if url.endswith("/add/")})
    for url in forms:
        answer = chinese.post(url, {"scopes": ["?"], "level": "?", "expires_at_0": "?", "groups": ["?"]})
        assert "errorlist" in answer.content.decode(), url
        found += in_english(url, Page(answer.content.decode()))
    assert not found, "\n".join(found)
    assert len(forms) > 3


def test_sign_in(chinese: Client) -> None:
    refused = chinese.post("/accounts/login/", {"username": "а", "password": "б"})
    for answer in (chinese.get("/accounts/login/"), refused):
        assert not in_english("login", Page(answer.content.decode()))


def test_errors(client: Client, chinese: Client) -> None:
    assert not in_english("404", Page(chinese.get("/nowhere/").content.decode()))
    with translation.override("zh-hans"):
        for name in ("400.html", "500.html", "503.html", "registration/locked_out.html"):
            page = Page(render_to_string(name, {"minutes": 2}))
            assert "".join(page.texts).strip()
            assert not in_english(name, page)


def test_refusals(boss: User) -> None:
    writer = User.objects.create_user("ольга", is_staff=True)
    writer.user_permissions.set(Permission.objects.filter(codename="view_broadcast"))
    client = Client(enforce_csrf_checks=True, headers={"Accept-Language": "zh-hans"})
    client.force_login(writer)
    for answer in (client.get("/admin/inbox/broadcast/add/"), client.post("/posts/")):
        assert answer.status_code == 403
        assert not in_english(answer.request["PATH_INFO"], Page(answer.content.decode()))


@pytest.mark.parametrize("html", ["<p>Send it</p>", '<input type="submit" value="Send">', '<b title="Send"></b>'])
def test_a_string_without_gettext_is_found(html: str) -> None:
    assert len(list(english(Page(f"<!doctype html><p>发送 it<p>Чай{html}<script>send()</script>").texts))) == 1


# Whose text people are shown; the API's refusals of values are ValueErrors.
SHOWN = {"success", "error", "warning", "info", "message_user", "ValidationError", "CommandError", "ValueError"}
ERRORS = {error.__name__ for error in (InboxError, *InboxError.__subclasses__())}
LABELS = {"verbose_name", "verbose_name_plural", "help_text", "label", "empty_label"}


def bare_strings(source: str, shown: set[str]) -> Iterator[str]:
    """The texts of several words that are shown, and that no gettext translates."""
    for call in (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)):
        name, _, _ = ast.unparse(call.func).partition("(")
        is_shown = name.rpartition(".")[2] in shown and not name.startswith(("logger", "log."))
        texts = [*(call.args if is_shown else []), *(each.value for each in call.keywords if each.arg in LABELS)]
        for text in texts:
            words = ast.unparse(text) if isinstance(text, ast.JoinedStr) else getattr(text, "value", "")
            if isinstance(words, str) and re.search("[A-Za-z]{2,} [A-Za-z]{2,}", words):
                yield words


def test_no_text_of_python_goes_without_gettext() -> None:
    found = []
    for path in (path for name in ("inbox", "push", "notify_site") for path in sorted((ROOT / name).rglob("*.py"))):
        shown = SHOWN | ERRORS if "inbox/api" in path.as_posix() else SHOWN - {"ValueError"} | ERRORS
        if "migrations" not in path.parts:
            found += [f"{path.relative_to(ROOT)}: {text}" for text in bare_strings(path.read_text(), shown)]
    assert not found, "\n".join(found)


def test_bare_strings() -> None:
    source = """messages.success(request, "It is saved"); BadValue(f"Too many {x}"); CharField(label="Your name")
messages.success(request, _("It is saved")); logger.error("It is broken"); NotFound("x"); BadValue(_("a b") % x)"""
    assert len(list(bare_strings(source, SHOWN | ERRORS))) == 3
