"""The forms of /inbox/ that are sent twice, or from a page whose threads are gone."""

import pytest
from django.contrib.auth.models import User
from django.test import Client, override_settings
from django.urls import include, path, reverse
from django.utils import timezone

from inbox import selectors, services
from inbox.models import Broadcast, CommentMessage
from inbox.page.notices import COOKIE
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
    site.post(INBOX, {**Sheet(site).fields, "archive": tea})
    assert site.head(INBOX).status_code == 200
    assert [Sheet(site).said for _look in range(2)] == ["Archived.", ""]


@override_settings(ROOT_URLCONF=__name__)
def test_the_notice_reaches_a_page_with_any_path(site: Client, tea: str) -> None:
    """Headers are ASCII, and browsers compare the path of a cookie as it is encoded."""
    address = reverse("inbox")
    page = Sheet(site, address)
    answer = site.post(address, {**page.fields, "archive": tea})
    assert answer.cookies[COOKIE]["path"] == address == "/%E6%94%B6%E4%BB%B6%20%E7%AE%B1/inbox/"
    assert site.get(address).cookies[COOKIE]["path"] == address
