"""What a screen reader gets of the inbox page and of the preferences, in the order in which it is read."""

import pytest
from playwright.sync_api import expect

from tests.browser.heard import heard
from tests.browser.pages.conftest import Comment, OpenInbox
from tests.servers import Site


def lines(tree: str) -> list[str]:
    return [line.strip() for line in tree.splitlines()]


@pytest.fixture
def told(site: Site, person: str, comment: Comment) -> None:
    site.call("send", "system", [person], title="Disk full", body="Nothing is left.", level="critical")
    comment("one")
    comment("two")


@pytest.mark.usefixtures("told")
def test_the_frame_of_the_page(inbox: OpenInbox) -> None:
    """Landmarks have names, headings go down by one, and filters say which is chosen and how many are unread."""
    tree = lines(heard(inbox("/inbox/?view=unread").page))
    assert [line for line in tree if line.split()[0] in ("banner", "navigation", "main", "search", "region")] == [
        "banner",
        'navigation "Main"',
        "main",
        'navigation "Kinds of notifications"',
        "search",
        'navigation "Which notifications"',
        'region "Important"',
    ]
    assert [line for line in tree if line.startswith("heading")] == [
        'heading 1 "Inbox"',
        'heading 2 "Important"',
        'heading 2 "Today"',
    ]
    for line in ('link "All 3 unread" current', 'link "Comments 2 unread"', 'link "Likes"', 'link "Unread" current'):
        assert line in tree
    assert 'list "Notifications"' in tree
    assert 'searchbox "Search the inbox"' in tree


def test_an_empty_list_says_so(inbox: OpenInbox) -> None:
    tree = lines(heard(inbox().page.get_by_role("main")))
    assert 'heading 2 "Your inbox is empty"' in tree
    assert 'text "Whatever concerns you shows up here by itself."' in tree
    assert 'button "Mark all as read" disabled' in tree


@pytest.mark.usefixtures("told")
def test_until_when(inbox: OpenInbox) -> None:
    """The choices of the dialog with their moments, which the page behind it is hidden from."""
    page = inbox()
    page.row("one").get_by_role("link").focus()
    page.page.keyboard.press("b")
    dialog = page.page.get_by_role("dialog")
    expect(dialog.get_by_label("Date and time")).to_be_visible()
    tree = heard(page.page)
    assert "Which notifications" not in tree, "what is behind a modal dialog is not read"
    heads = [line.rsplit(" ", 3)[0] for line in lines(tree) if line.startswith('button "')]
    said = " ".join(lines(heard(dialog)))
    assert said.startswith('dialog "Snooze until"')
    for label in ("Tomorrow morning", "Next week"):
        assert any(line.startswith(f'button "{label} ') and ("AM" in line) for line in lines(tree)), heads
    assert "Time zone of this browser:" in said
    assert 'button "Cancel" button "Snooze"' in said


def test_the_preferences(inbox: OpenInbox, site: Site, person: str) -> None:
    page = inbox()
    page.page.get_by_role("link", name="Preferences").click()
    expect(page.page.get_by_role("heading", name="Notification preferences")).to_be_visible()
    tree = lines(heard(page.page.get_by_role("main")))
    assert tree[1].startswith("sectionheader") or 'heading 1 "Notification preferences"' in tree
    boxes = [line for line in tree if line.startswith("checkbox")]
    assert boxes, tree
    assert all('"' in line and line.endswith("checked") for line in boxes), boxes
    assert all('"' in line for line in tree if line.startswith(("combobox", "textbox"))), tree
    assert any(line.startswith("group ") and '"' in line for line in tree), tree
