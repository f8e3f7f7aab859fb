"""/inbox/ while what it shows is edited elsewhere: rows change in place, under the reader's focus and selection."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from tests.browser.bell import Bell
from tests.browser.pages.conftest import Comment, OpenInbox
from tests.conftest import StartSite
from tests.servers import Site, wait_for

Publish = Callable[..., int]
# The row's text is selected and its title has the focus; `same` finds out whether the nodes have stayed.
HOLD = """row => {
  window.held = [row, row.querySelector('[data-act=open]')];
  held[1].focus();
  getSelection().selectAllChildren(row.querySelector('.rd-body'));
  window.blurred = 0;
  held[1].addEventListener('blur', () => window.blurred += 1);
}"""
SAME = """row => [
  held[0] === row, held[1] === document.activeElement, blurred === 0, String(getSelection()).length > 0]"""


@pytest.fixture(scope="module")
def site(shared_site: StartSite) -> Site:
    """One of its own: a broadcast advances everybody's version, and other tests send small ones."""
    return shared_site(server=["uvicorn"])


@pytest.fixture
def publish(site: Site) -> Iterator[Publish]:
    """`publish(title, …)`: a live broadcast, withdrawn afterwards; its primary key."""
    made: list[int] = []

    def start(title: str, **columns: Any) -> int:
        made.append(site.call("broadcast", title, **columns))
        return made[-1]

    yield start
    for pk in made:
        site.call("withdraw", pk)


def test_every_column_of_a_live_broadcast(inbox: OpenInbox, site: Site, publish: Publish) -> None:
    pk = publish("Old title", body="Old *text*", level="info", url="/people/")
    page = inbox()
    row = page.rows.first
    expect(row).to_contain_text("Old text")
    row.evaluate(HOLD)
    site.call("edit", "inbox.Broadcast", pk, title="New title", level="critical", url="/people/alice/")
    expect(row).to_contain_text("Critical New title")
    assert row.evaluate(SAME) == [True] * 4
    expect(row.locator(".rd-kind")).to_have_class(re.compile("rd-critical"))
    expect(row.get_by_role("link")).to_have_attribute("href", site.url("/people/alice/"))
    site.call("edit", "inbox.Broadcast", pk, body="New **text**")
    expect(row.locator(".rd-body strong")).to_have_text("text")
    assert row.evaluate(SAME)[:3] == [True] * 3
    site.call("edit", "inbox.Broadcast", pk, url="")  # a link becomes a button, and keeps the focus
    expect(row.locator("button.rd-title")).to_be_focused()
    site.call("withdraw", pk)
    expect(page.rows).to_have_count(0)


def test_a_message_that_is_saved_again(inbox: OpenInbox, site: Site, person: str, comment: Comment) -> None:
    pk = site.call("create", "system", person, title="Old", body="old text", url="/people/")
    comment("newer")
    page = inbox()
    page.row("old text").evaluate(HOLD)
    site.call("edit", "inbox.SystemMessage", pk, title="New", level="warning")
    page.shows("newer", "Warning New")
    assert page.row("Warning New").evaluate(SAME) == [True] * 4


def test_an_actor_who_goes_becomes_someone(inbox: OpenInbox, site: Site, person: str) -> None:
    actor = f"a{person}"
    site.call("user", actor)
    site.call("send", "follow", [person], actor=actor)
    page = inbox()
    page.shows(actor)
    site.call("delete_user", actor)
    page.shows("Someone followed you")


def test_what_lies_below_the_first_page_changes_too(inbox: OpenInbox, site: Site, person: str) -> None:
    """Also when something new has pushed it further down meanwhile."""
    first = site.call("create", "system", person, title="The very first")
    for number in range(25):
        site.call("create", "system", person, title=f"number {number:02}")
    page = inbox()
    page.page.get_by_role("link", name="Load older").click()
    expect(page.rows).to_have_count(26)
    held: list[Route] = []
    page.page.route("**/api/v1/inbox/?*", lambda route: held.append(route), times=1)
    site.call("edit", "inbox.SystemMessage", first, title="The last")
    wait_for(lambda: page.page.evaluate("1") and held)
    site.call("create", "system", person, title="The newest")
    page.counts("All", "27")
    held[0].continue_()
    expect(page.rows.last).to_contain_text("The last")
    expect(page.pill).to_have_text("1 new")
    expect(page.rows).to_have_count(26)


