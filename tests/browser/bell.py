"""`<notification-bell>` as a test drives it. Nothing here waits for time, only for facts."""

from typing import Any, Self

from playwright.sync_api import Error, Locator, Page, expect

from tests.browser.pages.inbox_page import named
from tests.servers import wait_for

ELEMENT = "document.querySelector('notification-bell')"
DEADLINE = 30  # seconds


def as_threads(page: dict[str, Any]) -> dict[str, Any]:
    """A page of items, as the panel asks for it: each in a thread of its own."""
    threads = [
        {"key": f"thread-{at}", "title": item.get("title"), "items": 1, "unread": 1, "newest": item}
        | {"moved_at": item.get("created_at")}
        if isinstance(item, dict)
        else {"newest": item}
        for at, item in enumerate(page["items"])
    ]
    return {name: value for name, value in page.items() if name != "items"} | {"threads": threads}


def until(page: Page, condition: str, deadline: float = DEADLINE) -> None:
    """Wait until JavaScript holds. `page.wait_for_function` needs eval in the page, which the policy forbids."""

    def holds() -> bool:
        try:
            return bool(page.evaluate(condition))
        except Error as error:
            if "Execution context was destroyed" in error.message:  # the page is leaving
                return False
            raise

    wait_for(holds, deadline, condition)


class Bell:
    """The bell of a page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.element = page.locator("notification-bell")
        self.button = self.element.locator(".bell")
        self.badge = self.element.locator(".badge")
        self.panel = self.element.get_by_role("dialog", name="Notifications")
        self.rows = self.panel.locator(".rd-row")
        self.unread = self.panel.locator(".rd-row.rd-unread")
        self.mark_all = self.panel.get_by_role("button", name="Mark all as read")
        self.toasts = self.element.locator(".toast")
        self.status = page.locator("[data-reddot-voice] [role=status]")  # which the bell shares with its page

    def get(self, prop: str) -> Any:
        """A property of the element: `snapshot`, `state`, `transport`."""
        return self.page.evaluate(f"{ELEMENT}.{prop}")

    def until(self, condition: str, deadline: float = DEADLINE) -> Self:
        """Wait until `condition`, JavaScript in which `bell` is the element, holds."""
        until(self.page, f"(() => {{ const bell = {ELEMENT}; return bell !== null && ({condition}); }})()", deadline)
        return self

    def live(self, transport: str = "", deadline: float = DEADLINE) -> Self:
        """And its panel is loaded, so that it opens even if the server is away from now on."""
        connected = f"bell.state === 'live' && (bell.transport === '{transport}' || !'{transport}')"
        return self.until(f"{connected} && bell.shadowRoot.querySelector('#panel')", deadline)

    def shows(self, label: str) -> Self:
        """The badge, "" for none."""
        expect(self.badge).to_have_text(label)
        return self

    def use(self, transport: str) -> Self:
        """Only that transport."""
        self.page.evaluate(f"{ELEMENT}.setAttribute('transport', '{transport}')")
        return self.live(transport)

    def open(self) -> Self:
        self.button.click()
        expect(self.panel).to_be_visible()
        return self

    def news(self) -> Self:
        """Be told what arrived last, if the push did not say so: items are a courtesy, left out under load."""
        self.page.evaluate(
            f"async () => {{ const page = await (await fetch('/api/v1/inbox/?limit=1')).json();"
            f"const bell = {ELEMENT}; bell.offer({{...bell.snapshot, item: page.items[0]}}); }}"
        )
        return self

    def keep(self) -> Self:
        """The toasts stay, as under a pointer: else they go after seven seconds, however slow the machine is."""
        self.toasts.evaluate_all("toasts => toasts.forEach((toast) => toast.dispatchEvent(new Event('pointerenter')))")
        return self

    def row(self, text: str) -> Locator:
        return self.rows.filter(has_text=text)

    def title(self, text: str) -> Locator:
        """Its link or button, which is stretched over the row."""
        return self.row(text).locator(".rd-title")

    def act(self, text: str, label: str) -> Self:
        self.row(text).hover()
        self.row(text).get_by_role("button", name=named(label)).click()
        return self

    def record(self) -> Self:
        """Keep the versions of every `reddot:change` from now on, for `recorded()`."""
        self.page.evaluate(
            "() => { window.versions = []; document.addEventListener('reddot:change', (event) => "
            "window.versions.push(event.detail.version)); }"
        )
        return self

    def recorded(self) -> list[int]:
        versions: list[int] = self.page.evaluate("window.versions")
        return versions

    def focused(self) -> str:
        """What has the focus inside the bell: its class and text."""
        text: str = self.page.evaluate(
            f"() => {{ const node = {ELEMENT}.shadowRoot.activeElement; "
            "return node ? `${node.className} ${node.innerText}`.trim() : ''; }"
        )
        return text

    def wake(self, event: str = "online") -> Self:
        self.page.evaluate(f"window.dispatchEvent(new Event('{event}'))")
        return self
