"""What tabs share (locks, channels, storage, cookies) may be missing or denied: the bell works, alone if need be.

By what a page can be made to believe, and for real: a third-party frame in a Chromium that blocks its cookies, and a
sandboxed frame, where only silence can be asked for.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, FrameLocator, expect

from tests.browser.bell import Bell
from tests.browser.conftest import Browse, sockets
from tests.browser.elsewhere import Elsewhere
from tests.servers import Site
from tools.browser import FLAGS, FULL, executable

THROW = "() => { throw new DOMException('denied', 'SecurityError'); }"
REJECT = "Promise.reject(new DOMException('denied', 'SecurityError'))"
LATER = f"new Promise((_, reject) => setTimeout(() => {REJECT}.catch(reject), 300))"


def getter(target: str, name: str, code: str) -> str:
    return f"Object.defineProperty({target}, '{name}', {{ configurable: true, get: {code} }});"


def locks(code: str) -> str:
    return f"if (window.LockManager) LockManager.prototype.request = (name, options, call) => {code};"


DENIALS = {
    "no locks": getter("Navigator.prototype", "locks", "() => undefined"),
    "locks throw": getter("Navigator.prototype", "locks", THROW),
    "locks reject": locks(REJECT),
    "locks reject later": locks(LATER),
    "locks fail otherwise": locks("Promise.reject(new DOMException('context gone', 'InvalidStateError'))"),
    "locks abort": locks("Promise.reject(new DOMException('nobody asked for that', 'AbortError'))"),
    "locks are taken back": locks(f"(call({{}}), {LATER})"),
    "locks never answer": locks("new Promise(() => {})"),
    "no channel": "delete window.BroadcastChannel;",
    "channels throw": f"window.BroadcastChannel = class {{ constructor() {{ ({THROW})(); }} }};",
    "channels say nothing": f"BroadcastChannel.prototype.postMessage = {THROW};",
    "channels carry nothing": "BroadcastChannel.prototype.postMessage = () => {};",
    "no storage": getter("window", "sessionStorage", THROW) + getter("window", "localStorage", THROW),
    "full storage": "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); };",
    "no cookies to read": getter("Document.prototype", "cookie", THROW),
    "no canvas to read": f"HTMLCanvasElement.prototype.toDataURL = {THROW};",
    "no notifications": "delete window.Notification;",
    "no databases": getter("window", "indexedDB", THROW),
}
QUICK = {"locks reject later", "locks are taken back", "channels say nothing"}


def denied_tab(context: BrowserContext) -> tuple[Bell, list[str]]:
    page = context.new_page()
    opened = sockets(page)
    page.goto("/people/")
    return Bell(page).live("websocket"), opened


def check(context: BrowserContext, site: Site, person: str) -> None:
    """Two tabs: both show what arrives and what either writes; that nothing throws is checked by `browse`."""
    tabs = [denied_tab(context)[0] for _ in range(2)]
    site.call("send", "follow", [person], actor="alice")
    for bell in tabs:
        bell.shows("1")
    tabs[1].open().mark_all.click()
    for bell in tabs:
        bell.shows("").live()


@pytest.mark.parametrize(
    "denial", [name if name in QUICK else pytest.param(name, marks=pytest.mark.soak) for name in DENIALS]
)
def test_works_with_one_thing_denied(browse: Browse, site: Site, person: str, denial: str) -> None:
    context = browse(site, person)
    context.add_init_script(DENIALS[denial])
    check(context, site, person)


def test_works_with_everything_denied(browse: Browse, site: Site, person: str) -> None:
    context = browse(site, person)
    for name in (
        "locks reject",
        "channels throw",
        "no storage",
        "no cookies to read",
        "no canvas to read",
        "no databases",
    ):
        context.add_init_script(DENIALS[name])
    check(context, site, person)
    page = context.new_page()
    page.goto("/inbox/")
    row = page.locator(".rd-row", has_text="alice followed you")
    row.hover()
    row.get_by_role("button", name="Mark as unread").click()
    Bell(page).shows("1")


def test_a_channel_denied_later_leaves_each_tab_its_own_connection(browse: Browse, site: Site, person: str) -> None:
    context = browse(site, person)
    tabs = [denied_tab(context) for _ in range(2)]
    assert [len(opened) for _, opened in tabs] == [1, 0]
    for bell, _ in tabs:
        bell.page.evaluate(f"() => {{ {DENIALS['channels say nothing']} }}")
    tabs[1][0].wake("online").live("websocket")
    site.call("send", "follow", [person], actor="alice")
    for bell, _ in tabs:
        bell.shows("1")
    assert [len(opened) for _, opened in tabs] == [1, 1]


# For real


@pytest.fixture
def private(chromium: Browser, tmp_path: Path) -> Iterator[tuple[BrowserContext, list[str]]]:
    """A Chromium that blocks third-party cookies and whatever else a third-party frame could keep; its errors."""
    (tmp_path / "Default").mkdir()
    preferences = {"profile": {"cookie_controls_mode": 1, "block_third_party_cookies": True}}
    (tmp_path / "Default" / "Preferences").write_text(json.dumps(preferences))
    context = chromium.browser_type.launch_persistent_context(tmp_path, executable_path=executable(FULL), args=FLAGS)
    errors: list[str] = []
    context.on("weberror", lambda error: errors.append(str(error.error)))
    yield context, errors
    context.close()


def framed(context: BrowserContext, elsewhere: Elsewhere, frame: str) -> FrameLocator:
    """A frame on a page of another site: localhost is another one than 127.0.0.1."""
    page = context.new_page()
    page.goto(f"{elsewhere.origin.replace('127.0.0.1', 'localhost')}/blank")
    page.evaluate("(frame) => { document.body.innerHTML = frame; }", frame)
    return page.frame_locator("iframe")


def test_a_third_party_frame_with_blocked_cookies(
    private: tuple[BrowserContext, list[str]], open_site: Site, elsewhere: Elsewhere
) -> None:
    context, errors = private
    open_site.call("user", "framed")
    elsewhere.receive("framed")
    frame = framed(context, elsewhere, f'<iframe src="{elsewhere.origin}/"></iframe>')
    expect(frame.locator("notification-bell")).to_have_attribute("data-state", "live")
    storage = (
        context.pages[-1]
        .frames[1]
        .evaluate("() => { try { return sessionStorage.length; } catch { return 'denied'; } }")
    )
    open_site.call("send", "follow", ["framed"], actor="alice")
    expect(frame.locator("notification-bell .badge")).to_have_text("1")
    expect(frame.locator("#unread")).to_have_text("1")
    assert (storage, errors) == ("denied", [])


def test_a_sandboxed_frame_throws_nothing(browse: Browse, open_site: Site, elsewhere: Elsewhere) -> None:
    """It is of no origin, which the site does not let in: the bell is there, says so, and leaves the page alone."""
    elsewhere.receive("framed")
    page = browse(open_site).new_page()
    frame = framed(page.context, elsewhere, f'<iframe sandbox="allow-scripts" src="{elsewhere.origin}/"></iframe>')
    expect(frame.locator("notification-bell .bell")).to_be_visible()
    expect(frame.locator("notification-bell")).not_to_have_attribute("data-state", "live")
    expect(frame.locator("notification-bell")).to_have_attribute("data-state", "offline")
