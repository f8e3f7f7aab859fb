"""“Show it to me only”: an announcement that its author alone sees, on all open pages, before it is saved."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from inbox import selectors, services
from inbox.core.validators import MAX_BODY, MAX_TITLE
from inbox.models import TRIAL_LIFETIME, Broadcast, BroadcastTrial

from .listening import Heard
from .rest import Caller, person
from .test_admin_broadcasts import LIST, signed_in, staff

pytestmark = [pytest.mark.urls("tests.inbox.urls"), pytest.mark.django_db]

TRY = f"{LIST}preview/try/"
POSTED = {
    "title": "Not yet said",
    "body": "At **two**",
    "language": "en",
    "level": "warning",
    "in_inbox": "on",
    "as_banner": "on",
    "title_zh_hans": "尚未宣布",
}


def shown_to(user: Any, query: str = "") -> Any:
    return Caller(user).get(f"inbox/announcements/{query}").json().get("trial")


@pytest.fixture
def author() -> User:
    return person("author", is_staff=True, is_superuser=True)


@pytest.mark.django_db(transaction=True)
def test_it_is_shown_to_the_author_alone(author: User) -> None:
    """In each page's language, on whatever page asks; it counts nowhere."""
    colleague = person("colleague", is_staff=True, is_superuser=True)
    before = {user.pk: selectors.snapshot(user) for user in (author, colleague)}
    with Heard() as heard:
        assert signed_in(author).post(TRY, POSTED).status_code == 204
    assert (heard.users, heard.broadcasts) == ({author.pk}, [])
    trial = shown_to(author)
    assert (trial["title"], trial["kinds"], trial["level"]) == ("Not yet said", ["inbox", "banner"], "warning")
    assert "<strong>two</strong>" in trial["body_html"]
    assert shown_to(author, "?language=zh-hans")["title"] == "尚未宣布"
    assert (shown_to(colleague), Client().get("/api/v1/inbox/announcements/").status_code) == (None, 401)
    after = selectors.snapshot(author)
    assert (after.unread, after.by_type) == (before[author.pk].unread, {})
    assert trial["seq"] == after.version > before[author.pk].version
    assert selectors.snapshot(colleague) == before[colleague.pk]
    assert not Broadcast.objects.exists()
    assert Caller(author).get("inbox/").json()["items"] == []


def test_it_ends(author: User) -> None:
    """By itself; with another one; with its author."""
    services.try_out(author, {"title": "One"})
    later = timezone.now() + timedelta(seconds=2)
    with time_machine.travel(later, tick=False):
        services.try_out(author, {"title": "Two"})
        assert (shown_to(author)["title"], shown_to(author)["seconds"]) == ("Two", TRIAL_LIFETIME.seconds)
    with time_machine.travel(later + TRIAL_LIFETIME, tick=False):
        assert shown_to(author) is None
    with time_machine.travel(later + TRIAL_LIFETIME + timedelta(seconds=1)):
        assert services.purge() == {"previews of announcements": 1}
    services.try_out(author, {"title": "Three"})
    author.delete()
    assert not BroadcastTrial.objects.exists()


def test_who_may(author: User) -> None:
    assert staff("writer", "add_broadcast").post(TRY, POSTED).status_code == 204
    assert staff("editor", "view_broadcast", "change_broadcast").post(TRY, POSTED).status_code == 204
    assert staff("reader", "view_broadcast").post(TRY, POSTED).status_code == 403
    assert Client().post(TRY, POSTED).status_code == 302
    assert signed_in(author).get(TRY).status_code == 405
    assert BroadcastTrial.objects.count() == 2


def test_what_is_refused(author: User) -> None:
    client = signed_in(author)
    answer = client.post(TRY, POSTED | {"title": ""})
    assert (answer.status_code, answer.json()["detail"]) == (400, "title: This field cannot be blank.")
    assert client.post(TRY, POSTED | {"url": "javascript:alert(1)"}).status_code == 400
    assert client.post(TRY, POSTED | {"title": "x" * 5000, "body": "x" * 500_000}).status_code == 204
    row = BroadcastTrial.objects.get()
    assert (len(row.title), len(row.body)) == (MAX_TITLE, MAX_BODY)
    assert client.post(TRY, POSTED).json()["detail"] == "Wait a second before you show it again."
