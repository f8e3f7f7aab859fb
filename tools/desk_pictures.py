"""Draw the pages of announcements in the admin, for the README: `make run` in one shell, this in another.

.venv/bin/python -m tools.desk_pictures http://127.0.0.1:8000

It writes announcements of its own and withdraws them at the end.
"""

import sys
from datetime import UTC, datetime, timedelta

from playwright.sync_api import Page

from tools.browser import chromium
from tools.picture import signed_in
from tools.processes import ROOT

FOLDER = ROOT / "docs" / "images"
WIDTH, HEIGHT = 1280, 860
LIST = "/admin/inbox/broadcast/"
WEEK = timedelta(days=7)
COMING = {"Reading club: the short story evening": WEEK, "New printer in the studio": 2 * WEEK}
TEXTS = {
    "Title:": "Maintenance on Tuesday night",
    "Text:": "From {{time 2026-12-01T02:00 Europe/Berlin}} to **four**, posts can be read but not written.",
    "Title (Deutsch):": "Wartung in der Nacht zum Dienstag",
    "Title (简体中文):": "周二夜间维护",
}


def main(address: str) -> None:
    with chromium() as browser:
        page = signed_in(browser, address, "admin", LIST, width=WIDTH, height=HEIGHT, scheme="light")
        for title, later in COMING.items():
            write(page, {"Title:": title}, datetime.now(UTC) + later)
        write(page, TEXTS)
        picture(page, "desk-form")
        page.get_by_role("link", name="Effect").click()
        picture(page, "desk-effect")
        page.goto(LIST)
        picture(page, "desk-list")
        for title in (TEXTS["Title:"], *COMING):
            page.goto(LIST)
            page.get_by_role("link", name=title, exact=True).first.click()
            decide(page, "Withdraw")


def write(page: Page, texts: dict[str, str], publish_at: datetime | None = None) -> None:
    page.goto(f"{LIST}add/")
    for label, text in texts.items():
        page.get_by_label(label, exact=True).fill(text)
    if publish_at is None:
        page.get_by_label("Level:").select_option("warning")
        page.get_by_label("As a banner on every page").check()
    else:
        page.locator("#id_publish_at_0").fill(f"{publish_at:%Y-%m-%d}")
        page.locator("#id_publish_at_1").fill("09:00:00")
    decide(page, "Publish")


def decide(page: Page, name: str) -> None:
    """The button of the form, and the one of the question that follows."""
    page.get_by_role("button", name=name, exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name=name, exact=True).click()
    page.get_by_text("announcement is").wait_for()


def picture(page: Page, name: str) -> None:
    page.mouse.move(0, 0)
    path = FOLDER / f"{name}.png"
    page.screenshot(path=path)
    print(f"Written: {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main(*sys.argv[1:] or ["http://127.0.0.1:8000"])
