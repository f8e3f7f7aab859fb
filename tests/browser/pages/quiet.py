"""What nobody should notice in a page: what it logs, throws, fails to load, violates, and moves by itself."""

from typing import Any

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, Response

from tests.browser.bell import Bell, until
from tests.browser.looks import DESKTOP, PHONE
from tests.browser.pages.conftest import LISTEN
from tests.browser.pages.walk import AT_REST

SIZES: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": DESKTOP},
    "phone": {"viewport": PHONE, "has_touch": True, "is_mobile": True},
}
MOST = 0.001  # of the layout shifts of a page
LOGGED = ("error", "warning", "assert")
LEFT = "net::ERR_ABORTED"  # of a page that was left: the browser ends its requests
# Every shift from the first frame on. Those within half a second of a click, a tap or a key are the answer to it.
WATCH = """window.shifts = [];
new PerformanceObserver((list) => window.shifts.push(...list.getEntries().filter((each) => !each.hadRecentInput)))
  .observe({ type: "layout-shift", buffered: true });"""
# A moment in an announcement is written in the reader's zone once a script knows that, and the words behind it move.
SHIFTS = """() => {
  const blockOf = (node) => node?.parentElement?.closest("p, li, td, blockquote");
  const isBehindTime = ({ node }) => Boolean(blockOf(node)?.querySelector("time"));
  const counted = shifts.filter(({ sources }) => !sources.length || !sources.every(isBehindTime));
  const place = ({ left, top }) => `${Math.round(left)}, ${Math.round(top)}`;
  return {
    sum: counted.reduce((sum, { value }) => sum + value, 0),
    of: counted.flatMap(({ value, sources }) => sources.map(({ node, previousRect, currentRect }) =>
      `${value.toFixed(4)} ${node?.nodeName} ${node?.className} ${node?.textContent.trim().slice(0, 20)}: `
      + `${place(previousRect)} to ${place(currentRect)}`)),
  };
}"""


class Quiet:
    """Hears what the pages of a context do not keep to themselves."""

    def __init__(self, context: BrowserContext, *, expected: tuple[int, ...] = ()) -> None:
        self.heard: list[str] = []
        self._expected = expected  # statuses of answers
        context.expose_function("violated", lambda text: self.heard.append(text))
        context.add_init_script(LISTEN)
        context.add_init_script(WATCH)
        context.on("console", self._console)
        context.on("weberror", lambda error: self.heard.append(f"thrown {error.error}"))
        context.on("requestfailed", self._failed)
        context.on("response", self._answered)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in LOGGED and not any(f"status of {status}" in message.text for status in self._expected):
            self.heard.append(f"{message.type} {message.text} {message.location.get('url', '')}")

    def _failed(self, request: Request) -> None:
        if request.failure != LEFT:
            self.heard.append(f"{request.failure} {request.method} {request.url}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self._expected:
            self.heard.append(f"{response.status} {response.request.method} {response.url}")

    def check(self, place: str) -> None:
        heard = [*self.heard]
        self.heard.clear()
        assert not heard, f"{place}\n" + "\n".join(heard)


def still(page: Page) -> list[str]:
    """What has moved in it by itself, if that is more than may; all has come to rest."""
    until(page, AT_REST)
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    found = page.evaluate(SHIFTS)
    return [f"{found['sum']:.4f}", *found["of"]] if found["sum"] > MOST else []


def arrived(page: Page, who: str) -> None:
    """All of the page is there, its panel too."""
    page.wait_for_load_state()
    if who and page.locator("notification-bell").count():
        Bell(page).live()
