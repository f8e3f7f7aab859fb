"""After a week away: 200 unread notifications of 40 events. The three that matter are opened, the rest is archived."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Browse
from tests.browser.pages.conftest import OpenInbox
from tests.servers import Site

EVENTS, EACH, IMPORTANT, MOST = 40, 5, 3, 12


@pytest.fixture
def week(site: Site, person: str) -> None:
    """37 threads of five comments; three events of five messages, the last of which is critical."""
    for event in range(EVENTS):
        url, is_important = f"/people/?event={event}", event % 15 == 7
        for number in range(EACH):
            if is_important and number == EACH - 1:
                site.call("send", "system", [person], title=f"Alarm {event}", level="critical", url=url)
            else:
                title = {"target_title": f"Event {event}", "excerpt": str(number)}
                site.call("send", "comment", [person], actor="alice", url=url, **title)


def done(site: Site, person: str) -> None:
    """The three are read and still there; the rest is archived."""
    assert site.call("snapshot", person)["unread"] == 0
    with site.client(person) as client:
        left = client.get("/api/v1/inbox/").json()["items"]
        archived = client.get("/api/v1/inbox/count/?archived=1").json()
    assert [(item["level"], item["read"]) for item in left] == [("critical", True)] * IMPORTANT
    assert archived["count"] == EVENTS * EACH - IMPORTANT


class Counting:
    """Does what a person does, and counts it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.count = 0

    def press(self, key: str) -> None:
        self.count += 1
        self.page.keyboard.press(key)

    def click(self, target: Locator) -> None:
        self.count += 1
        target.click()

    def back(self) -> None:
        """A key with a modifier, or a button of the browser."""
        self.count += 1
        self.page.go_back()

    def opened(self, event: int) -> None:
        self.page.wait_for_url(f"**/people/?event={event}")

    @property
    def important(self) -> Locator:
        return self.page.locator(".rd-important .rd-part")


def events() -> list[int]:
    """The important ones, the newest first."""
    return [event for event in reversed(range(EVENTS)) if event % 15 == 7]


def test_by_keyboard(week: None, inbox: OpenInbox, site: Site, person: str) -> None:
    page = inbox("/inbox/?view=unread")
    me = Counting(page.page)
    me.press("j")
    for left, event in enumerate(events(), start=1):
        me.press("o")
        me.opened(event)
        me.back()
        expect(me.important).to_have_count(IMPORTANT - left)
        expect(page.page.locator("[data-list]")).to_have_attribute("aria-busy", "false")
        if left < IMPORTANT:  # the next one has the focus already
            expect(me.important.first.get_by_role("link")).to_be_focused()
    me.press("*")
    me.press("*")
    me.press("e")
    expect(page.toast).to_contain_text("197")
    done(site, person)
    assert me.count <= MOST


def test_by_mouse(week: None, inbox: OpenInbox, site: Site, person: str) -> None:
    page = inbox("/inbox/?view=unread")
    me = Counting(page.page)
    for left, event in enumerate(events(), start=1):
        me.click(me.important.first.get_by_role("link"))
        me.opened(event)
        me.back()
        expect(me.important).to_have_count(IMPORTANT - left)
    bar = page.page.get_by_role("toolbar", name="Selected notifications")
    me.click(bar.get_by_role("checkbox"))
    me.click(bar.get_by_role("button", name="Select all 197 that match"))
    me.click(bar.get_by_role("button", name="Archive"))
    expect(page.toast).to_contain_text("197")
    done(site, person)
    assert me.count <= MOST


def test_without_scripts(week: None, browse: Browse, site: Site, person: str) -> None:
    """A link reads nothing then: what is left is marked at the end."""
    page = browse(site, person, java_script_enabled=False).new_page()
    page.goto("/inbox/")
    me = Counting(page)
    for at, event in enumerate(events()):
        me.click(me.important.nth(at).get_by_role("link"))
        me.opened(event)
        me.back()
    me.click(page.locator(".rd-types").get_by_role("link", name="Comments"))
    me.click(page.get_by_label("All that match"))
    me.click(page.get_by_role("toolbar").get_by_role("button", name="Archive"))
    expect(page.locator("[data-toast]")).to_contain_text("197")
    me.click(page.locator(".rd-types").get_by_role("link", name="All"))
    me.click(page.get_by_role("button", name="Mark all as read"))
    expect(page.locator("[data-toast]")).to_contain_text(re.compile("3"))
    done(site, person)
    assert me.count <= MOST
