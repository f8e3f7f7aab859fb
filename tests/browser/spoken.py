"""What a page says to screen readers by itself: every change of every live region, shadow roots included, in order."""

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.bell import until

LISTEN = """(() => {
  const LIVE = "[aria-live=polite], [aria-live=assertive], [role=status], [role=alert], [role=log], output";
  const said = (window.said = []);
  const regionOf = (node) => {
    for (let at = node; at; at = at.parentNode ?? at.host) {
      const region = (at.nodeType === Node.ELEMENT_NODE ? at : at.parentElement)?.closest(LIVE);
      if (region) return region;
      if (at.parentNode === null && !at.host) return null;
    }
    return null;
  };
  const observer = new MutationObserver((records) => {
    const changed = new Set();
    for (const { target, type, addedNodes } of records) {
      if (type === "attributes" && target.hidden) continue;
      const region = regionOf(target);
      // A region that comes with its text is told by some screen readers, and by others not: it counts.
      const elements = [...addedNodes].filter((node) => node.querySelectorAll);
      const all = elements.flatMap((node) => [node, ...node.querySelectorAll(LIVE)]);
      const come = all.filter((node) => node.matches(LIVE));
      for (const each of [region, ...come]) if (each) changed.add(each);
    }
    for (const region of changed) {
      const text = region.checkVisibility() ? region.innerText.replace(/\\s+/g, " ").trim() : "";
      if (text) said.push(text);
    }
  });
  const all = { subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: ["hidden"] };
  const listen = (root) => observer.observe(root, all);
  const { attachShadow } = Element.prototype;
  Element.prototype.attachShadow = function (options) {
    const root = attachShadow.call(this, options);
    listen(root);
    return root;
  };
  addEventListener("DOMContentLoaded", () => listen(document));
})()"""


def listen(context: BrowserContext) -> BrowserContext:
    """To all pages of the context, from their start."""
    context.add_init_script(LISTEN)
    return context


class Spoken:
    """What one page has said, since the last `forget`."""

    def __init__(self, page: Page) -> None:
        self.page = page

    @property
    def sentences(self) -> list[str]:
        found: list[str] = self.page.evaluate("window.said")
        return found

    def forget(self) -> None:
        self.page.evaluate("() => { window.said.length = 0; }")

    def says(self, *texts: str) -> None:
        """Exactly these, now or soon; an earlier sentence that is said twice is one too many."""
        until(self.page, f"window.said.length >= {len(texts)}")
        assert self.sentences == list(texts)

    def is_silent(self) -> None:
        assert self.sentences == []


def quiet(page: Page) -> None:
    """Let the page's installed clock go on until nothing waits to be said any more.

    No more than that: after 25 seconds without a frame the bell would doubt its connection, which answers in real time.
    """
    page.clock.run_for(6_000)
    expect(page.locator("body")).to_be_attached()  # what the timers have begun is done
