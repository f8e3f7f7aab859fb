"""The overview above the list of announcements."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inbox import selectors, services
from inbox.admin.timeline import MOST, timeline
from inbox.models import Broadcast, BroadcastChange, State

from .rest import announcement, person
from .test_admin_broadcasts import LIST, page, signed_in, staff

pytestmark = [pytest.mark.urls("tests.inbox.urls"), pytest.mark.django_db, pytest.mark.anywhere]

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)


def day(days: float) -> datetime:
    return NOW + timedelta(days=days)


def row(state: str, start: float | None = None, end: float | None = None, **columns: Any) -> Broadcast:
    """Published, or to be published, and to end at these days from now."""
    name = "publish_at" if state == State.SCHEDULED else "published_at"
    dates = {key: None if days is None else day(days) for key, days in ((name, start), ("expires_at", end))}
    return Broadcast.objects.create(**{"title": f"{state} {start} {end}", "state": state, **dates, **columns})


def shown() -> list[tuple[str, str, str]]:
    """State, position and width of each bar."""
    return [(bar.state, bar.x, bar.width) for bar in timeline("admin", NOW)["bars"]]


class TestWhatIsOnIt:
    def test_live_coming_and_past(self) -> None:
        row("live", -15)
        row("live", -60, 15)
        row("scheduled", 6, 12)
        row("expired", -30, -15)
        assert shown() == [
            ("live", "0.00%", "75.00%"),
            ("expired", "0.00%", "25.00%"),
            ("live", "25.00%", "75.00%"),
            ("scheduled", "60.00%", "10.00%"),
        ]

    def test_nothing_that_is_further_away(self) -> None:
        row("scheduled", 31)
        row("expired", -90, -31)
        row("draft")
        row("withdrawn")  # nobody has seen it
        row("expired", None, -1)
        assert timeline("admin", NOW)["bars"] == []

    def test_a_withdrawn_one_ends_when_it_was_withdrawn(self) -> None:
        broadcast = announcement()
        services.withdraw(broadcast)
        Broadcast.objects.update(title="Edited since")
        withdrawn = BroadcastChange.objects.filter(broadcast=broadcast, changed__has_key="state").first()
        assert withdrawn
        [span] = selectors.spans(timezone.now() - timedelta(days=1), timezone.now())
        assert (span.state, span.end) == (State.WITHDRAWN, withdrawn.at)
        assert selectors.spans(timezone.now() + timedelta(days=1), timezone.now()) == []

    def test_what_lasts_an_hour_can_be_seen(self) -> None:
        row("expired", -1, -1 + 1 / 24)
        row("scheduled", 29.99, 30)
        assert [width for _state, _x, width in shown()] == ["0.80%", "0.80%"]
        assert shown()[1][1] == "99.20%"

    def test_what_was_blocked_is_where_it_should_have_begun(self) -> None:
        row("blocked", publish_at=day(-3))
        row("blocked", publish_at=day(-31))
        for number in range(20):
            row("live", -number)
        [blocked] = [bar for bar in timeline("admin", NOW)["bars"] if bar.state == "blocked"]
        assert (blocked.x, blocked.width, blocked.label) == ("45.00%", "0.80%", "Blocked")
        assert "–" not in blocked.when

    def test_of_two_hundred_those_that_tell_most(self) -> None:
        for number in range(100):
            row("expired", -20 + number / 10, -19 + number / 10)
            row("live", -20 + number / 10)
        coming = [row("scheduled", 1), row("scheduled", 2)]
        found = timeline("admin", NOW)
        assert (len(found["bars"]), found["more"]) == (MOST, 202 - MOST)
        states = [bar.state for bar in found["bars"]]
        assert [states.count(state) for state in ("scheduled", "live", "expired")] == [len(coming), 5, 5]
        assert "live -10.1 None" in {bar.title for bar in found["bars"]}  # the newest


class TestThePage:
    @pytest.fixture
    def admin(self) -> Client:
        return signed_in(person("admin", is_staff=True, is_superuser=True))

    def test_each_bar_is_a_link_with_words(self, admin: Client) -> None:
        live = announcement(title="<b>Tea</b>")
        html = admin.get(LIST).content.decode()
        [link] = re.findall(rf'<a href="{page(live)}">\s*<span class="inbox-what">.*?</a>', html, re.DOTALL)
        assert '<span class="inbox-state inbox-live">Live</span> <bdi>&lt;b&gt;Tea&lt;/b&gt;</bdi>' in link
        assert "without an end" in link
        assert "style=" not in link  # policies forbid it

    def test_in_the_zone_of_its_reader(self, admin: Client) -> None:
        announcement(publish_at=None)
        Broadcast.objects.update(published_at=(evening := timezone.now().replace(hour=23, minute=5)))
        admin.cookies["reddot_timezone"] = "Asia/Tokyo"
        html = admin.get(LIST).content.decode()
        assert "Time zone: Asia/Tokyo" in html
        assert f"from {evening + timedelta(hours=9):%m/%d/%Y} 8:05 a.m." in html

    def test_when_there_is_nothing(self, admin: Client) -> None:
        html = admin.get(LIST).content.decode()
        assert "No announcement is live" in html
        assert "<rect" not in html

    def test_a_search_or_a_filter_shows_what_was_asked_for(self, admin: Client) -> None:
        announcement()
        for query in ({"q": "x"}, {"state__exact": "live"}, {"p": "1"}):
            assert "inbox-timeline" not in admin.get(LIST, query).content.decode()

    def test_for_whoever_may_look(self) -> None:
        announcement()
        assert "<rect" in staff("reader", "view_broadcast").get(LIST).content.decode()

    def test_it_asks_as_often_for_many(self, admin: Client, django_assert_num_queries: Any) -> None:
        announcement()
        with CaptureQueriesContext(connection) as few:
            admin.get(LIST)
        for _ in range(30):
            services.withdraw(announcement())
            announcement()
        with django_assert_num_queries(len(few)):
            html = admin.get(LIST).content.decode()
        assert html.count("<rect") == MOST
        assert "and 49 more, in the list below" in html
