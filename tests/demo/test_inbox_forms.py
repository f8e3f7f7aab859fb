"""/inbox/ without scripts: what it lists comes with the page, and its buttons are forms."""

import json
import re
from datetime import UTC, datetime, timedelta
from html import unescape
from html.parser import HTMLParser
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inbox import selectors, services
from inbox.models import Broadcast, CommentMessage, SystemMessage
from inbox.page.times import COOKIE
from inbox.page.views import follow
from tests.inbox.test_reads_only_read import nothing_can_be_written

pytestmark = pytest.mark.django_db

INBOX = "/inbox/"
YEAR = timezone.now().year + 1


class Sheet(HTMLParser):
    """A page as a reader without scripts has it: its rows, its texts and its buttons."""

    def __init__(self, site: Client, path: str = INBOX, **headers: Any) -> None:
        super().__init__()
        self.site, self.path, self.fields = site, without_notice(path), dict[str, str]()
        self.rows: list[str] = []
        self.buttons: list[tuple[str, str]] = []
        self.response = site.get(path, follow=True, **headers)
        self.html = self.response.content.decode()
        self.feed(self.html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "input" and given.get("type") == "hidden" and given["name"] in ("key", "version"):
            self.fields[given["name"]] = given["value"]
        if tag == "button" and "name" in given and "hidden" not in given:
            self.buttons.append((given["name"], given.get("value", "")))
        if "data-ref" in given:
            self.rows.append(given["data-ref"])

    def press(self, name: str, at: int = 0) -> "Sheet":
        """The button with this name, of several that one; returns the page that follows."""
        return self.send(name, [value for each, value in self.buttons if each == name][at])

    def send(self, name: str, value: str) -> "Sheet":
        answer = self.site.post(self.path, {**self.fields, name: value})
        assert answer.status_code == 302
        return Sheet(self.site, answer["Location"])

    @property
    def said(self) -> str:
        """The notice; "" if there is none."""
        found = re.search(r"data-toast><span>(.*?)</span>", self.html)
        return found[1] if found else ""

    @property
    def lead(self) -> tuple[str, str]:
        """The link out of an empty list: its text, and where it leads. The text is "" if it is hidden."""
        found = re.search(r'<a class="rd-button" href="([^"]*)" data-lead( hidden)?>(.*?)</a>', self.html)
        assert found
        assert bool(found[2]) is not bool(found[3])
        return found[3], unescape(found[1])

    @property
    def brought(self) -> dict[str, Any]:
        found = re.search(r'<script id="rd-page" type="application/json">(.*?)</script>', self.html)
        assert found
        data: dict[str, Any] = json.loads(found[1])
        return data


def without_notice(address: str) -> str:
    """The address without the name of its notice."""
    return re.sub(r"[?&]said=[\w-]{8}$", "", address)


@pytest.fixture
def refs(alice: User) -> list[str]:
    """Two system messages, the newest first."""
    for title in ("Coffee", "Tea"):
        services.send([alice], SystemMessage, title=title)
    return [item.ref for item in selectors.inbox_page(alice.pk).items]


def marks(user: User, ref: str) -> tuple[bool, bool, bool, bool]:
    item = selectors.item(user.pk, ref)
    return item.read, item.archived, item.starred, item.snoozed_until is not None


ACTS = {
    "read": ("Marked as read.", (True, False, False, False)),
    "archive": ("Archived.", (True, True, False, False)),
    "star": ("Starred.", (False, False, True, False)),
}


@pytest.mark.parametrize("act", ACTS)
def test_an_act_and_its_undo(site: Client, alice: User, refs: list[str], act: str) -> None:
    said, after = ACTS[act]
    page = Sheet(site)
    assert page.rows == refs
    page = page.press(act)
    assert page.said == said
    assert marks(alice, refs[0]) == after
    assert Sheet(site).said == "", "it is said once"
    assert page.press("undo").said == "Undone."
    assert marks(alice, refs[0]) == (False, False, False, False)
    assert marks(alice, refs[1]) == (False, False, False, False)


@pytest.mark.parametrize(
    ("view", "first", "then", "said"),
    [
        ("", "read", "unread", "Marked as unread."),
        ("starred", "star", "unstar", "Star taken off."),
        ("archived", "archive", "unarchive", "Moved to the inbox."),
    ],
)
def test_an_act_is_taken_back_in_its_view(
    site: Client, alice: User, refs: list[str], view: str, first: str, then: str, said: str
) -> None:
    Sheet(site).press(first)
    page = Sheet(site, f"{INBOX}?view={view}").press(then)
    assert page.path == (f"{INBOX}?view={view}" if view else INBOX)
    assert page.said == said
    assert marks(alice, refs[0])[1:] == (False, False, False)


def test_delete(site: Client, alice: User, refs: list[str]) -> None:
    page = Sheet(site).press("delete")
    assert (page.said, page.rows) == ("Deleted.", refs[1:])
    assert page.press("undo").rows == refs


def test_snooze(site: Client, alice: User, refs: list[str]) -> None:
    """A page of its own asks until when, and leads back to the list it came from."""
    services.set_preferences(alice, time_zone="Asia/Kabul")
    asked = Sheet(site, f"{INBOX}?q=tea").press("snooze")
    assert asked.path.startswith("/inbox/snooze/?")
    assert "Tea" in asked.html
    assert "Coffee" not in asked.html
    sent = {"items": refs[0], "key": asked.fields["key"], "until": "at"}
    assert "Enter a date and a time." in site.post(asked.path, sent).content.decode()
    assert "A snooze ends in the future" in site.post(asked.path, {**sent, "at": "2020-01-01T00:00"}).content.decode()
    answer = site.post(asked.path, {**sent, "at": f"{YEAR}-02-03T07:30"})
    page = Sheet(site, answer["Location"])
    assert (page.path, page.said, page.rows) == (f"{INBOX}?q=tea", "Snoozed.", [])
    [snoozed] = selectors.inbox_page(alice.pk, snoozed=True).items
    assert snoozed.snoozed_until == datetime(YEAR, 2, 3, 3, tzinfo=UTC)
    listed = Sheet(site, f"{INBOX}?view=snoozed")
    assert "7:30" in listed.html
    assert listed.press("wake").said == "Back in the inbox."
    assert selectors.inbox_page(alice.pk, snoozed=True).items == []


def test_a_snooze_leads_nowhere_else(site: Client, refs: list[str]) -> None:
    address = f"/inbox/snooze/?of={refs[0]}&version=9&back=//evil.example/"
    assert 'href="//evil' not in site.get(address).content.decode()
    assert without_notice(site.post(address, {"items": refs[0], "until": "tomorrow"})["Location"]) == INBOX


def test_mark_all_reaches_what_the_page_showed(site: Client, alice: User, refs: list[str]) -> None:
    page = Sheet(site)
    services.send([alice], SystemMessage, title="Later")
    page = page.press("read-all")
    assert page.said == "2 marked as read."
    assert selectors.snapshot(alice.pk).unread == 1
    page.press("undo")
    assert selectors.snapshot(alice.pk).unread == 3


def test_mark_all_of_a_search(site: Client, alice: User, refs: list[str]) -> None:
    assert Sheet(site, f"{INBOX}?q=TEA").press("read-all").said == "1 marked as read."
    assert [marks(alice, ref)[0] for ref in refs] == [True, False]


def test_threads(site: Client, alice: User) -> None:
    for text in ("green leaf", "milk", "black leaf"):
        services.send([alice], CommentMessage, target_title="Tea", excerpt=text, url="/posts/7/")
    page = Sheet(site, f"{INBOX}?view=threads&q=leaf")
    [key] = page.rows
    assert "2 notifications · 2 unread" in page.html
    opened = Sheet(site, f"{INBOX}?q=leaf&thread={key}")
    assert f'href="{opened.path.replace("&", "&amp;")}"' in page.html
    assert len(opened.rows) == 2
    page = page.press("archive")
    assert (page.said, page.rows) == ("Archived.", [])
    assert [item.body for item in selectors.inbox_page(alice.pk).items] == ["milk"]
    page = page.press("undo")
    asked = page.press("snooze")
    assert "2 notifications" not in asked.html
    answer = site.post(asked.path, {"items": f"thread {key}", "until": "tomorrow"})
    assert Sheet(site, answer["Location"]).said == "Snoozed."
    assert len(selectors.inbox_page(alice.pk, snoozed=True).items) == 2


def test_a_form_sent_twice_is_one_act(site: Client, alice: User, refs: list[str]) -> None:
    """And another button of the same page, which the reader went back to, is another act."""
    page = Sheet(site)
    page.press("archive", 0)
    again = page.press("archive", 0)
    assert again.said == "Archived."
    page.press("archive", 1)
    again.press("undo")
    twice = again.press("undo")
    assert twice.said == "Undone."
    assert [marks(alice, ref)[1] for ref in refs] == [False, True]


def test_what_fails_is_said(site: Client, alice: User, refs: list[str]) -> None:
    page = Sheet(site)
    SystemMessage.objects.get(title="Tea").delete()
    failed = page.press("archive")
    assert "not in this inbox" in failed.said or "no " in failed.said.lower()
    assert failed.rows == refs[1:]


def test_somebody_else_s(site: Client, alice: User, refs: list[str]) -> None:
    bob = User.objects.create_user("bob")
    services.send([bob], SystemMessage, title="Of Bob")
    [item] = selectors.inbox_page(bob.pk).items
    page = Sheet(site)
    site.post(INBOX, {**page.fields, "delete": item.ref})
    assert selectors.item(bob.pk, item.ref).title == "Of Bob"


@pytest.mark.parametrize(
    "sent", [{}, {"drop": "x"}, {"read": "x"}, {"read": "x", "version": "-1"}, {"read": "x", "version": "9" * 99}]
)
def test_what_is_no_form_of_ours_is_refused(site: Client, alice: User, sent: dict[str, str]) -> None:
    assert site.post(INBOX, sent).status_code == 400


def test_without_a_csrf_token_nothing_is_done(alice: User, refs: list[str]) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice)
    assert strict.post(INBOX, {"archive": refs[0], "version": "9"}).status_code == 403
    assert marks(alice, refs[0])[1] is False


