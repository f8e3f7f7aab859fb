"""For eyes that need more: colours that the system forces, more contrast, less motion."""

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import axe
from tests.browser.banners import Banners, announced
from tests.browser.bell import Bell
from tests.browser.conftest import MOVING
from tests.browser.looks import DESKTOP, PHONE
from tests.browser.pages.conftest import Comment, OpenInbox
from tests.browser.pages.inbox_page import InboxPage
from tests.servers import Site

FORCED: dict[str, Any] = {"forced_colors": "active"}
SCHEMES = [pytest.param("light", DESKTOP, id="light-desktop"), pytest.param("dark", PHONE, id="dark-phone")]


@pytest.fixture
def told(site: Site, person: str, comment: Comment) -> None:
    site.call("send", "system", [person], title="Disk full", body="Nothing is left.", level="critical")
    comment("one")
    comment("two")
    site.call("send", "system", [person], title="Plain")


def style(element: Locator, name: str, part: str | None = None) -> str:
    value: str = element.evaluate("(node, [name, part]) => getComputedStyle(node, part)[name]", [name, part])
    return value


def differ(one: Locator, other: Locator, *names: str, part: str | None = None) -> None:
    """At least one of these properties tells them apart."""
    values = [[style(each, name, part) for name in names] for each in (one, other)]
    assert values[0] != values[1], f"{names}: both {values[0]}"


def outlined(page: Page, part: str) -> None:
    """What has the focus shows it, by a line."""
    shown = page.evaluate(
        """(part) => {
          let node = document.activeElement;
          while (node.shadowRoot?.activeElement) node = node.shadowRoot.activeElement;
          const { outlineStyle, outlineWidth } = getComputedStyle(node, part);
          return `${outlineStyle} ${outlineWidth}`;
        }""",
        part,
    )
    assert shown in ("solid 2px", "solid 3px"), shown


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize(("scheme", "size"), SCHEMES)
def test_forced_colours_hide_no_state(inbox: OpenInbox, scheme: str, size: Any) -> None:
    """Backgrounds and colours are the system's: what is unread, chosen, pressed or focused differs otherwise."""
    page = inbox("/inbox/", **FORCED, color_scheme=scheme, viewport=size)
    unread, read = page.row("one"), page.row("Plain")
    read.locator("[data-act=open]").focus()
    page.page.keyboard.press("u")
    page.page.keyboard.press("s")
    expect(read.locator("[data-act=star]")).to_have_attribute("aria-pressed", "true")
    differ(unread.locator(".rd-dot"), read.locator(".rd-dot"), "backgroundColor")
    differ(unread.locator(".rd-title"), read.locator(".rd-title"), "fontWeight")
    differ(unread.locator("[data-act=star] svg"), read.locator("[data-act=star] svg"), "fill")
    differ(page.view("Inbox"), page.view("Unread"), "borderBlockEndWidth", "borderBlockEndStyle")
    differ(page.tab("All"), page.tab("Comments"), "textDecorationLine")
    outlined(page.page, "::after")
    assert style(page.toast, "borderStyle") == "solid"
    bell = Bell(page.page).shows("3").open()
    differ(bell.badge, bell.button, "backgroundColor")
    differ(bell.row("Disk full").locator(".rd-dot"), bell.row("Plain").locator(".rd-dot"), "backgroundColor")
    differ(bell.title("Disk full"), bell.title("Plain"), "fontWeight")
    page.page.keyboard.press("ArrowDown")
    outlined(page.page, "::after")
    assert style(bell.panel.locator(".sheet"), "borderBlockStartStyle") == "solid"


def everywhere(page: InboxPage, site: Site, comment: Comment, rules: list[str] | None = None) -> list[str]:
    """What axe finds on the inbox page with toasts, in the panel, in the dialog, in the preferences, in a banner."""
    found = []

    def look(place: str) -> None:
        found.extend(f"{place}: {fault}" for fault in axe.violations(page.page, rules=rules))

    page.row("two").locator("[data-act=open]").focus()
    page.page.keyboard.press("s")
    comment("three")
    bell = Bell(page.page).shows("5").news().keep()
    expect(bell.toasts.first).to_be_visible()
    look("page")
    bell.open()
    expect(bell.rows.first).to_be_visible()
    look("panel")
    page.page.keyboard.press("Escape")
    page.row("two").locator("[data-act=open]").focus()
    page.page.keyboard.press("b")
    expect(page.page.get_by_role("dialog").get_by_label("Date and time")).to_be_visible()
    look("until when")
    page.page.goto("/inbox/preferences/")
    look("preferences")
    with announced(site, "Maintenance", level="warning", body="Tonight") as notice:
        page.page.goto("/people/")
        Banners(page.page).shows(notice)
        look("banner")
    return found


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize(("scheme", "size"), SCHEMES)
def test_axe_finds_nothing_under_forced_colours(
    inbox: OpenInbox, site: Site, comment: Comment, scheme: str, size: Any
) -> None:
    page = inbox("/inbox/", **FORCED, color_scheme=scheme, viewport=size)
    found = everywhere(page, site, comment)
    assert not found, "\n".join(found)


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize(("scheme", "size"), SCHEMES)
def test_more_contrast_is_seven_to_one(inbox: OpenInbox, site: Site, comment: Comment, scheme: str, size: Any) -> None:
    """WCAG 1.4.6, which without that wish is not promised."""
    page = inbox("/inbox/", contrast="more", color_scheme=scheme, viewport=size)
    found = everywhere(page, site, comment, ["color-contrast-enhanced"])
    assert not found, "\n".join(found)


@pytest.mark.usefixtures("told")
def test_less_motion_is_none(inbox: OpenInbox, site: Site, comment: Comment) -> None:
    """What moves otherwise: rows that come, the panel, banners, the list while it is read."""
    for options, moves in ((MOVING, True), ({"reduced_motion": "reduce"}, False)):
        page = inbox("/inbox/", **options)
        page.leave_list()
        comment("news")
        expect(page.row("news").first).to_be_visible()
        bell = Bell(page.page).open()
        animated = [
            style(page.page.locator(".rd-fresh").first, "animationName"),
            style(bell.panel, "animationName"),
            style(bell.button, "transitionDuration"),
            style(page.page.locator("[data-list]"), "transitionDuration"),
        ]
        still = [each in ("none", "0s") for each in animated]
        assert still == [not moves] * 4, animated
        with announced(site) as notice:
            Banners(page.page).shows(notice)
            assert (style(page.page.locator(".rd-notices-above"), "animationName") == "none") is not moves
