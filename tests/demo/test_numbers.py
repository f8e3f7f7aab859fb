"""Numbers that machines read (ids in attributes, addresses and scripts) are the same in every locale."""

import re
from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User
from django.test import Client, override_settings

from inbox.models import Broadcast, BroadcastSeries, Mailbox, Send
from notify_site.demo.models import Comment, Post

ID = 1234567
PAGES = [
    "/", "/people/", f"/posts/{ID}/", "/people/alice/", "/inbox/", "/inbox/preferences/", "/inbox/snooze/",
    "/lab/",
    f"/admin/inbox/broadcast/{ID}/change/", "/admin/inbox/broadcast/", "/admin/inbox/servicetoken/add/",
    f"/admin/inbox/broadcastseries/{ID}/change/",
]  # fmt: skip
MADE_FOR_READING = re.compile(r"1[^\d<>\"]{1,8}234[^\d<>\"]{1,8}567")  # 1,234,567 · 1.234.567 · 1&#160;234…


def in_machine_places(html: str) -> list[str]:
    """Attributes and scripts that hold the id as people write it."""
    places = re.findall(r'[\w-]+="[^"]*"', html) + re.findall(r"<script.*?</script>", html, re.DOTALL)
    return [place for place in places if MADE_FOR_READING.search(place)]


@pytest.fixture
def site(client: Client) -> Client:
    alice = User.objects.create_superuser("alice", password="pw", pk=ID)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    post = Post.objects.create(pk=ID, author=alice, text="Tea", created_at=now)
    Comment.objects.create(pk=ID, author=alice, post=post, text="Yes", created_at=now)
    news = Broadcast.objects.create(pk=ID, title="Hello", author=alice)
    rule = {"rule": "FREQ=WEEKLY;BYDAY=MO", "starts_on": now.date(), "at": now.time(), "time_zone": "UTC"}
    BroadcastSeries.objects.create(pk=ID, template=news, author=alice, **rule)
    Send.objects.create(pk=ID, type="system", is_linked=True)
    Mailbox.objects.update_or_create(pk=ID, defaults={"version": ID})
    client.force_login(alice)
    return client


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["de", "fr", "en-gb"])
def test_no_id_is_written_for_people(site: Client, language: str) -> None:
    with override_settings(LANGUAGE_CODE=language, LANGUAGES=[(language, language)], USE_THOUSAND_SEPARATOR=True):
        found = {path: in_machine_places(site.get(path, follow=True).content.decode()) for path in PAGES}
        inbox = site.get("/inbox/").content.decode()
        recall = {"action": "recall", "_selected_action": [ID]}
        found["the question before a recall"] = in_machine_places(
            site.post("/admin/inbox/send/", recall).content.decode()
        )
    assert {path: places for path, places in found.items() if places} == {}
    assert f'data-user="{ID}"' in inbox
    assert f'name="version" value="{ID}"' in inbox
    assert f'<notification-bell user="{ID}"' in inbox


def test_the_pattern_finds_what_it_should() -> None:
    for text in ("1,234,567", "1.234.567", "1\u202f234\u202f567", "1&nbsp;234&nbsp;567"):
        assert in_machine_places(f'<p id="post-{text}">') == [f'id="post-{text}"']