BUTTONS = [{"label": "Yes", "url": "/people/"}, {"label": "No", "url": "https://example.org/a?b=1&c='"}]


def test_a_button_of_an_item(site: Client, alice: User) -> None:
    """It notes the press, and leads on."""
    services.send([alice], SystemMessage, title="Asks", buttons=BUTTONS)
    page = Sheet(site)
    first, second = (value for name, value in page.buttons if name == "press")
    for wrong in (f"{first}9", first.replace(" 0", " -1"), "x", "system-999 0"):
        assert without_notice(site.post(INBOX, {**page.fields, "press": wrong})["Location"]) == INBOX
    assert site.post(INBOX, {**page.fields, "press": first})["Location"] == "/people/"
    [item] = selectors.inbox_page(alice.pk).items
    assert (item.read, item.pressed) == (True, 0)
    leaving = site.post(INBOX, {**page.fields, "press": second})
    html = unescape(leaving.content.decode())
    assert f'<meta http-equiv="refresh" content="0;url={BUTTONS[1]["url"]}">' in html
    assert f'<a class="rd-button" href="{BUTTONS[1]["url"]}">' in html
    assert "no-store" in leaving["Cache-Control"]
    [item] = selectors.inbox_page(alice.pk).items
    assert item.pressed == 1


def test_a_link_without_a_scheme_leads_to_another_site(site: Client, alice: User) -> None:
    request = RequestFactory().post(INBOX)
    request.user = alice
    for link, status in (("/people/", 302), ("http://testserver/x", 302), ("//evil.example/", 200)):
        assert follow(request, link).status_code == status


