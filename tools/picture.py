"""Draw the picture in the README from the running site: `make run` in one shell, this in another.

.venv/bin/python -m tools.picture http://127.0.0.1:8000
"""

import base64
import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from tools.browser import chromium
from tools.processes import ROOT

PICTURE = ROOT / "docs" / "images" / "red-dot.png"
PASSWORD = "reddot-demo"
# The first ones: those out of sight are not asked for.
FACES = """[...document.querySelector('notification-bell').shadowRoot.querySelectorAll('.rd-row img')]
    .slice(0, 4).every((image) => image.complete)"""
NO_GUTTER = "html { scrollbar-gutter: auto !important }"  # for a bar that pictures do not have
SHEET = """
<body style="margin:0;padding:40px;width:1388px;box-sizing:border-box;background:#e9e9e6;display:flex;gap:32px;
align-items:flex-end"><style>img{{border-radius:14px;box-shadow:0 12px 40px rgb(0 0 0/22%);display:block}}</style>
<img src="data:image/png;base64,{desktop}" height="700"><img src="data:image/png;base64,{phone}" height="640"></body>
"""


def main(address: str) -> None:
    with chromium() as browser:
        desktop = page_of(browser, address, "bob", "/", panel=True, width=1120, height=820, scheme="light")
        phone = page_of(browser, address, "alice", "/inbox/", panel=False, width=390, height=780, scheme="dark")
        sheet = browser.new_page(viewport={"width": 1388, "height": 780})
        sheet.set_content(SHEET.format(desktop=desktop, phone=phone))
        PICTURE.parent.mkdir(parents=True, exist_ok=True)
        sheet.locator("body").screenshot(path=PICTURE)
    print(f"Written: {PICTURE.relative_to(Path.cwd())}")


def page_of(
    browser: Browser, address: str, who: str, path: str, *, panel: bool, width: int, height: int, scheme: str
) -> str:
    """A screenshot, base64, of a page as `who` sees it."""
    page = signed_in(browser, address, who, path, width=width, height=height, scheme=scheme)
    if panel:
        page.locator("notification-bell .bell").click()
        page.wait_for_function(FACES)
    page.get_by_text("Red Dot is live").last.wait_for()
    return base64.b64encode(page.screenshot()).decode()


def signed_in(browser: Browser, address: str, who: str, path: str, *, width: int, height: int, scheme: str) -> Page:
    """A page in a browser of `who`, who has signed in by the form, as people do."""
    look: dict[str, Any] = {"viewport": {"width": width, "height": height}, "color_scheme": scheme}
    # wait_for_function evaluates text in the page, which the site's policy forbids.
    context = browser.new_context(base_url=address, device_scale_factor=1.5, bypass_csp=True, **look)
    page = context.new_page()
    page.goto(f"/accounts/login/?next={path}")
    page.get_by_label("Username").fill(who)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{path}")
    page.wait_for_function("document.querySelector('notification-bell')?.state === 'live'")
    page.add_style_tag(content=NO_GUTTER)
    return page


if __name__ == "__main__":
    main(*sys.argv[1:] or ["http://127.0.0.1:8000"])
