"""The inbox page as a test drives it."""

import re

from playwright.sync_api import Locator, Page, expect


def named(label: str) -> re.Pattern[str]:
    """The name of a button of a row: it may go on with what the button acts on, "Archive: Alice commented on Tea"."""
    return re.compile(rf"^{re.escape(label)}(: .*)?$", re.DOTALL)


class InboxPage:
    """The inbox of a person in one tab."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.rows = page.locator(".rd-inbox .rd-row")
        self.pill = page.locator("[data-pill]")
        self.toast = page.locator("[data-toast]")
        self.banner = page.locator("[data-banner]")
        self.empty = page.locator("[data-empty]")
        self.mark_all = page.locator("[data-read-all]")
        self.unread = page.locator(".rd-inbox .rd-row.rd-unread")
        expect(page.locator("[data-late]")).to_have_count(0)  # its script has started
        expect(page.locator("[data-list]")).to_have_attribute("aria-busy", "false")

    def tab(self, name: str) -> Locator:
        return self.page.locator(".rd-types").get_by_role("link", name=name)

    def view(self, name: str) -> Locator:
        return self.page.locator(".rd-views").get_by_role("link", name=name)

    def counts(self, name: str, count: str) -> None:
        expect(self.tab(name).locator("[data-count]")).to_have_text(count)

    def row(self, text: str) -> Locator:
        return self.rows.filter(has_text=text)

    def act(self, text: str, label: str) -> None:
        self.row(text).hover()
        self.row(text).get_by_role("button", name=named(label)).click()

    def shows(self, *texts: str) -> None:
        """Exactly these rows, in this order."""
        expect(self.rows).to_have_count(len(texts))
        for row, text in zip(self.rows.all(), texts, strict=True):
            expect(row).to_contain_text(text)

    def leave_list(self) -> None:
        """Pointer and focus elsewhere: new rows may then come in at the top."""
        self.page.mouse.move(0, 0)
        self.page.evaluate("document.activeElement.blur()")

    def focused_row(self) -> str:
        text: str = self.page.evaluate("document.activeElement.closest('.rd-row')?.innerText ?? ''")
        return text