@pytest.mark.parametrize(
    ("query", "act", "unseen"),
    [
        ("", "star", 0),
        ("?view=unread", "read", 0),
        ("?view=threads", "archive", 0),
        ("", "read-all", 0),
        ("?q=tea", "star", 2),
        ("?type=system", "star", 2),
    ],
)
def test_who_acts_has_seen_the_page(
    site: Client, alice: User, refs: list[str], query: str, act: str, unseen: int
) -> None:
    """What the page listed is no longer unseen, unless a filter has left some of it out. What came later is."""
    page = Sheet(site, INBOX + query)
    assert selectors.snapshot(alice.pk).unseen == 2, "a GET writes nothing"
    page.send(act, "system-999")
    if act != "read-all":
        assert selectors.snapshot(alice.pk).unseen == 2, "it has failed"
    services.send([alice], SystemMessage, title="Later")
    page.press(act)
    assert selectors.snapshot(alice.pk).unseen == unseen + 1


def test_who_presses_a_button_has_seen_the_page(site: Client, alice: User) -> None:
    services.send([alice], SystemMessage, title="Unread")
    services.send([alice], SystemMessage, title="Asks", buttons=BUTTONS)
    page = Sheet(site)
    site.post(INBOX, {**page.fields, "press": next(value for name, value in page.buttons if name == "press")})
    snapshot = selectors.snapshot(alice.pk)
    assert (snapshot.unread, snapshot.unseen) == (1, 0)