def test_the_panel_shows_an_edit_in_place(inbox: OpenInbox, site: Site, publish: Publish) -> None:
    pk = publish("Old title", body="Old text")
    bell = Bell(inbox().page).open()
    bell.title("Old title").focus()
    site.call("edit", "inbox.Broadcast", pk, title="New title", body="New text", level="warning")
    expect(bell.row("Warning New title")).to_contain_text("New text")
    expect(bell.title("New title")).to_be_focused()
    site.call("withdraw", pk)
    expect(bell.rows).to_have_count(0)


def test_each_row_stands_under_the_heading_of_its_own_day(inbox: OpenInbox, site: Site, person: str) -> None:
    """Messages are listed by arrival: one may arrive after a younger one."""
    old = (datetime.now(UTC) - timedelta(days=90)).isoformat()
    for title, columns in {"one": {}, "two": {"created_at": old}, "three": {}, "four": {}}.items():
        site.call("send", "system", [person], title=title, **columns)
    page = inbox()
    page.shows("four", "three", "two", "one")
    lines = [line.split("\n")[0] for line in page.page.locator("[data-list] > li").all_inner_texts()]
    days = [line for line in lines if line in ("Today", "Older")]
    assert days == ["Today", "Older", "Today"]
    assert lines.index("Older") == 3


def test_what_is_shown_again_has_to_be_seen_before_it_is_archived(
    inbox: OpenInbox, site: Site, publish: Publish
) -> None:
    """The page has not read the new text yet when its reader acts on the old one."""
    pk = publish("At noon")
    page = inbox()
    page.act("At noon", "Mark as read")
    expect(page.row("At noon")).not_to_have_class(re.compile("rd-unread"))
    held: list[Route] = []
    hold = True
    page.page.route("**/api/v1/inbox/?*", lambda route: held.append(route) if hold else route.continue_())
    site.call("edit", "inbox.Broadcast", pk, title="At one", shows_again=True)
    page.counts("All", "1")
    page.act("At noon", "Archive")
    expect(page.toast).to_contain_text("This has changed")
    hold = False
    for route in held:
        route.continue_()
    expect(page.row("At one")).to_have_class(re.compile("rd-unread"))
    page.act("At one", "Archive")
    expect(page.row("At one")).to_have_count(0)


def test_what_the_reader_does_is_no_rewrite(inbox: OpenInbox, site: Site, person: str) -> None:
    """Marked as unread, a message has returned, as one that was rewritten. The next act, sent at once, is allowed."""
    service = {"Authorization": f"Bearer {site.call('token', f'shop of {person}')}"}
    with site.client() as client:
        text = {"type": "system", "recipients": [person], "title": "Old"}
        sent = client.post("/api/v1/messages/", json=text, headers=service).json()["send"]
        again = {"type": "system", "title": "New", "again": True}
        client.patch(f"/api/v1/sends/{sent}/", json=again, headers=service).raise_for_status()
    page = inbox()
    for label in ("Mark as read", "Mark as unread", "Mark as read", "Mark as unread"):
        page.act("New", label)
    with page.page.expect_response(lambda answer: answer.request.method == "PATCH") as answered:
        page.act("New", "Star")
    assert answered.value.status == 200
    expect(page.toast).to_contain_text("Starred.")
    held: list[Route] = []
    page.page.route("**/api/v1/inbox/*/", lambda route: held.append(route), times=1)
    with page.page.expect_request(lambda request: request.method == "PATCH"):
        page.act("New", "Mark as read")
    page.act("New", "Mark as unread")
    page.act("New", "Delete")  # waits for both, off the list
    with page.page.expect_response(lambda answer: answer.request.method == "DELETE") as answered:
        held[0].continue_()
    assert answered.value.status == 200
