"""Showing an announcement again, in Django's admin."""

from typing import Any

import pytest
from django.test import Client

from inbox import selectors, services
from inbox.models import Broadcast

from .people import people, unread
from .rest import announcement
from .test_admin_broadcasts import FORM, LIST, admin, page

pytestmark = [pytest.mark.urls("tests.inbox.urls"), pytest.mark.django_db, pytest.mark.anywhere]

__all__ = ["admin"]  # the fixture


@pytest.mark.parametrize("again", [False, True])
def test_an_edit_is_shown_again_if_ticked(admin: Client, again: bool) -> None:
    [user] = people(1)
    broadcast = announcement()
    services.mark_read(user, [broadcast.ref])
    tick: dict[str, Any] = {"show_again": "on"} if again else {}
    assert admin.post(page(broadcast), {**FORM, "title": "Moved", **tick}).status_code == 302
    assert Broadcast.objects.get().revision == 2
    assert unread(user) == ({broadcast.ref} if again else set())
    assert selectors.item(user, broadcast.ref).title == "Moved"
    text = admin.get(page(broadcast)).content.decode()
    assert ("shown again since revision" in text) is again  # in its history


def test_publishing_again_offers_the_same(admin: Client) -> None:
    [user] = people(1)
    broadcast = announcement()
    services.mark_read(user, [broadcast.ref])
    for tick, seen in (({}, set()), ({"show_again": "on"}, {broadcast.ref})):
        services.withdraw(broadcast)
        admin.post(page(broadcast), {**FORM, "_publish": "", **tick})
        assert Broadcast.objects.get().state == "live"
        assert unread(user) == seen


def test_what_was_never_published_can_not_be_shown_again(admin: Client) -> None:
    draft = Broadcast.objects.create(title="Draft")
    for address in (f"{LIST}add/", page(draft)):
        assert "show_again" not in admin.get(address).content.decode()
    admin.post(page(draft), {**FORM, "show_again": "on", "_publish": ""})
    assert Broadcast.objects.values_list("state", "revision", "again").get() == ("live", 1, 1)


def test_the_number_of_readers_is_that_of_the_list_behind_it(admin: Client) -> None:
    first, second = people(2)
    broadcast = announcement()
    services.mark_read(first, [broadcast.ref])
    services.change_broadcast(broadcast, {"title": "Moved"}, show_again=True)
    services.mark_read(second, [broadcast.ref])
    listed = admin.get(LIST).context["cl"].result_list[0]
    assert listed.readers == 1
    link = admin.get(LIST).content.decode().split('field-readers"><a href="')[1].split('"')[0].replace("&amp;", "&")
    receipts = admin.get(link).context["cl"].result_list
    assert [receipt.recipient_id for receipt in receipts] == [second]
