"""/inbox/ without scripts: acts on the rows that are selected, and on all that match."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from inbox import selectors, services
from inbox.models import Broadcast, CommentMessage, SystemMessage
from inbox.page.acts import MOST_SELECTED
from inbox.page.bar import bar_of
from inbox.page.filters import VIEWS, Filter
from tests.demo.test_inbox_forms import INBOX, Sheet, marks

pytestmark = pytest.mark.django_db


@pytest.fixture
def refs(alice: User) -> list[str]:
    """Three system messages, the newest first."""
    for title in ("Milk", "Coffee", "Tea"):
        services.send([alice], SystemMessage, title=title)
    return [item.ref for item in selectors.inbox_page(alice.pk).items]


def order(page: Sheet, act: str, *refs: str, **more: str) -> Sheet:
    """The page after this act on what is selected on that one."""
    sent: dict[str, Any] = {**page.fields, "selected": act, "ref": refs, **more}
    return Sheet(page.site, page.site.post(page.path, sent)["Location"])


@pytest.mark.parametrize(
    ("act", "said", "after"),
    [
        ("read", "2 marked as read.", (True, False, False, False)),
        ("archive", "2 archived.", (True, True, False, False)),
        ("star", "2 starred.", (False, False, True, False)),
    ],
)
def test_an_act_on_two_and_its_undo(
    site: Client, alice: User, refs: list[str], act: str, said: str, after: tuple[bool, ...]
) -> None:
    page = order(Sheet(site), act, *refs[:2])
    assert page.said == said
    assert [marks(alice, ref) for ref in refs] == [after, after, (False,) * 4]
    assert page.press("undo").said == "Undone."
    assert [marks(alice, ref) for ref in refs] == [(False,) * 4] * 3


def test_one_is_counted_too(site: Client, refs: list[str]) -> None:
    assert order(Sheet(site), "delete", refs[0]).said == "1 deleted."


@pytest.mark.parametrize("view", ["", *VIEWS])
def test_every_act_of_every_view_is_one_that_can_be_done(site: Client, alice: User, refs: list[str], view: str) -> None:
    services.star(alice, refs[:2])
    services.archive(alice, refs[:1])
    for act in bar_of(Filter(view=view)):
        page = order(Sheet(site, f"{INBOX}?view={view}"), act.name, refs[0])
        assert page.path.startswith("/inbox/snooze/") if act.name == "snooze" else page.said
        if act.name == "delete":
            assert page.said == "1 deleted."


def test_a_row_has_a_checkbox_with_its_name(site: Client, refs: list[str]) -> None:
    """And Enter on one of them presses the first button of the form, which sends nothing."""
    html = Sheet(site).html
    assert 'aria-label="Select: Tea"' in html
    first = re.search(r'<button[^>]*type="submit"[^>]*form="rd-form"[^>]*>', html)
    assert first
    assert 'formmethod="dialog"' in first[0]
    assert html.index(first[0]) < html.index('name="read-all"')


def test_all_that_match_are_those_of_the_page_s_version(site: Client, alice: User) -> None:
    for number in range(25):
        services.send([alice], SystemMessage, title=f"Tea {number}")
    services.send([alice], SystemMessage, title="Milk")
    page = Sheet(site, f"{INBOX}?q=tea")
    assert 'name="all"' in page.html
    services.send([alice], SystemMessage, title="Tea, later")
    page = order(page, "archive", all="1")
    assert page.said == "25 archived."
    assert [item.title for item in selectors.inbox_page(alice.pk).items] == ["Tea, later", "Milk"]
    page.press("undo")
    assert selectors.snapshot(alice.pk).unread == 27


def test_where_all_is_on_one_page_there_is_no_such_choice(site: Client, refs: list[str]) -> None:
    assert 'name="all"' not in Sheet(site).html


def test_a_thread_is_changed_whole(site: Client, alice: User, refs: list[str]) -> None:
    for text in ("green", "black", "white"):
        services.send([alice], CommentMessage, target_title="Tea", excerpt=text, url="/posts/7/")
    page = Sheet(site, f"{INBOX}?view=threads")
    [target] = re.findall(r'name="ref" value="(thread [^"]*)"', page.html)
    page = order(page, "archive", target, refs[0])
    assert page.said == "4 archived."
    assert page.rows == [key for key in page.rows if key != target]
    assert [item.title for item in selectors.inbox_page(alice.pk).items] == ["Coffee", "Milk"]
    page.press("undo")
    assert selectors.snapshot(alice.pk).unread == 6


def test_those_that_are_gone_are_left_out(site: Client, alice: User, refs: list[str]) -> None:
    page = Sheet(site)
    services.delete(alice, refs[:1])
    again = order(page, "archive", *refs[:2])
    assert again.said == "1 archived."
    assert [item.ref for item in selectors.inbox_page(alice.pk).items] == refs[2:]
    assert "no" in order(page, "star", refs[0]).said.lower()


def test_those_that_have_to_be_read_again_are_left_out_and_the_others_can_be_undone(
    site: Client, alice: User, refs: list[str]
) -> None:
    news = Broadcast.objects.create(title="News", state="live")
    page = Sheet(site)
    services.change_broadcast(news, {"title": "Other news"}, show_again=True)
    assert "has changed" in order(page, "archive", news.ref).said
    for gone in ([], refs[:1]):
        services.delete(alice, gone)
        again = order(page, "archive", news.ref, *refs)
        assert again.said == f"{3 - len(gone)} archived."
        assert [item.title for item in selectors.inbox_page(alice.pk).items] == ["Other news"]
        assert again.press("undo").said == "Undone."
        page = Sheet(site)
        services.change_broadcast(news, {"title": "Other news again"}, show_again=True)
        services.change_broadcast(news, {"title": "Other news"}, show_again=True)


@pytest.mark.parametrize("name", ["system-%d", "thread %d"])
def test_nobody_can_select_more_than_a_page_has(site: Client, refs: list[str], name: str) -> None:
    """In as many fields as one likes, or in one."""
    targets = [name % number for number in range(MOST_SELECTED + 1)]
    for sent in (targets, ["\t".join(targets)]):
        for act in ("read", "snooze"):
            with CaptureQueriesContext(connection) as captured:
                assert order(Sheet(site), act, *sent).said == "At most 100 refs at a time."
            assert len(captured) < MOST_SELECTED
    assert order(Sheet(site), "read", *["thread 1"] * 2 * MOST_SELECTED).said == "There was nothing to change."


def test_somebody_else_s(site: Client, alice: User, refs: list[str]) -> None:
    bob = User.objects.create_user("bob")
    services.send([bob], SystemMessage, title="Of Bob")
    [item] = selectors.inbox_page(bob.pk).items
    assert order(Sheet(site), "archive", item.ref, refs[0]).said == "1 archived."
    assert not selectors.item(bob.pk, item.ref).archived


def test_nothing_is_selected(site: Client, refs: list[str]) -> None:
    assert order(Sheet(site), "read").said == "Nothing is selected."
    asked = order(Sheet(site), "snooze")
    assert asked.said == "Nothing is selected."


def test_what_is_so_already(site: Client, alice: User, refs: list[str]) -> None:
    services.mark_read(alice, refs)
    page = order(Sheet(site), "read", *refs)
    assert page.said == "There was nothing to change."
    assert ("undo", "") not in page.buttons


def test_a_form_sent_twice_is_one_act(site: Client, alice: User, refs: list[str]) -> None:
    page = Sheet(site)
    order(page, "archive", *refs[:2])
    again = order(page, "archive", *refs[:2])
    assert again.said == "Archived."
    other = order(page, "archive", refs[2])  # another selection is another act
    assert other.said == "1 archived."
    again.press("undo")
    assert [item.ref for item in selectors.inbox_page(alice.pk).items] == refs[:2]


def test_an_undo_says_how_many_it_has_skipped(site: Client, alice: User, refs: list[str]) -> None:
    page = order(Sheet(site), "read", *refs)
    services.mark_unread(alice, refs[:1])
    assert page.press("undo").said == "Undone. 1 was changed since, and stays as it is."


@pytest.mark.parametrize("which", ["two", "all"])
def test_a_snooze_of_several(site: Client, alice: User, refs: list[str], which: str) -> None:
    chosen = {"all": "1"} if which == "all" else {}
    asked = order(Sheet(site, f"{INBOX}?type=system"), "snooze", *refs[:2], **chosen)
    assert ("2 notifications" if which == "two" else "All that match") in asked.html
    found = re.search(r'name="items" value="([^"]*)"', asked.html)
    assert found
    sent = {"items": found[1], "key": asked.fields["key"], "until": "tomorrow"}
    page = Sheet(site, site.post(asked.path, sent)["Location"])
    assert page.path == f"{INBOX}?type=system"
    assert page.said == ("2 snoozed." if which == "two" else "3 snoozed.")
    assert len(selectors.inbox_page(alice.pk, snoozed=True).items) == int(page.said[0])
    page.press("undo")
    assert selectors.inbox_page(alice.pk, snoozed=True).items == []


@pytest.mark.parametrize("act", ["drop", "undo", "press", "read-all", ""])
def test_what_is_no_act_on_a_selection_is_refused(site: Client, refs: list[str], act: str) -> None:
    sent = {**Sheet(site).fields, "selected": act, "ref": refs}
    assert site.post(INBOX, sent).status_code == 400