def test_nothing_says_that_it_unfolds(site: Client, alice: User, refs: list[str]) -> None:
    """Without scripts nothing does: a thread and a snooze have pages of their own."""
    for query in ("", "?view=threads"):
        html = Sheet(site, INBOX + query).html
        rows = html[html.index("data-list") : html.index("data-skeleton")]
        assert "aria-pressed" in rows
        assert "aria-expanded" not in rows
        assert "aria-haspopup" not in rows


NOTHING = {
    # the query, what is said, the text of the link that leads on, and where it leads
    "": ("Your inbox is empty", "", ""),
    "?view=threads": ("Your inbox is empty", "", ""),
    "?view=unread": ("You’re all caught up", "Show the whole inbox", ""),
    "?view=starred": ("Nothing is starred", "Show the whole inbox", ""),
    "?view=snoozed": ("Nothing is snoozed", "Show the whole inbox", ""),
    "?view=archived": ("The archive is empty", "Show the whole inbox", ""),
    "?type=comment": ("Only “Comments” are shown.", "Show all kinds", ""),
    "?type=comment&view=starred": ("Only “Comments” are shown.", "Show all kinds", "?view=starred"),
    "?q=tea": ("Nothing here has all words of “tea”.", "Clear the search", ""),
    "?q=tea&type=like&view=unread": (
        "Nothing here has all words of “tea”.",
        "Clear the search",
        "?type=like&view=unread",
    ),
    "?thread=gone": ("Its notifications are archived, snoozed or gone.", "Show all threads", "?view=threads"),
}


@pytest.mark.parametrize("query", NOTHING)
def test_where_there_is_nothing_it_says_why_and_leads_on(site: Client, alice: User, query: str) -> None:
    text, link, query_of_link = NOTHING[query]
    page = Sheet(site, INBOX + query)
    assert text in page.html
    assert page.lead == (link, INBOX + query_of_link)


@pytest.mark.parametrize("query", ["", "type=system&"])
def test_a_page_beyond_the_end(site: Client, alice: User, query: str) -> None:
    for _each in range(21):
        services.send([alice], SystemMessage, title="Tea")
    beyond = f"{INBOX}?{query}before={Sheet(site).brought['next']}"
    SystemMessage.objects.all().delete()
    page = Sheet(site, beyond)
    assert "Nothing is left on this page." in page.html
    assert page.lead == ("Show the newest", f"{INBOX}?{query}".rstrip("&?"))


def test_where_there_is_something_nothing_leads_away(site: Client, alice: User, refs: list[str]) -> None:
    assert re.search(r"<div [^>]*data-empty hidden>.*data-lead hidden></a></div>", Sheet(site).html)


