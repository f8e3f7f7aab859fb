"""One change, one sentence: what the inbox page and the bell on it say to screen readers, counted."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from tests.browser.banners import Banners, announced
from tests.browser.bell import Bell
from tests.browser.conftest import Browse
from tests.browser.pages.conftest import Comment
from tests.browser.pages.inbox_page import InboxPage
from tests.browser.spoken import Spoken, listen, quiet
from tests.servers import Site, wait_for

Hear = Callable[..., tuple[InboxPage, Spoken]]


@pytest.fixture
def hear(browse: Browse, site: Site, person: str) -> Hear:
    """The inbox page, whose clock only `quiet` moves, and what it says."""

    def start(path: str = "/inbox/") -> tuple[InboxPage, Spoken]:
        page = listen(browse(site, person)).new_page()
        page.clock.install()
        page.goto(path)
        Bell(page).live()
        inbox = InboxPage(page)
        page.clock.pause_at(datetime.now(UTC) + timedelta(seconds=5))
        quiet(page)
        spoken = Spoken(page)
        spoken.forget()
        return inbox, spoken

    return start


def test_nothing_is_said_of_what_the_page_comes_with(hear: Hear, comment: Comment) -> None:
    comment("one")
    _page, spoken = hear()
    spoken.is_silent()


def comes_to_show(page: InboxPage, *titles: str) -> None:
    """Rows are shown in a frame, after those before have come to their places."""
    wait_for(lambda: page.page.clock.run_for(100) or page.rows.count() == len(titles))
    page.shows(*titles)


def test_an_act_and_its_undo_are_a_sentence_each(hear: Hear, comment: Comment) -> None:
    """Although the bell's number changes too."""
    comment("one")
    comment("two")
    page, spoken = hear()
    acts = {"Mark as read": "Marked as read.", "Star": "Starred.", "Archive": "Archived.", "Delete": "Deleted."}
    for label, said in acts.items():
        page.act("one", label)
        with page.page.expect_response("**/api/v1/inbox/undo/") as undone:
            page.page.keyboard.press("z")
        assert undone.value.ok
        wait_for(
            lambda: page.page.clock.run_for(100) or page.rows.count() == 2
        )  # rows come once those before have glided
        page.shows("two", "one")
        spoken.says(f"{said} Undo with Z.", "Undone.")
        spoken.forget()
    quiet(page.page)
    spoken.is_silent()


def test_no_key_is_named_that_does_nothing(hear: Hear, comment: Comment, site: Site, person: str) -> None:
    """The user has switched the letters off."""
    comment("one")
    comment("two")
    page, spoken = hear()
    page.act("one", "Star")
    spoken.says("Starred. Undo with Z.")
    with site.client(person) as client:
        client.patch("/api/v1/preferences/", json={"character_keys": False}).raise_for_status()
    page, spoken = hear()
    page.act("one", "Star")
    spoken.says("Star taken off.")


def test_an_act_in_the_panel_is_a_sentence(hear: Hear, comment: Comment) -> None:
    """The list of the page behind it changes too, without a word."""
    comment("one")
    page, spoken = hear()
    bell = Bell(page.page).open()
    expect(bell.rows).to_have_count(1)
    bell.act("one", "Archive")
    expect(page.rows).to_have_count(0)
    spoken.says("Archived.")
    quiet(page.page)
    assert spoken.sentences == ["Archived."]


def test_an_answer_may_come_after_the_push(hear: Hear, comment: Comment) -> None:
    """The bell's number has risen by what the user did here: "Marked as unread." says it already."""
    comment("one")
    page, spoken = hear()
    page.act("one", "Mark as read")
    page.counts("All", "")
    quiet(page.page)
    spoken.forget()
    held = []
    page.page.route(re.compile(r"/inbox/comment-\d+/"), lambda route: held.append((route, route.fetch())))
    page.act("one", "Mark as unread")
    Bell(page.page).shows("1")
    page.page.clock.run_for(2_000)  # longer than the bell waits for more, shorter than a write may take
    route, answer = held[0]
    with page.page.expect_request(re.compile(r"/inbox/\?(?!.*important)")):  # the list, once the page has the answer
        route.fulfill(response=answer)
    quiet(page.page)
    assert spoken.sentences == ["Marked as unread. Undo with Z."]


