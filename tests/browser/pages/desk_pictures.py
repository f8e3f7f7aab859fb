"""Draw the pictures of the READMEs that show the desk of announcements, from a site with a story (desk_story.py):

.venv/bin/python -m tests.browser.pages.desk_pictures
"""

from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.bell import until
from tests.browser.pages.sheets import seeded
from tests.browser.pages.walk import AT_REST, sign_in
from tools.browser import chromium
from tools.processes import ROOT

FOLDER = ROOT / "docs" / "images"
LOOK: dict[str, Any] = {"viewport": {"width": 1280, "height": 860}, "device_scale_factor": 1.5}
LIST = "/admin/inbox/broadcast/"
TITLE, PREVIEW = ".field-title", "#inbox-shown"


def main() -> None:
    with seeded() as site, chromium() as browser:
        read = site.agent.call("tests.browser.pages.desk_story.tell")  # which may take minutes
        context = browser.new_context(base_url=site.url(""), timezone_id="Europe/Berlin", **LOOK)
        sign_in(context, site, "admin")
        page = context.new_page()
        page.goto(f"{LIST}{read}/change/")
        expect(page.locator(f"{PREVIEW} iframe")).to_be_visible()
        page.locator(PREVIEW).scroll_into_view_if_needed()
        picture(page, "desk-form")
        page.goto(f"{LIST}{read}/effect/")
        picture(page, "desk-effect")
        page.goto(LIST)
        picture(page, "desk-list")


def picture(page: Page, name: str) -> None:
    page.mouse.move(0, 0)
    until(page, AT_REST)
    path = FOLDER / f"{name}.png"
    page.screenshot(path=path)
    print(f"Written: {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
