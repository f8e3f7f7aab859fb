"""Times in the admin: in the time zone that the user chose or that of the browser, which is named beside them."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.apps import apps
from django.contrib.admin import site
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from inbox import services
from inbox.models import Broadcast, Send, ServiceToken

from .lives import Life
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


# A chosen zone


@pytest.fixture
def tokyo(admin: Client) -> Client:
    """The browser's is Berlin."""
    services.set_time_zone(User.objects.get(username="admin"), "Asia/Tokyo")
    return admin


def test_the_chosen_zone_counts_before_the_browser_s(tokyo: Client) -> None:
    html = tokyo.get(f"{LIST}add/").content.decode()
    assert html.count("Time zone: Asia/Tokyo") == 2  # beside each of its two fields
    assert 'href="/inbox/preferences/#id_time_zone"' in html
    tokyo.post(f"{LIST}add/", FORM | NINE)
    assert Broadcast.objects.get().publish_at == datetime(2030, 7, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize("moment", [("2030-03-31", "02:30"), ("2030-10-27", "02:30")], ids=["skipped", "twice"])
def test_an_hour_that_the_chosen_zone_skips_or_repeats_is_refused(admin: Client, moment: Any) -> None:
    admin.cookies["reddot_timezone"] = "Asia/Tokyo"
    services.set_time_zone(User.objects.get(username="admin"), "Europe/Berlin")
    times = dict(zip(("publish_at_0", "publish_at_1"), moment, strict=True))
    assert "interpreted in time zone Europe/Berlin" in admin.post(f"{LIST}add/", FORM | times).content.decode()
    token = {"name": "shop", "owner": "1", "scopes": ["tickets"], "form_key": "x" * 32}
    times = dict(zip(("expires_at_0", "expires_at_1"), moment, strict=True))
    page = admin.post("/admin/inbox/servicetoken/add/", token | times).content.decode()
    assert "interpreted in time zone Europe/Berlin" in page
    assert [model.objects.count() for model in (Broadcast, ServiceToken)] == [0, 0]


TIME = re.compile(r"(?:\d (?:a|p)\.m\.|\b(?:noon|midnight)\b)(?P<zone> JST)?")
VALUES = re.compile(r'<table id="result_list">.*?</table>|class="readonly">.*?</div>', re.DOTALL)


def test_every_time_that_is_shown_has_its_zone(tokyo: Client, life: Life) -> None:
    Send.objects.create(type="follow", token=ServiceToken.objects.first(), recipients=1, message={})
    Broadcast.objects.filter(pk=life.news.pk).update(expires_at=UTC_SEVEN)
    configs = {apps.get_app_config("inbox"), apps.get_app_config("inbox_internals")}
    bare, shown = set(), set()
    for model in [model for model in site._registry if model._meta.app_config in configs]:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        rows = [reverse(f"{name}_change", args=[row.pk]) for row in model._base_manager.all()[:1]]
        for address in (reverse(f"{name}_changelist"), *rows):
            html = tokyo.get(address).content.decode()
            times = [time for values in VALUES.findall(html) for time in TIME.finditer(values)]
            shown |= {address for time in times}
            bare |= {address for time in times if not time["zone"]}
    assert bare == set()
    assert {LIST, "/admin/inbox/send/", "/admin/inbox_internals/commentmessage/"} <= shown
