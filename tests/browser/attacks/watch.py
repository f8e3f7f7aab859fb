"""Whether an attack has worked in a page: it ran, loaded something, led away, or became an element."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, Dialog, Page

# Whatever an attack calls is heard of, in frames too.
CANARY = """for (const name of ["alert", "prompt", "confirm", "print"])
  Object.defineProperty(window, name, { value: () => window.ran(`${name} in ${location.href}`) });
document.addEventListener("securitypolicyviolation", (event) => window.ran(
  `${event.violatedDirective} ${event.blockedURI} ${event.sample} in ${location.href}`));"""
# Finds elements that only an attack makes.
FIND = Path(__file__).with_name("find.js").read_text()


class Watch:
    """What happened in the pages of a browser that should not have."""

    def __init__(self, context: BrowserContext, *origins: str) -> None:
        self.found: list[str] = []
        self._hosts = {urlsplit(origin).netloc for origin in origins}
        context.expose_binding("ran", lambda source, what: self.note(source["frame"], what))
        context.add_init_script(CANARY)
        context.on("dialog", self._answer)
        context.on("request", lambda request: self._request(request))
        context.on("weberror", lambda error: self.found.append(str(error.error)))

    def note(self, frame: Any, what: str) -> None:
        self.found.append(f"{frame.name} {what}".strip())

    def _answer(self, dialog: Dialog) -> None:
        self.found.append(f"dialog {dialog.message}")
        dialog.dismiss()

    def _request(self, request: Any) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob", "about") and parts.netloc not in self._hosts:
            self.note(request.frame, f"request of {request.url}")

    def check(self, page: Page) -> None:
        """Nothing has happened so far, and nothing of an attack is in the page."""
        elements = [found for frame in page.frames for found in frame.evaluate(FIND)]
        found = "\n".join([*self.found, *elements])
        assert not found, f"{page.url}\n{found}"
