"""The whole job as people do it: one person acts, another's dot moves, in every tab and browser, without a reload."""

import re
from collections.abc import Callable
from secrets import token_hex
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.bell import Bell
from tests.browser.conftest import MOVING, Browse, tab
from tests.servers import Site

EMBEDDED: dict[str, Any] = {}
# With the resync of production: one that comes first brings the state without the toast, which is a courtesy.
STACK = {"server": ["uvicorn", "daphne"], "bus": "valkey", "web": 2, "worker": True, "database": "postgres"}
STACK["PUSH_RESYNC_SECONDS"] = 25
# Keys do not know where the page comes from.
KEYBOARD = [pytest.param(EMBEDDED, id="embedded"), pytest.param(STACK, id="stack", marks=pytest.mark.soak)]
# On the small site others comment (pages/test_demo.py), publish and withdraw (pages/test_editor.py).
STACKED = [pytest.param(EMBEDDED, id="embedded", marks=pytest.mark.soak), pytest.param(STACK, id="stack")]


@pytest.fixture
def place(request: pytest.FixtureRequest, shared_site: Callable[..., Site]) -> Site:
    return shared_site(**request.param)


@pytest.fixture
def names(place: Site) -> dict[str, str]:
    """Two people of this test alone, with nothing unread."""
    made = {role: f"{role}{token_hex(3)}" for role in ("alice", "bob")}
    for name in made.values():
        place.call("user", name)
    return made


def post(page: Page, text: str) -> str:
    """Write a post on the feed; the address of its own page."""
    page.goto("/")
    page.locator("form.composer textarea, .composer form textarea").first.fill(text)
    page.get_by_role("button", name="Post").click()
    link = page.locator(".post", has_text=text).locator("a.when").first
    expect(link).to_be_visible()
    return link.get_attribute("href") or ""


@pytest.mark.parametrize("place", STACKED, indirect=True)
def test_a_comment_moves_every_dot_of_its_reader(browse: Browse, place: Site, names: dict[str, str]) -> None:
    at_home, on_the_phone = (
        browse(place, names["bob"], **MOVING),
        browse(place, names["bob"], viewport={"width": 390, "height": 844}, **MOVING),
    )
    address = post(at_home.new_page(), "Third loaf this week")
    bells = [tab(at_home).live(), tab(at_home, "/inbox/").live(), tab(on_the_phone).live()]
    for bell in bells:
        bell.shows("")
        bell.page.evaluate("window.before = true")

    alice = browse(place, names["alice"]).new_page()
    alice.goto(address)
    alice.get_by_role("textbox", name=re.compile("comment", re.I)).fill("Save me a slice")
    alice.get_by_role("button", name="Comment", exact=True).click()

    for bell in bells:
        bell.shows("1").news().keep()
    for bell in bells:
        expect(bell.page).to_have_title(re.compile(r"^\(1\)"))
        assert bell.page.evaluate("window.before"), "the page was reloaded"
    for bell in (bells[0], bells[2]):
        expect(bell.toasts.first).to_contain_text(names["alice"])
    expect(bells[1].page.locator("[data-list] .rd-row")).to_contain_text(names["alice"])  # so it needs no toast
    expect(bells[1].toasts).to_have_count(0)

    bells[2].open().row(names["alice"]).click()  # read on the phone …
    for bell in bells[:2]:
        bell.shows("")  # … and gone at home
        expect(bell.page).to_have_title(re.compile(r"^(?!\()"))
    bells[2].page.wait_for_url(f"**{address}*")


@pytest.mark.parametrize("place", STACKED, indirect=True)
def test_a_broadcast_reaches_everybody_and_is_taken_back(browse: Browse, place: Site, names: dict[str, str]) -> None:
    bells = [tab(browse(place, name)).live() for name in names.values()]
    title = f"Maintenance {token_hex(3)}"
    admin = browse(place, "admin").new_page()
    admin.goto("/admin/inbox/broadcast/add/")
    admin.get_by_label("Title:", exact=True).fill(title)
    admin.get_by_label("Text:", exact=True).fill("At **noon**.")
    decide(admin, "Publish")
    counted(bells, 1)
    expect(bells[0].open().row(title)).to_contain_text("At noon.")

    admin.goto("/admin/inbox/broadcast/")
    admin.get_by_role("link", name=title, exact=True).click()
    decide(admin, "Withdraw")
    counted(bells, 0)
    expect(bells[0].row(title)).to_have_count(0)


def decide(page: Page, name: str) -> None:
    """Click the button of the form, and the one of the question that follows."""
    page.get_by_role("button", name=name, exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name=name, exact=True).click()


def counted(bells: list[Bell], unread: int) -> None:
    for bell in bells:
        bell.shows(str(unread or ""))


@pytest.mark.parametrize("place", KEYBOARD, indirect=True)
def test_by_keyboard_alone(browse: Browse, place: Site, names: dict[str, str]) -> None:
    """Sign in, open the bell, read a message, mark all, go to the inbox: no pointer anywhere."""
    place.call("send", "system", [names["bob"]], title="First", url="/inbox/")
    place.call("send", "system", [names["bob"]], title="Second", url="/people/")
    page = browse(place).new_page()
    page.goto("/accounts/login/")
    focus(page, page.get_by_label("Username"))
    page.keyboard.type(names["bob"])
    page.keyboard.press("Tab")
    page.keyboard.type("reddot-demo")
    page.keyboard.press("Enter")
    page.wait_for_url("**/")
    bell = Bell(page).live().shows("2")
    focus(page, bell.button)
    page.keyboard.press("Enter")
    expect(bell.row("Second")).to_be_visible()
    focus(page, bell.title("Second"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/people/")
    bell.live().shows("1")
    focus(page, bell.button)
    page.keyboard.press("Enter")
    expect(bell.mark_all).to_be_enabled()  # once there is a list
    focus(page, bell.mark_all)
    page.keyboard.press("Enter")
    bell.shows("")
    page.keyboard.press("Escape")
    expect(bell.panel).to_be_hidden()
    expect(bell.button).to_be_focused()


def focus(page: Page, target: object) -> None:
    """Tab until it is there; a page where that takes forty stops is not usable by keyboard."""
    for _stop in range(40):
        if target.evaluate("node => node.getRootNode().activeElement === node"):  # type: ignore[attr-defined]
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{target} can't be reached with the Tab key")
