"""Days and moments as the server writes them; test_days.py of the browser has the same cases."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone, translation

from inbox import services
from inbox.models import SystemMessage
from inbox.page.forms import moments
from inbox.page.times import COOKIE, Clock
from tests.moments import CASES, OFFERS, Case, Offer


@pytest.mark.parametrize("case", CASES, ids=str)
def test_headings_and_times(case: Case) -> None:
    clock, moment = Clock(ZoneInfo(case.zone), datetime.fromisoformat(case.now)), datetime.fromisoformat(case.moment)
    assert (clock.day(moment), clock.shown(moment).text) == (case.heading, case.text)


@pytest.mark.parametrize("offer", OFFERS, ids=str)
def test_moments_on_offer(offer: Offer) -> None:
    found = moments(datetime.fromisoformat(offer.now).astimezone(ZoneInfo(offer.zone)))
    expected = {"later": offer.later, "tomorrow": offer.tomorrow, "week": offer.week}
    instants = {name: f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" for name, moment in found.items()}
    assert instants == {name: moment for name, moment in expected.items() if moment}


def test_before_the_zone_is_known_days_have_dates(settings: Any) -> None:
    """Those of the site's zone, which is named where there is a time of day."""
    settings.TIME_ZONE = "Asia/Kathmandu"
    clock = Clock(None, datetime(2026, 11, 28, 18, 30, tzinfo=UTC))  # the 29th there
    days = {
        datetime(2026, 11, 28, 18, 20, tzinfo=UTC): ("Nov. 29, 2026", "Nov 29"),
        datetime(2026, 11, 28, 18, 10, tzinfo=UTC): ("Nov. 28, 2026", "Nov 28"),
        datetime(2026, 11, 27, 18, 10, tzinfo=UTC): ("Last 7 days", "Nov 27"),
        datetime(2026, 11, 22, 18, 10, tzinfo=UTC): ("Older", "Nov 22"),
        datetime(2026, 12, 24, tzinfo=UTC): ("Nov. 29, 2026", "Dec 24"),
    }
    assert {moment: (clock.day(moment), clock.shown(moment).text) for moment in days} == days
    assert clock.shown(datetime(2026, 11, 28, 18, 20, tzinfo=UTC)).whole.endswith("12:05 AM (Asia/Kathmandu)")


def test_other_languages_have_formats_of_their_own() -> None:
    clock = Clock(ZoneInfo("UTC"), datetime(2026, 11, 28, 14, 5, tzinfo=UTC))
    with translation.override("fr"):
        assert clock.shown(datetime(2026, 11, 28, 3, 5, tzinfo=UTC)).text == "03:05"
        assert clock.shown(datetime(2026, 11, 18, 3, 5, tzinfo=UTC)).text == "18 novembre"


@pytest.mark.django_db
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Etc/GMT+12"])
def test_the_page_has_the_days_of_the_zone_that_the_browser_has_told(site: Client, alice: User, zone: str) -> None:
    """A day and two hours apart. What this browser tells goes before what the user has chosen."""
    services.set_preferences(alice, time_zone="Africa/Cairo")
    services.send([alice], SystemMessage, title="Tea")
    site.cookies[COOKIE] = zone
    page = site.get("/inbox/").content.decode()
    local = timezone.now().astimezone(ZoneInfo(zone))
    assert "<h2>Today</h2>" in page
    assert f"{local:%B} {local.day}, {local.year} at" in page
