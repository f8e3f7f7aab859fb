"""axe-core finds nothing wrong with the bell: light and dark, desktop and phone, in every state it has."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser import axe
from tests.browser.bell import Bell
from tests.browser.conftest import OpenBell
from tests.browser.looks import LOOKS
from tests.servers import Site


def settled(bell: Bell) -> Bell:
    """Colours are final when no animation runs (skeletons breathe for ever)."""
    return bell.until(
        "[...bell.shadowRoot.getAnimations(), ...document.getAnimations()]"
        ".every((each) => each.playState !== 'running')"
    )


def violations(bell: Bell, within: str = "notification-bell") -> list[str]:
    return axe.violations(settled(bell).page, within)


@pytest.mark.parametrize(("size", "scheme"), LOOKS)
def test_axe(open_bell: OpenBell, site: Site, person: str, size: Any, scheme: str) -> None:
    bell = open_bell(color_scheme=scheme, viewport=size).live()
    assert violations(bell) == []
    bell.open()
    expect(bell.panel.get_by_text("You’re all caught up")).to_be_visible()
    assert violations(bell, "html") == []  # as a part of the page

    bell.page.keyboard.press("Escape")
    for unread, level in enumerate(("info", "success", "warning", "critical"), 1):
        site.call("send", "system", [person], title=f"A {level} message", body="With a body", level=level)
        bell.shows(str(unread)).news()
        expect(bell.toasts.first).to_contain_text(level)
    bell.toasts.first.hover()
    assert violations(bell) == []

    bell.open()
    expect(bell.rows).to_have_count(4)
    bell.rows.first.click()
    expect(bell.unread).to_have_count(3)
    assert violations(bell) == []

    bell.page.route("**/api/v1/inbox/**", lambda route: route.abort())
    bell.mark_all.click()
    expect(bell.panel.get_by_text("Not everything was marked as read: no connection.")).to_be_visible()
    assert violations(bell) == []
