"""The forms of /inbox/ that are sent twice, or from a page whose threads are gone."""

from urllib.parse import quote

import pytest
from django.contrib.auth.models import User
from django.test import Client, override_settings
from django.urls import include, path, reverse
from django.utils import timezone

from inbox import selectors, services
from inbox.models import Broadcast, CommentMessage
from inbox.page.notices import COOKIE, MOST
from notify_site import urls

from .test_inbox_forms import INBOX, Sheet

pytestmark = pytest.mark.django_db

urlpatterns = [*urls.urlpatterns, path("收件 箱/", include("inbox.urls"))]  # the last one is what `reverse` finds


@pytest.fixture
def tea(alice: User) -> str:
    """A thread of two; returns the value of its buttons."""
    for excerpt in ("green", "black"):
        services.send([alice], CommentMessage, target_title="Tea", excerpt=excerpt, url="/posts/7/")
    [headline] = selectors.thread_page(alice.pk).threads
    return f"thread {headline.key}"


@pytest.mark.parametrize("act", ["read", "star", "archive", "delete"])
@pytest.mark.parametrize("query", ["", "?view=threads"])
def test_any_act_is_done_once(site: Client, tea: str, act: str, query: str) -> None:
    """On a message, on an announcement, and on a thread."""
    Broadcast.objects.create(title="News", state="live", published_at=timezone.now())
    for at in (0, 1):
        page = Sheet(site, INBOX + query)
        first, again = page.press(act, at), page.press(act, at)
        assert again.said == first.said
        undone = again.press("undo")
        assert (undone.said, set(undone.rows)) == ("Undone.", set(page.rows))


def test_a_snooze_of_a_thread_is_done_once(site: Client, alice: User, tea: str) -> None:
    """Sent again for another day it is another act, which finds the thread no more."""
    asked = Sheet(site, f"{INBOX}?view=threads").press("snooze")
    sent = {"items": tea, "key": asked.fields["key"], "until": "tomorrow"}
    site.post(asked.path, sent)
    page = Sheet(site, site.post(asked.path, sent)["Location"])
    assert page.said == "Snoozed."
    another = site.post(asked.path, {**sent, "until": "week"})
    assert Sheet(site, another["Location"]).said == "There is no such thread."
    assert len(page.press("undo").rows) == 1


@pytest.mark.parametrize("act", ["read", "star", "archive", "delete", "snooze"])
def test_a_thread_that_is_gone(site: Client, tea: str, act: str) -> None:
    page = Sheet(site, f"{INBOX}?view=threads")
    CommentMessage.objects.all().delete()
    assert page.press(act).said == "There is no such thread."


@pytest.mark.parametrize("act", ["read", "archive", "delete", "snooze"])
def test_no_key_is_not_every_thread(site: Client, alice: User, tea: str, act: str) -> None:
    before = selectors.snapshot(alice.pk)
    assert Sheet(site).send(act, "thread ").said == "There is no such thread."
    assert selectors.snapshot(alice.pk) == before


def test_the_notice_is_not_lost_to_a_head_request(site: Client, tea: str) -> None:
    address = site.post(INBOX, {**Sheet(site).fields, "archive": tea})["Location"]
    assert site.head(address).status_code == 200
    assert [Sheet(site, address).said for _look in range(2)] == ["Archived.", ""]


def test_each_tab_shows_its_own_notice(site: Client, tea: str) -> None:
    page, other = Sheet(site), Sheet(site)
    first = site.post(INBOX, {**page.fields, "star": tea})["Location"]
    second = site.post(INBOX, {**other.fields, "archive": tea})["Location"]
    assert Sheet(site).said == "", "a third one"
    assert Sheet(site, second).said == "Archived."
    shown = Sheet(site, first)
    assert shown.said == "Starred."
    assert shown.press("undo").said == "Undone."


def test_notices_that_nobody_reads_do_not_pile_up(site: Client, tea: str) -> None:
    for _each in range(12):
        last = site.post(INBOX, {**Sheet(site).fields, "star": tea})["Location"]
    left = [name for name, cookie in site.cookies.items() if name.startswith(f"{COOKIE}-") and cookie.value]
    assert len(left) <= MOST
    assert Sheet(site, last).said == "Starred."


@pytest.mark.parametrize("name", ["", "x", "ü" * 8, "a" * 9, "a;b=c;de", "\0" * 8])
def test_a_notice_that_nobody_has_left(site: Client, tea: str, name: str) -> None:
    site.cookies[COOKIE] = "x"
    assert Sheet(site, f"{INBOX}?said={quote(name)}").said == ""


@override_settings(ROOT_URLCONF=__name__)
def test_the_notice_reaches_a_page_with_any_path(site: Client, tea: str) -> None:
    """Headers are ASCII, and browsers compare the path of a cookie as it is encoded."""
    address = reverse("inbox")
    page = Sheet(site, address)
    answer = site.post(address, {**page.fields, "archive": tea})
    assert answer["Location"].startswith(f"{address}?said=")
    name = f"{COOKIE}-{answer['Location'][-8:]}"
    assert answer.cookies[name]["path"] == address == "/%E6%94%B6%E4%BB%B6%20%E7%AE%B1/inbox/"
    assert site.get(answer["Location"]).cookies[name]["path"] == address
