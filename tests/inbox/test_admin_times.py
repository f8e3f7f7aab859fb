"""Times in the admin's form and list: in the time zone of the browser, which is named beside them."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from inbox.models import Broadcast

from .rest import person
from .test_admin_broadcasts import FORM, LIST, page, signed_in

pytestmark = [pytest.mark.urls("tests.inbox.urls"), pytest.mark.django_db, pytest.mark.anywhere]
NINE = {"publish_at_0": "2030-07-01", "publish_at_1": "09:00"}
UTC_SEVEN = datetime(2030, 7, 1, 7, tzinfo=UTC)


@pytest.fixture
def admin() -> Client:
    client = signed_in(person("admin", is_staff=True, is_superuser=True))
    client.cookies["reddot_timezone"] = "Europe/Berlin"
    return client


def test_entered_and_shown_in_the_browser_s_zone(admin: Client) -> None:
    assert "Time zone: Europe/Berlin" in admin.get(f"{LIST}add/").content.decode()
    admin.post(f"{LIST}add/", FORM | NINE)
    made = Broadcast.objects.get()
    assert made.publish_at == UTC_SEVEN
    html = admin.get(page(made)).content.decode()
    assert 'value="09:00:00"' in html
    assert 'name="form_timezone" value="Europe/Berlin"' in html
    Broadcast.objects.update(expires_at=UTC_SEVEN)
    assert "July 1, 2030, 9 a.m. CEST" in admin.get(LIST).content.decode()
    assert "July 1, 2030, 9 a.m. CEST" in admin.get(page(made)).content.decode()  # in its history


def test_the_form_knows_the_zone_that_it_was_shown_in(admin: Client) -> None:
    admin.cookies["reddot_timezone"] = "Asia/Tokyo"  # the traveller opened another page meanwhile
    admin.post(f"{LIST}add/", FORM | NINE | {"form_timezone": "Europe/Berlin"})
    assert Broadcast.objects.get().publish_at == UTC_SEVEN


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "../../etc/passwd", "x" * 5000, "/etc/localtime"])
def test_what_is_no_zone_is_that_of_the_site(admin: Client, name: str) -> None:
    admin.cookies["reddot_timezone"] = name
    assert "Time zone: UTC" in admin.get(f"{LIST}add/").content.decode()


@pytest.mark.parametrize("moment", [("2030-03-31", "02:30"), ("2030-10-27", "02:30")], ids=["skipped", "twice"])
def test_an_hour_that_a_clock_change_skips_or_repeats_is_refused(admin: Client, moment: Any) -> None:
    times = dict(zip(("publish_at_0", "publish_at_1"), moment, strict=True))
    assert (
        "couldn’t be interpreted in time zone Europe/Berlin" in admin.post(f"{LIST}add/", FORM | times).content.decode()
    )
    assert not Broadcast.objects.exists()
