"""Compact lists: one line for each row where there is room, faces on phones, and targets that fingers hit."""

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.bell import Bell
from tests.browser.conftest import FACES_AND_UNSEEN, Browse
from tests.browser.pages.inbox_page import InboxPage
from tests.conftest import StartSite
from tests.servers import Site

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
ARABIC = "النسخة الاحتياطية جاهزة الآن"


@pytest.fixture(scope="module")
def site(shared_site: StartSite) -> Site:
    return shared_site(**FACES_AND_UNSEEN)


@pytest.fixture
def reader(site: Site, person: str) -> str:
    """Whose lists are compact."""
    site.call("send", "comment", [person], actor="alice", target_title="Tea", excerpt="Long " * 80, url="/people/")
    site.call("send", "system", [person], title=ARABIC, body=f"{ARABIC} " * 30, url="/")
    prefer(site, person, "compact")
    return person


def prefer(site: Site, person: str, density: str) -> None:
    with site.client(person) as client:
        client.patch("/api/v1/preferences/", json={"density": density}).raise_for_status()


def box(locator: Locator) -> Any:
    found = locator.bounding_box()
    assert found is not None
    return found


def height(locator: Locator) -> float:
    return float(box(locator)["height"])


@pytest.mark.parametrize("text", ["Tea", ARABIC])
def test_a_row_is_one_line_that_unfolds(browse: Browse, site: Site, reader: str, text: str) -> None:
    page = browse(site, reader).new_page()
    page.goto("/inbox/")
    row = InboxPage(page).row(text)
    fold = row.locator("[data-act=fold]")
    expect(fold).to_have_attribute("aria-expanded", "false")
    title, body, short = box(row.locator(".rd-title")), box(row.locator(".rd-body")), height(row)
    assert short < 48
    assert abs(title["y"] - body["y"]) < 4
    assert (title["x"] < body["x"]) == (text != ARABIC)  # it runs in its own direction
    fold.click()
    expect(fold).to_have_attribute("aria-expanded", "true")
    assert height(row) > 2 * short
    fold.click()
    assert height(row) == short


def test_comfortable_stays_as_it_was(browse: Browse, site: Site, reader: str) -> None:
    prefer(site, reader, "comfortable")
    page = browse(site, reader).new_page()
    page.goto("/inbox/")
    row = InboxPage(page).row("Tea")
    assert box(row.locator(".rd-body"))["y"] >= box(row.locator(".rd-title"))["y"] + height(row.locator(".rd-title"))
    assert height(row.locator(".rd-picture")) == 34


def test_nothing_is_cut_off_without_scripts(browse: Browse, site: Site, reader: str) -> None:
    page = browse(site, reader, java_script_enabled=False).new_page()
    page.goto("/inbox/")
    body = page.locator(".rd-row").filter(has_text="Tea").locator(".rd-body")
    title = page.locator(".rd-row").filter(has_text="Tea").locator(".rd-title")
    assert box(body)["y"] >= box(title)["y"] + height(title)
    assert height(body) > 3 * height(title)


@pytest.mark.parametrize("density", ["comfortable", "compact"])
def test_rows_of_a_phone_show_faces(browse: Browse, site: Site, reader: str, density: str) -> None:
    """A finger that means a checkbox, "More" or the chevron hits it."""
    prefer(site, reader, density)
    page = browse(site, reader, **PHONE).new_page()
    page.goto("/inbox/")
    row = InboxPage(page).row("Tea")
    expect(row.locator(".rd-picture")).to_be_visible()
    for target in (".rd-pick", "[data-act=more]", "[data-act=fold]"):
        found = box(row.locator(target))
        assert min(found["width"], found["height"]) >= 40, target
        assert hits(page, row.locator(target)), target
    assert height(row) >= 44


def hits(page: Page, target: Locator) -> bool:
    """What lies in its middle is it, or is in it."""
    found = box(target)
    place = [found["x"] + found["width"] / 2, found["y"] + found["height"] / 2]
    own: bool = target.evaluate("(target, [x, y]) => target.contains(document.elementFromPoint(x, y))", place)
    return own


def test_the_panel_is_compact_from_its_first_row_on(browse: Browse, site: Site, reader: str) -> None:
    """It shows no rows before it knows."""
    page = browse(site, reader).new_page()
    answers: list[Any] = []
    page.route("**/preferences/", lambda route: answers.append(route))
    page.goto("/people/")
    bell = Bell(page).live()
    with page.expect_response(re.compile(r"/api/v1/inbox/threads/")):
        bell.button.click()
    expect(bell.panel.locator(".bone").first).to_be_visible()
    expect(bell.rows).to_have_count(0)
    for route in answers:
        route.continue_()
    body = bell.row("Tea").locator(".rd-body")
    expect(body).to_be_visible()
    expect(bell.panel.locator("[data-density=compact]")).to_have_count(1)
    assert height(bell.row("Tea").locator(".rd-picture")) == 24
    assert height(body) < 30


def test_a_panel_that_cannot_ask_is_comfortable(browse: Browse, site: Site, reader: str) -> None:
    page = browse(site, reader).new_page()
    page.route("**/preferences/", lambda route: route.abort())
    page.goto("/people/")
    bell = Bell(page).live().open()
    expect(bell.row("Tea")).to_be_visible()
    assert height(bell.row("Tea").locator(".rd-picture")) == 34