def test_mark_all_is_one_sentence(hear: Hear, comment: Comment) -> None:
    for text in ("one", "two", "three"):
        comment(text)
    page, spoken = hear()
    page.mark_all.click()
    page.counts("All", "")
    expect(page.unread).to_have_count(0)
    quiet(page.page)
    assert len(spoken.sentences) == 1
    assert "arked" in spoken.sentences[0]


def test_an_arrival_is_a_sentence_with_its_title(hear: Hear, comment: Comment) -> None:
    """Said by the bell; the list, which grows by the row, says nothing."""
    page, spoken = hear()
    comment("one")
    comes_to_show(page, "one")
    Bell(page.page).news()
    quiet(page.page)
    assert spoken.sentences == ["alice commented on “Tea”. 1 unread notification"]


def test_a_burst_is_one_sentence(hear: Hear, site: Site, person: str) -> None:
    page, spoken = hear()
    for number in range(50):
        site.call("send", "comment", [person], actor="alice", target_title="Tea", excerpt=f"number {number}")
    bell = Bell(page.page).shows("50").news()
    page.counts("All", "50")
    quiet(page.page)
    bell.shows("50")
    assert spoken.sentences == ["50 new notifications"]


def test_what_is_read_elsewhere_is_not_said(hear: Hear, site: Site, person: str, comment: Comment) -> None:
    comment("one")
    page, spoken = hear()
    with site.client(person) as client:
        ref = client.get("/api/v1/inbox/").json()["items"][0]["ref"]
        client.patch(f"/api/v1/inbox/{ref}/", json={"read": True}).raise_for_status()
    page.counts("All", "")
    quiet(page.page)
    spoken.is_silent()


def test_what_is_critical_is_said_once_and_at_once(hear: Hear, site: Site, person: str) -> None:
    page, spoken = hear()
    site.call("send", "system", [person], title="Disk full", level="critical")
    comes_to_show(page, "Disk full")
    Bell(page.page).news()
    spoken.says("Critical: Disk full")
    quiet(page.page)
    assert spoken.sentences == ["Critical: Disk full"]


def test_a_banner_is_one_sentence(hear: Hear, site: Site) -> None:
    """It is in the inbox too, and the number rises: neither says it again."""
    page, spoken = hear()
    with announced(site, "Maintenance tonight") as notice:
        Bell(page.page).shows("1")
        page.page.clock.run_for(3_000)  # pages do not all ask at once
        Banners(page.page).shows(notice)
        quiet(page.page)
        assert spoken.sentences == ["Maintenance tonight"]


def test_an_outage_and_its_end(hear: Hear, comment: Comment) -> None:
    comment("one")
    page, spoken = hear()
    page.page.context.set_offline(True)
    page.page.clock.run_for(3_000)  # a shorter one is not said
    expect(page.banner).to_be_visible()
    quiet(page.page)
    assert len(spoken.sentences) == 1, spoken.sentences
    assert "offline" in spoken.sentences[0]


def test_a_list_that_grows_is_not_read_out(hear: Hear, site: Site, person: str) -> None:
    for number in range(25):
        site.call("send", "comment", [person], target_title="Tea", excerpt=f"number {number:02}")
    page, spoken = hear()
    page.page.get_by_role("link", name="Load older").click()
    expect(page.rows).to_have_count(25)
    quiet(page.page)
    spoken.is_silent()


def test_a_filter_says_what_it_finds(hear: Hear, comment: Comment) -> None:
    comment("one")
    comment("two")
    page, spoken = hear()
    for view, sentence in (("Unread", "2 are shown."), ("Starred", "Nothing is starred"), ("Inbox", "2 are shown.")):
        page.view(view).click()
        spoken.says(sentence)
        spoken.forget()
    quiet(page.page)
    spoken.is_silent()
