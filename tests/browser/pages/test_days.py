"""Days and moments as the browser writes them, and as the server does: the same."""

from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation
from playwright.sync_api import Page, expect

from inbox.page.times import Clock
from tests.browser.bell import Bell, until
from tests.browser.conftest import Browse, newcomer
from tests.browser.pages.inbox_page import InboxPage
from tests.moments import CASES, LANGUAGES, OFFERS
from tests.servers import Site

# A module for each zone: its formatters keep the zone that they were made in.
TIMES = """async ([zone, cases]) => {
  const { dayName, shortTime } = await import(`/static/inbox/shared/times.js?${zone}`);
  const date = (text) => new Date(text);
  return cases.map(({ now, moment }) => [dayName(date(moment), date(now)), shortTime(date(moment), "en", date(now))]);
}"""
MOMENTS = """async ([offers]) => {
  const { moments } = await import("/static/inbox/shared/rows/snooze.js");
  const text = (date) => date && date.toISOString().replace(".000", "");
  const named = (moments) => Object.fromEntries(Object.entries(moments).map(([name, date]) => [name, text(date)]));
  return offers.map(({ now }) => named(moments(new Date(now))));
}"""
TEXTS = """async ([languages, dates, now]) => {
  const { momentElement, shortTime, timeElement } = await import("/static/inbox/shared/times.js?texts");
  return languages.flatMap((language) => dates.map((date) => [
    shortTime(new Date(date), language, new Date(now)), momentElement(new Date(date), language).textContent,
    timeElement(date, language).title]));
}"""


@pytest.fixture
def page(browse: Browse, site: Site, person: str) -> Page:
    page = browse(site, person).new_page()
    page.goto("/inbox/")
    return page


def in_zone(page: Page, zone: str, script: str, arguments: list[Any]) -> Any:
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setTimezoneOverride", {"timezoneId": zone})
    found = page.evaluate(script, arguments)
    session.detach()
    return found


def by_zone(cases: list[Any]) -> Iterator[tuple[str, list[Any]]]:
    for zone in dict.fromkeys(each.zone for each in cases):
        yield zone, [each for each in cases if each.zone == zone]


def test_headings_and_times(page: Page) -> None:
    for zone, cases in by_zone(CASES):
        found = in_zone(page, zone, TIMES, [zone, [asdict(each) for each in cases]])
        assert found == [[case.heading, case.text] for case in cases], zone


def test_moments_on_offer(page: Page) -> None:
    for zone, offers in by_zone(OFFERS):
        found = in_zone(page, zone, MOMENTS, [[asdict(each) for each in offers]])
        assert found == [{name: getattr(each, name) for name in ("later", "tomorrow", "week")} for each in offers], zone


def test_the_server_writes_the_same_texts(page: Page) -> None:
    """In each language, of each month, of both halves of a day: digits, marks and spaces too."""
    now = datetime(2026, 12, 31, 23, 59, tzinfo=UTC)
    dates = [
        datetime(year, month, 8, hour, 5, tzinfo=UTC)
        for year, hour in ((2025, 15), (2026, 0))
        for month in range(1, 13)
    ]
    dates += [datetime(2026, 12, 31, 12, 30, tzinfo=UTC), datetime(2026, 12, 31, 9, 7, tzinfo=UTC)]
    found = in_zone(page, "UTC", TEXTS, [LANGUAGES, [date.isoformat() for date in dates], now.isoformat()])
    expected = []
    for language in LANGUAGES:
        with translation.override(language):
            shown = [Clock(ZoneInfo("UTC"), now).shown(date) for date in dates]
        expected += [[each.text, each.moment, each.whole] for each in shown]
    assert [each for each in zip(found, expected, strict=True) if each[0] != each[1]] == []


MIDNIGHT = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
HOURS = {"of today": 9, "of yesterday": 33, "of the day before": 50}  # before this midnight


@pytest.fixture
def open_late(browse: Browse, site: Site) -> Callable[[], Page]:
    """The page of a person with items of three days, one minute before midnight in their zone."""
    who = newcomer(site)
    for title, hours in reversed(HOURS.items()):
        site.call("create", "system", who, title=title, created_at=(MIDNIGHT - timedelta(hours=hours)).isoformat())

    def open_page() -> Page:
        page = browse(site, who, timezone_id="UTC").new_page()
        page.clock.install(time=MIDNIGHT - timedelta(minutes=1))
        page.goto("/inbox/")
        InboxPage(page)
        expect(page.locator(".rd-day")).to_have_text(["Today", "Yesterday", "Last 7 days"])
        expect(page.locator(".rd-row .rd-time")).to_have_text(["3:00 PM", "Yesterday", written(50)])
        return page

    return open_page


def written(hours: int) -> str:
    return Clock(ZoneInfo("UTC"), MIDNIGHT).shown(MIDNIGHT - timedelta(hours=hours)).text


def shows_the_next_day(page: Page) -> None:
    expect(page.locator(".rd-day")).to_have_text(["Yesterday", "Last 7 days"])
    expect(page.locator(".rd-row .rd-time")).to_have_text(["Yesterday", written(33), written(50)])


def test_headings_and_times_move_at_midnight(open_late: Callable[[], Page]) -> None:
    """By themselves; the focus stays, and the bell says the same."""
    page = open_late()
    page.locator(".rd-title").first.focus()
    page.evaluate("window.title = document.activeElement")
    page.clock.fast_forward(61_000)
    shows_the_next_day(page)
    assert page.evaluate("document.activeElement === title && title.isConnected")
    rows = Bell(page).live().open().rows
    expect(rows.locator(".rd-time")).to_have_text(page.locator(".rd-inbox .rd-time").all_inner_texts())


def test_the_panel_too(open_late: Callable[[], Page]) -> None:
    page = open_late()
    rows = Bell(page).live().open().rows
    expect(rows.locator(".rd-time")).to_have_text(["3:00 PM", "Yesterday", written(50)])
    page.clock.fast_forward(61_000)
    expect(rows.locator(".rd-time")).to_have_text(["Yesterday", written(33), written(50)])


@pytest.mark.parametrize("event", ["visibilitychange", "pageshow"])
def test_a_computer_that_slept_over_midnight(open_late: Callable[[], Page], event: str) -> None:
    """No timer has run when its page is seen again."""
    page = open_late()
    page.clock.pause_at(MIDNIGHT - timedelta(seconds=20))
    page.clock.set_system_time(MIDNIGHT + timedelta(hours=8))
    page.evaluate("(name) => (name === 'pageshow' ? window : document).dispatchEvent(new Event(name))", event)
    shows_the_next_day(page)
    until(page, "document.cookie.includes('reddot-zone=UTC')")
