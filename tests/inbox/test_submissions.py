"""A form that creates something does so once, however often it is sent."""

import re
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from inbox import services
from inbox.models import Broadcast, BroadcastReceipt, ServiceToken, Submission

from .rest import announcement, person
from .test_admin_broadcasts import FORM, LIST, signed_in
from .test_admin_permissions import TOKENS

pytestmark = [pytest.mark.urls("tests.inbox.urls")]

SHOWN = r"\brd_[\w-]{43}"
TOKEN = {"name": "shop", "scopes": ["messages:read"], "expires_at_0": "", "expires_at_1": ""}


@pytest.fixture
def boss(db: None) -> Any:
    return person("boss", is_staff=True, is_superuser=True)


@pytest.fixture
def admin(boss: Any) -> Client:
    return signed_in(boss)


def key_of(client: Client, address: str) -> dict[str, str]:
    [key] = re.findall(r'name="form_key" value="([^"]+)"', client.get(address).content.decode())
    return {"form_key": key}


@pytest.mark.anywhere
class TestOneAfterTheOther:
    def test_every_form_shown_has_a_key_of_its_own(self, admin: Client) -> None:
        for address in (f"{LIST}add/", f"{TOKENS}add/"):
            assert key_of(admin, address) != key_of(admin, address)

    @pytest.mark.parametrize("button", ["_publish", "_save", "_continue", "_addanother"])
    def test_a_broadcast_is_saved_once(self, admin: Client, button: str) -> None:
        form = FORM | key_of(admin, f"{LIST}add/") | {button: "1"}
        admin.post(f"{LIST}add/", form)
        [saved] = Broadcast.objects.all()
        again = admin.post(f"{LIST}add/", form, follow=True)
        assert again.redirect_chain[-1][0] == f"{LIST}{saved.pk}/change/"
        assert "sent twice" in again.content.decode()
        assert [row.title for row in Broadcast.objects.all()] == ["Maintenance"]

    def test_what_was_edited_after_going_back_is_not_lost(self, admin: Client) -> None:
        form = FORM | key_of(admin, f"{LIST}add/")
        for title in ("Maintenance", "Maintenance on Tuesday", "Maintenance on Tuesday"):
            admin.post(f"{LIST}add/", form | {"title": title})
        assert [row.title for row in Broadcast.objects.order_by("pk")] == ["Maintenance", "Maintenance on Tuesday"]

    def test_a_token_is_made_once(self, admin: Client, boss: Any) -> None:
        form = TOKEN | {"owner": boss.pk} | key_of(admin, f"{TOKENS}add/")
        assert re.search(SHOWN, admin.post(f"{TOKENS}add/", form).content.decode())
        again = admin.post(f"{TOKENS}add/", form, follow=True)
        assert again.redirect_chain[-1][0] == f"{TOKENS}{ServiceToken.objects.get().pk}/change/"
        assert not re.search(SHOWN, again.content.decode())

    def test_what_was_refused_keeps_its_key_and_is_saved_when_mended(self, admin: Client) -> None:
        key = key_of(admin, f"{LIST}add/")
        refused = admin.post(f"{LIST}add/", FORM | key | {"title": ""})
        assert f'value="{key["form_key"]}"' in refused.content.decode()
        admin.post(f"{LIST}add/", FORM | key)
        assert Broadcast.objects.count() == 1

    @pytest.mark.parametrize("key", ["", "x", "\x00", "k" * 100, "00000000-0000-0000-0000-00000000000g"])
    def test_what_is_no_key_keeps_nobody_from_saving(self, admin: Client, key: str) -> None:
        for _ in range(2):
            admin.post(f"{LIST}add/", FORM | {"form_key": key})
        assert Broadcast.objects.count() == 2

    def test_keys_are_purged(self, admin: Client) -> None:
        admin.post(f"{LIST}add/", FORM | key_of(admin, f"{LIST}add/"))
        services.purge()
        assert Submission.objects.count() == 1
        Submission.objects.update(created_at=timezone.now() - timedelta(days=2))
        services.purge()
        assert not Submission.objects.exists()


def at_once(*calls: Callable[[], Any]) -> None:
    """In threads that start together."""
    start = threading.Barrier(len(calls))

    def run(call: Callable[[], Any]) -> None:
        start.wait()
        try:
            call()
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[call]) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.django_db(transaction=True)
def test_a_double_click_on_save_and_publish(bob: Any) -> None:
    boss = person("boss", is_staff=True, is_superuser=True)
    form = FORM | key_of(signed_in(boss), f"{LIST}add/") | {"_publish": "1"}
    answers: list[int] = []

    def click() -> None:
        answers.append(clients.pop().post(f"{LIST}add/", form).status_code)

    clients = [signed_in(boss) for _ in range(4)]
    at_once(*[click] * 4)
    assert answers == [302] * 4
    assert [row.state for row in Broadcast.objects.all()] == ["live"]


# Numbers and the lists they link to


@pytest.mark.anywhere
def test_every_number_of_the_admin_is_that_of_the_list_it_links_to(admin: Client) -> None:
    """Readers who have read, archived, dismissed, or marked it unread again."""
    people = [person(f"reader-{n}") for n in range(6)]
    first, second, third = (announcement(title=title) for title in ("one", "two", "three"))
    for row in (first, second):
        for user in people:
            services.mark_read(user, [row.ref])
    services.archive(people[0], [first.ref])
    services.delete(people[1], [first.ref])
    services.mark_unread(people[2], [first.ref])
    services.delete(people[3], [third.ref])  # dismissed without being read
    links = re.findall(r'<a href="([^"]*broadcastreceipt[^"]*)">(\d+)</a>', admin.get(LIST).content.decode())
    assert [int(number) for _address, number in links] == [0, 6, 5]
    for address, number in links:
        shown = admin.get(address.replace("&amp;", "&")).context["cl"].result_list
        assert len(shown) == int(number), address
    assert BroadcastReceipt.objects.filter(broadcast=first).count() == 6
