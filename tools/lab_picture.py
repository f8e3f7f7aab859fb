"""Draw the lab after a burst of 1,000, for the README: `make run` in one shell, this in another. Carol gets the events.

.venv/bin/python -m tools.lab_picture http://127.0.0.1:8000
"""

import sys
from pathlib import Path

from playwright.sync_api import Page

from tools.browser import chromium
from tools.pictures import signed_in
from tools.processes import ROOT

PICTURE = ROOT / "docs" / "images" / "lab.png"
WIDTH, HEIGHT = 1120, 900
BELOW = 24  # pixels of paper under the cards
EVENTS = 3
CARDS_LIVE = "!document.querySelector('[data-transport]:not([data-state=live], [data-state=unavailable])')"
PATIENCE = 120_000  # milliseconds: a burst, then up to 25 s until short polling asks


def main(address: str) -> None:
    with chromium() as browser:
        page = signed_in(browser, address, "carol", "/lab/", viewport={"width": WIDTH, "height": HEIGHT})
        page.set_default_timeout(PATIENCE)
        experiment(page)
        page.mouse.move(0, 0)
        PICTURE.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=PICTURE, full_page=True, clip={"x": 0, "y": 0, "width": WIDTH, "height": bottom(page)})
    print(f"Written: {PICTURE.relative_to(Path.cwd())}")


def experiment(page: Page) -> None:
    """Some events, a disconnection, the burst; then all cards agree."""
    page.wait_for_function(CARDS_LIVE)
    for _ in range(EVENTS):
        page.locator("[data-act=event]").click()
        page.locator("[data-status]").get_by_text("One event").wait_for()
        page.locator("[data-agreement]").get_by_text("same, newest state").wait_for()
    page.locator("[data-act=disconnect]").click()
    page.locator("[data-transport=websocket][data-state=waiting]").wait_for()
    page.wait_for_function(CARDS_LIVE)
    page.locator("[data-act=burst]").click()
    page.locator("[data-status]").get_by_text("1,000 commits in").wait_for()
    page.locator("[data-agreement]").get_by_text("same, newest state").wait_for()


def bottom(page: Page) -> float:
    """Where the cards end."""
    box = page.locator(".cards").bounding_box()
    return box["y"] + box["height"] + BELOW if box else HEIGHT


if __name__ == "__main__":
    main(*sys.argv[1:] or ["http://127.0.0.1:8000"])
