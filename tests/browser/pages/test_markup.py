"""Every page as the Nu validator reads it: as sent, as scripts have made it, and the bell's own tree."""

import json
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.bell import ELEMENT, Bell
from tests.browser.conftest import Browse
from tests.browser.pages.inbox_page import InboxPage
from tests.conftest import StartSite
from tests.servers import Site, needs
from tools import node
from tools.stores import MissingServerError

# Too short-lived for the optimising compiler, which takes half of the time; the validator wants a deep stack.
JAVA = ["java", "-Xss4m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]
JAR = node.HOME / "node_modules" / "vnu-jar" / "build" / "dist" / "vnu.jar"
PAGES = ("/", "/?view=following", "/posts/1/", "/people/", "/people/alice/", "/inbox/", "/inbox/?view=archived",
         "/inbox/preferences/", "/lab/", "/api/v1/docs")  # fmt: skip
ADMIN = ("/admin/", "/admin/inbox/broadcast/", "/admin/inbox/broadcast/add/", "/admin/inbox/broadcast/1/change/",
         "/admin/inbox/commentmessage/", "/admin/inbox/mailbox/", "/admin/inbox/broadcastreceipt/",
         "/admin/inbox/send/", "/admin/inbox/servicetoken/add/", "/admin/demo/post/")  # fmt: skip
NAMED = {"banner", "complementary", "contentinfo", "dialog", "form", "main", "navigation", "region", "search",
         "checkbox", "combobox", "listbox", "searchbox", "spinbutton", "textbox"}  # fmt: skip
DOM = "'<!doctype html>' + document.documentElement.outerHTML"
SHADOW = f"'<!doctype html><html lang=en><title>Bell</title><h1>Bell</h1>' + {ELEMENT}.shadowRoot.innerHTML"
# What is meant as it is: Safari takes a list without bullets for none; the validator does not know CSS Shadow Parts.
MEANT = re.compile(r"The “list” role is unnecessary for element “ul”|Attribute “part” not allowed")
DJANGO_S = re.compile("A table row was 2 columns wide")  # the side bar of its administration


@pytest.fixture(scope="module")
def told_site(shared_site: StartSite) -> Site:
    site = shared_site(DEBUG="1")
    site.call("django.core.management.call_command", "seed_demo", verbosity=0)
    return site


@pytest.fixture
def validate(tmp_path: Path) -> Callable[[], list[str]]:
    """What the validator says of the files in `tmp_path`."""
    with needs():
        if not shutil.which("java") or not JAR.exists():
            raise MissingServerError("needs Java and the Nu validator (python3 tools/node.py)")

    def run() -> list[str]:
        argv = [*JAVA, "-jar", str(JAR), "--format", "json", "--stdout", *map(str, sorted(tmp_path.glob("*.html")))]
        found: Any = json.loads(subprocess.run(argv, capture_output=True, text=True, check=False).stdout)
        return [f"{Path(each['url']).name}: {each['message']} {each.get('extract')}" for each in found["messages"]]

    return run


def keep(folder: Path, name: str, html: str) -> None:
    (folder / f"{name.strip('/').replace('/', '-').replace('?', '-') or 'feed'}.html").write_text(html)


def named_twice(page: Page) -> list[str]:
    """The names that two landmarks, dialogs or fields of the page have in its accessibility tree."""
    session = page.context.new_cdp_session(page)
    tree = session.send("Accessibility.getFullAXTree")["nodes"]
    session.detach()
    shown = [node for node in tree if not node["ignored"] and node["role"]["value"] in NAMED]
    names = Counter(node.get("name", {}).get("value", "") for node in shown)
    return [name for name, times in names.items() if name and times > 1]


def keep_all(page: Page, folder: Path, path: str) -> None:
    """As sent, and as it is with the panel and a toast open; but not what Swagger UI makes of its page."""
    answer = page.goto(path)
    assert answer is not None
    keep(folder, f"{path} sent", answer.text())
    bell = Bell(page)
    if bell.element.count():
        bell.live().news().open()
        expect(bell.rows.first).to_be_visible()
        keep(folder, f"{path} bell", page.evaluate(SHADOW))
    if not path.endswith("/docs"):
        keep(folder, f"{path} made", page.evaluate(DOM))
    assert named_twice(page) == [], path


def test_pages(
    browse: Browse, told_site: Site, site: Site, person: str, validate: Callable[[], list[str]], tmp_path: Path
) -> None:
    page = browse(told_site, "bob").new_page()
    for path in PAGES:
        keep_all(page, tmp_path, path)
    lost = browse(site, person).new_page()  # without DEBUG, which has a page of its own for that
    lost.goto("/no-such-page/")
    keep(tmp_path, "404", lost.evaluate(DOM))
    page.goto("/inbox/")
    InboxPage(page).rows.first.locator(".rd-title").focus()
    page.keyboard.press("e")
    keep(tmp_path, "at work", page.evaluate(DOM))
    page.goto("/posts/1/")
    page.evaluate("document.querySelectorAll('form').forEach((form) => { form.noValidate = true; })")
    page.get_by_role("button", name="Share", exact=True).last.click()
    expect(page.locator("#share .errorlist")).to_be_visible()
    keep(tmp_path, "refused", page.evaluate(DOM))
    visitor = browse(told_site).new_page()
    visitor.goto("/accounts/login/")
    visitor.get_by_label("Username").fill("bob")
    visitor.get_by_label("Password").fill("wrong")
    visitor.get_by_role("button", name="Sign in", exact=True).click()
    expect(visitor.get_by_role("alert")).to_be_visible()
    keep(tmp_path, "login refused", visitor.evaluate(DOM))
    keep(tmp_path, "500", told_site.call("django.template.loader.render_to_string", "500.html"))
    assert [line for line in validate() if not MEANT.search(line)] == []


def test_administration(browse: Browse, told_site: Site, validate: Callable[[], list[str]], tmp_path: Path) -> None:
    told_site.call("send", "comment", ["alice"], actor="bob", target_title="Tea")
    page = browse(told_site, "admin").new_page()
    for path in ADMIN:
        keep_all(page, tmp_path, path)
    page.goto("/admin/inbox/broadcast/add/")
    page.get_by_role("button", name="Save and publish").click()
    expect(page.locator(".errorlist").first).to_be_visible()
    keep(tmp_path, "refused", page.evaluate(DOM))
    assert [line for line in validate() if not MEANT.search(line) and not DJANGO_S.search(line)] == []
