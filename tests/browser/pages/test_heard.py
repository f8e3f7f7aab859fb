"""What a screen reader gets of the inbox page and of the preferences, in the order in which it is read."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.banners import Banners, announced
from tests.browser.bell import Bell
from tests.browser.conftest import Browse
from tests.browser.heard import heard
from tests.browser.pages.conftest import Comment, OpenInbox
from tests.browser.pages.inbox_page import InboxPage
from tests.servers import Site
from tests.wordings import BEFORE, NAMES, NEW, STOPS


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


WORDING = """async ([language, before, stops, names]) => {
  const { fullStop, nameOf, saidBefore } = await import("/static/inbox/shared/rows/wording.js");
  const item = (values) => ({ ...values, thread: values.items ? "key" : undefined });
  return [before.map((values) => saidBefore(item(values))), stops.map((title) => fullStop(title, language)),
          names.map(([act, title]) => nameOf(act, title, language))];
}"""


@pytest.mark.parametrize("language", ["en", "de", "zh-hans", "ar"])
def test_the_words_are_those_of_the_server(browse: Browse, site: Site, person: str, language: str) -> None:
    """Of Arabic only the punctuation: the page is in English."""
    page = browse(site, person, locale=language).new_page()
    page.goto("/people/")
    before = [NEW | differs for each, differs, _said in BEFORE if each == language]
    stops = [title for each, title, _stop in STOPS if each == language]
    names = [[act, title] for each, act, title, _name in NAMES if each == language]
    assert page.evaluate(WORDING, [language, before, stops, names]) == [
        [said for each, _differs, said in BEFORE if each == language],
        [stop for each, _title, stop in STOPS if each == language],
        [name for each, _act, _title, name in NAMES if each == language],
    ]


TIME = r"\d+:\d\d [AP]M"


def matches(found: list[str], expected: list[str]) -> None:
    """Line by line; TIME stands for any time of day."""
    pattern = [re.escape(line).replace("TIME", TIME) for line in expected]
    wrong = [(line, want) for line, want in zip(found, pattern, strict=False) if not re.fullmatch(want, line)]
    assert not wrong, f"{wrong[0]} in\n" + "\n".join(found)
    assert len(found) == len(expected), "\n".join(found)


def acts(title: str, *, starred: str = "not pressed", read: str = "Mark as read") -> list[str]:
    return [
        f'button "Star: {title}" {starred}',
        f'button "Snooze: {title}" hasPopup dialog',
        f'button "{read}: {title}"',
        f'button "Archive: {title}"',
        f'button "Delete: {title}"',
    ]


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize("scripted", [True, False], ids=["scripts", "no scripts"])
def test_rows(browse: Browse, site: Site, person: str, scripted: bool) -> None:
    """Each says in its name whether it is unread, what it is, and when; each button, of what. Without scripts it is
    the same, but nothing has a popup."""
    for actor in ("bob", "carol"):
        site.call("send", "comment", [person], actor=actor, target_title="Tea", excerpt="Yes", url="/people/")
    page = browse(site, person, java_script_enabled=scripted).new_page()
    page.context.add_cookies([{"name": "reddot-zone", "value": "UTC", "url": site.url()}])
    page.goto("/inbox/?view=threads")
    expect(page.locator(".rd-row")).to_have_count(2)
    if scripted:
        InboxPage(page)  # its script has started
    tea = "carol, bob and alice commented on “Tea”"
    found = lines(heard(page.locator("[data-list]")))
    popup = " hasPopup dialog"
    expected = [
        'list "Notifications"',
        "listitem 1 of 3",
        'heading 2 "Today"',
        "listitem 2 of 3",
        f'checkbox "Select: {tea}" not checked',
        f'link "Unread. Thread of 4, 4 unread: {tea}. TIME" collapsed',
        *acts(tea),
        "listitem 3 of 3",
        'checkbox "Select: Disk full" not checked',
        'button "Unread. Critical Disk full. TIME"',
        'text "Nothing is left."',
        *acts("Disk full"),
    ]
    if not scripted:
        expected = [line.removesuffix(popup).removesuffix(" collapsed") for line in expected]
    matches(found, expected)


@pytest.mark.usefixtures("told")
def test_the_state_of_a_row_is_in_its_name(inbox: OpenInbox) -> None:
    page = inbox()
    title = "alice commented on “Tea”"
    page.act("one", "Star")
    page.act("one", "Mark as read")
    expect(page.row("one").get_by_role("button", name="Mark as unread")).to_be_attached()
    found = lines(heard(page.row("one")))
    matches(
        found[2:],
        [f'link "Starred. {title}. TIME"', 'text "one"', *acts(title, starred="pressed", read="Mark as unread")],
    )


@pytest.mark.usefixtures("told")
def test_the_items_of_a_thread_and_the_important_ones(inbox: OpenInbox) -> None:
    page = inbox("/inbox/?view=threads")
    thread = page.row("commented")
    thread.locator("[data-act=open]").click()
    expect(thread.locator(".rd-part")).to_have_count(2)
    found = lines(heard(thread.locator(".rd-parts")))
    title = "alice commented on “Tea”"
    matches(
        found,
        ["list", "listitem 1 of 2", f'link "Unread. {title}. TIME two"',
         "listitem 2 of 2", f'link "Unread. {title}. TIME one"'],
    )  # fmt: skip
    important = lines(heard(inbox().page.locator("[data-important]")))
    matches(
        important,
        ['region "Important"', 'heading 2 "Important"', "list", "listitem 1 of 1",
         'button "Unread. Critical Disk full. TIME"'],
    )  # fmt: skip


@pytest.mark.usefixtures("told")
def test_the_panel(inbox: OpenInbox) -> None:
    """A dialog with a name; its rows say what those of the page say."""
    bell = Bell(inbox().page).shows("3").open()
    expect(bell.rows).to_have_count(2)
    found = lines(heard(bell.panel))
    title = "alice commented on “Tea”"
    assert found[0].startswith('dialog "Notifications"')
    assert 'button "All" pressed' in found
    assert 'button "Unread" not pressed' in found
    assert [line for line in found if line.startswith("heading")] == [
        'heading 2 "Notifications"',
        'heading 3 "Important"',
        'heading 3 "Others"',
    ]
    for line in acts(title):
        assert found.count(line) == 1, "\n".join(found)
    rows = [line for line in found if line.startswith(("link", "button")) and "Unread. " in line]
    matches(
        rows,
        ['button "Unread. Critical Disk full. TIME"', f'link "Unread. Thread of 2, 2 unread: {title}. TIME" collapsed'],
    )


def test_toasts_and_banners(inbox: OpenInbox, site: Site, comment: Comment) -> None:
    """Each button to close one names it."""
    page = inbox().page
    page.goto("/people/")
    comment("one")
    bell = Bell(page).shows("1").news().keep()
    expect(bell.toasts).to_have_count(1)
    title = "alice commented on “Tea”"
    matches(
        lines(heard(page.get_by_role("region", name="New notifications"))),
        ['region "New notifications"', "list", "listitem 1 of 1", f'link "{title} one"', f'button "Dismiss: {title}"'],
    )
    with announced(site, "Maintenance", level="warning", body="Tonight.") as notice:
        page.goto("/people/")
        Banners(page).shows(notice)
        matches(
            lines(heard(page.get_by_role("region", name="Announcements"))),
            ['region "Announcements"', "list", "listitem 1 of 1", 'text "Warning"', 'text "Maintenance"',
             'text "Tonight."', 'button "Close: Maintenance"'],
        )  # fmt: skip