@pytest.mark.parametrize("query", ["?q=a+b+c+d+e+f+g+h+i", "?before=x", "?q=%00"])
def test_what_cannot_be_listed_is_said(site: Client, alice: User, query: str) -> None:
    page = Sheet(site, INBOX + query)
    assert page.response.status_code == 400
    assert "This list can’t be shown" in page.html


def test_older(site: Client, alice: User) -> None:
    for number in range(45):
        services.send([alice], SystemMessage, title=f"number {number:02}")
    pages = [Sheet(site, f"{INBOX}?type=system")]
    while found := re.search(r'<a class="rd-button" href="([^"]*)" data-more>', pages[-1].html):
        pages.append(Sheet(site, found[1].replace("&amp;", "&")))
    assert [len(page.rows) for page in pages] == [20, 20, 5]
    assert len({ref for page in pages for ref in page.rows}) == 45
    assert f'href="{INBOX}?type=system"' in pages[-1].html
    last = pages[-1].press("archive")
    assert last.path == pages[-1].path
    assert len(last.rows) == 4


@pytest.mark.django_db(transaction=True)
def test_a_get_writes_nothing(site: Client, alice: User, refs: list[str]) -> None:
    page = Sheet(site).press("read")
    with nothing_can_be_written():
        for query in ("", "?view=threads", "?q=tea"):
            assert Sheet(site, INBOX + query).response.status_code == 200
    assert page.said


def test_queries_do_not_grow_with_the_rows(site: Client, alice: User) -> None:
    bob = User.objects.create_user("bob")

    def send(number: int) -> None:
        for at in range(number):
            services.send([alice], CommentMessage, actor=bob, target_title="Tea", url=f"/posts/{at % 3}/")
            services.send([alice], SystemMessage, title="Disk full", level="critical")

    def count(query: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            Sheet(site, INBOX + query)
        return len(captured)

    send(1)
    few = [count(query) for query in ("", "?view=threads")]
    send(8)
    assert [count(query) for query in ("", "?view=threads")] <= [few[0], few[1] + 1]


def test_it_is_stored_by_nobody(site: Client, alice: User) -> None:
    response = site.get(INBOX)
    directives = {each.strip() for each in response["Cache-Control"].split(",")}
    assert {"no-store", "private"} <= directives
    assert {"Cookie", "Accept-Language"} <= {each.strip() for each in response["Vary"].split(",")}


def test_what_is_important_is_above(site: Client, alice: User, refs: list[str]) -> None:
    services.send([alice], SystemMessage, title="Disk full", level="critical")
    page = Sheet(site)
    assert 'aria-labelledby="rd-important">' in page.html
    assert [item["title"] for item in page.brought["important"]] == ["Disk full"]
    assert 'aria-labelledby="rd-important" hidden>' in Sheet(site, f"{INBOX}?q=disk").html


def test_times_are_in_the_reader_s_zone_once_it_is_known(site: Client, alice: User) -> None:
    """Dates before that; then the days have names."""
    services.send([alice], SystemMessage, title="Tea")
    assert "<h2>Today</h2>" not in Sheet(site).html
    services.set_preferences(alice, time_zone="Europe/Berlin")
    assert "<h2>Today</h2>" in Sheet(site).html
    site.cookies[COOKIE] = "Asia/Kabul"
    then = timezone.now().astimezone(UTC) + timedelta(hours=4, minutes=30)
    assert f"{then:%-M}" in Sheet(site).html
    site.cookies[COOKIE] = "Mars/Phobos"
    assert "<h2>Today</h2>" in Sheet(site).html


def test_the_script_gets_what_the_api_says(site: Client, alice: User, refs: list[str]) -> None:
    Broadcast.objects.create(title="</script><b>", body="<!-- x", state="live")
    for query, path in (("", "inbox/"), ("?view=threads", "inbox/threads/"), ("?view=archived", "inbox/?archived=1")):
        brought, answered = Sheet(site, INBOX + query).brought, site.get(f"/api/v1/{path}").json()
        items = answered["items"] if "items" in answered else answered["threads"]
        assert brought["items"] == items
        assert brought["user"] == answered["user"]
        assert brought["snapshot"] == site.get("/api/v1/unread/").json()
