"""The pages of exhibition.py, measured: nothing is cut off, in any size, scheme and language."""

from typing import Any

import pytest
from django.contrib.admin import site as site_of_admin
from playwright.sync_api import Page, expect

from inbox.admin.base import ReadOnlyAdmin
from inbox.admin.rows import MessageAdmin
from tests.browser.axe import violations
from tests.browser.conftest import Browse
from tests.browser.looks import DESKTOP, PHONE
from tests.browser.pages.exhibition import EXHIBITS, LISTS, Exhibit, Visitor
from tests.browser.pages.walk import TOO_WIDE, widths
from tests.conftest import StartSite
from tests.servers import Site

# Of tables: the headings that one must scroll for.
OUT_OF_SIGHT = """() => [...document.querySelectorAll("#result_list th, .inbox-readers th")]
  .filter((head) => {
    const box = head.closest(".results, .inbox-wide").getBoundingClientRect();
    return head.getBoundingClientRect().right > box.right + 1;
  }).map((head) => head.textContent.trim())"""
# On a phone: what is wider than it. The pages whose titles or tables once were.
NARROW = ("announcements, asked to delete", "expired", "receipts", "effect", "asked to withdraw", "new token, refused")
ON_A_PHONE: dict[str, Any] = {"viewport": PHONE, "has_touch": True, "is_mobile": True}


BLANK = """() => [...document.querySelectorAll(".form-row .readonly")]
  .filter((value) => !value.textContent.trim() && !value.querySelector("img"))
  .filter((value) => getComputedStyle(value, "::before").content === "none")
  .map((value) => value.closest(".form-row").className)"""
NAMED = {each.name: each for each in EXHIBITS}


@pytest.fixture(scope="module")
def exhibits(shared_site: StartSite) -> tuple[Site, dict[str, int]]:
    site = shared_site(DEMO="furnished")
    site.call("django.core.management.call_command", "seed_demo", verbosity=0)
    return site, site.call("tests.browser.pages.exhibits.furnish")


def test_every_list_is_an_exhibit() -> None:
    """And the form of whatever can be added."""
    shown = {each.path.partition("?")[0] for each in EXHIBITS}
    for model, page in site_of_admin._registry.items():
        if model._meta.app_label == "inbox" and not isinstance(page, ReadOnlyAdmin):
            assert {f"/admin/inbox/{model._meta.model_name}/{part}" for part in ("", "add/")} <= shown
        elif model._meta.app_label in ("inbox", "inbox_internals") and not isinstance(page, MessageAdmin):
            assert f"/admin/{model._meta.app_label}/{model._meta.model_name}/" in shown


# German has the longest words.
@pytest.mark.parametrize("language", ["de", *(pytest.param(each, marks=pytest.mark.soak) for each in ("en", "zh-CN"))])
def test_every_column_is_visible(browse: Browse, exhibits: tuple[Site, dict[str, int]], language: str) -> None:
    visitor = Visitor(browse(exhibits[0], viewport=DESKTOP, locale=language), *exhibits)
    found = {str(each): out_of_sight(visitor.see(each)) for each in LISTS}
    assert {name: heads for name, heads in found.items() if heads} == {}


def out_of_sight(page: Page) -> list[str]:
    """The headings that one must scroll for on a desktop, and the windows in which the page scrolls sideways."""
    heads: list[str] = page.evaluate(OUT_OF_SIGHT)
    return [*heads, *widths(page, narrowest=False)]


def test_nothing_is_wider_than_a_phone(browse: Browse, exhibits: tuple[Site, dict[str, int]]) -> None:
    visitor = Visitor(browse(exhibits[0], **ON_A_PHONE), *exhibits)
    assert [each.name for each in EXHIBITS if each.name in NARROW and is_too_wide(visitor.see(each))] == []


def test_no_value_is_blank(browse: Browse, exhibits: tuple[Site, dict[str, int]]) -> None:
    visitor = Visitor(browse(exhibits[0], viewport=DESKTOP), *exhibits)
    for name in ("draft", "live, to be looked at only"):
        assert visitor.see(NAMED[name]).evaluate(BLANK) == [], name


@pytest.mark.parametrize("size", [{"viewport": DESKTOP}, ON_A_PHONE], ids=["desktop", "phone"])
def test_no_form_speaks_of_server_time(
    browse: Browse, exhibits: tuple[Site, dict[str, int]], size: dict[str, Any]
) -> None:
    """A form names its own zone; Django would compare that with the browser's, and call it the server's."""
    visitor = Visitor(browse(exhibits[0], timezone_id="Asia/Tokyo", **size), *exhibits)
    notes = visitor.see(NAMED["new announcement"]).locator(".timezonewarning")  # the first page: the zone of the site
    expect(notes).not_to_have_count(0)
    for note in notes.all():
        expect(note).to_be_hidden()


def test_the_file_is_not_behind_the_button(browse: Browse, exhibits: tuple[Site, dict[str, int]]) -> None:
    """Buttons of long forms stick to the window. The one below the report of an upload does not."""
    page = Visitor(browse(exhibits[0], viewport=DESKTOP), *exhibits).see(NAMED["lists, uploaded"])
    expect(page.locator(".inbox-upload .inbox-moves")).to_have_css("position", "static")


@pytest.mark.soak
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [{"viewport": DESKTOP}, ON_A_PHONE], ids=["desktop", "phone"])
def test_every_page(browse: Browse, exhibits: tuple[Site, dict[str, int]], size: dict[str, Any], scheme: str) -> None:
    visitor = Visitor(browse(exhibits[0], color_scheme=scheme, **size), *exhibits)
    assert {each.name: found for each in EXHIBITS if (found := faults(visitor, each))} == {}


def faults(visitor: Visitor, exhibit: Exhibit) -> list[str]:
    page = visitor.see(exhibit)
    return [*violations(page), *["too wide"] * is_too_wide(page), *page.evaluate(BLANK)]


def is_too_wide(page: Page) -> bool:
    return bool(page.evaluate(TOO_WIDE, ["100%"]))
