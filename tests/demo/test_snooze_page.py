"""/inbox/snooze/: snoozing without scripts, in a time zone that the page names."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.http import QueryDict
from django.test import Client
from django.utils import timezone

from inbox import selectors, services
from inbox.core.choice import Choice
from inbox.models import SystemMessage
from inbox.page.forms import SnoozeForm, moments

pytestmark = pytest.mark.django_db

ADDRESS = "/inbox/snooze/"
YEAR = timezone.now().year + 1


@pytest.fixture
def ref(alice: User) -> str:
    services.send([alice], SystemMessage, title="Tea")
    return selectors.inbox_page(alice.pk).items[0].ref


def ends(user: User) -> list[datetime | None]:
    return [item.snoozed_until for item in selectors.inbox_page(user.pk, choice=Choice(snoozed=True)).items]


def test_a_date_and_time_in_the_stored_zone(site: Client, alice: User, ref: str) -> None:
    services.set_preferences(alice, time_zone="Asia/Kabul")
    assert "Asia/Kabul" in site.get(ADDRESS).content.decode()
    sent = {"items": [ref], "until": "at", "at": f"{YEAR}-02-03T07:30"}
    page = site.post(ADDRESS, sent, follow=True).content.decode()
    assert ends(alice) == [datetime(YEAR, 2, 3, 3, tzinfo=UTC)]
    assert "7:30" in page
    site.post(ADDRESS, {"wake": ref})
    assert ends(alice) == []


def test_the_moments_on_offer(site: Client, alice: User, ref: str) -> None:
    assert site.post(ADDRESS, {"items": [ref], "until": "tomorrow"}).status_code == 302
    [end] = ends(alice)
    assert end is not None
    assert timedelta(0) < end - timezone.now() <= timedelta(hours=33)


@pytest.mark.parametrize("choice", ["later", "tomorrow", "week"])
def test_a_moment_is_the_one_that_the_page_named(choice: str) -> None:
    """Although it is another one by the time the form is sent."""
    opened = datetime(2026, 11, 29, 14, 10, tzinfo=ZoneInfo("Asia/Kabul"))  # a Sunday
    page = SnoozeForm(None, [("tea-1", "Tea")], opened)
    sent = QueryDict(f"items=tea-1&until={choice}&shown={page.shown}")
    form = SnoozeForm(sent, [("tea-1", "Tea")], opened + timedelta(hours=10))
    assert form.is_valid()
    assert form.end() == moments(opened)[choice]


@pytest.mark.parametrize("shown", ["", "x", "-1", "0", "9" * 10, "9" * 99, "\0", "٣" * 10])
def test_a_page_that_cannot_be_is_of_now(site: Client, alice: User, ref: str, shown: str) -> None:
    assert site.post(ADDRESS, {"items": [ref], "until": "tomorrow", "shown": shown}).status_code == 302
    [end] = ends(alice)
    assert end is not None
    assert end > timezone.now()


def test_a_page_names_its_moment(site: Client, ref: str) -> None:
    assert 'name="shown" value="1' in site.get(ADDRESS).content.decode()


def test_where_there_is_nothing_there_is_no_form(site: Client, alice: User) -> None:
    page = site.get(ADDRESS).content.decode()
    assert "Your inbox is empty" in page
    assert 'name="until"' not in page


WRONG = [
    {"until": "at", "at": "2020-01-01T00:00"},
    {"until": "at", "at": f"{YEAR + 9}-01-01T00:00"},
    {"until": "at", "at": ""},
    {"until": "at", "at": "tea"},
    {"until": "never"},
    {},
]


@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_what_is_wrong_changes_nothing(site: Client, alice: User, ref: str, wrong: dict[str, str]) -> None:
    assert "errorlist" in site.post(ADDRESS, {"items": [ref], **wrong}).content.decode()
    assert ends(alice) == []


def test_somebody_else_s_items(site: Client, ref: str) -> None:
    bob = User.objects.create_user("bob")
    services.send([bob], SystemMessage, title="Coffee")
    other = selectors.inbox_page(bob.pk).items[0].ref
    assert "errorlist" in site.post(ADDRESS, {"items": [other], "until": "week"}).content.decode()
    assert site.post(ADDRESS, {"wake": other}).status_code == 404
    assert ends(bob) == []


def test_it_is_for_members(client: Client) -> None:
    assert client.get(ADDRESS).headers["Location"] == f"/accounts/login/?next={ADDRESS}"


def test_later_today_is_today() -> None:
    """In the reader's zone; a week begins on Monday; 9 o'clock stays 9 o'clock when the clocks change."""
    zone = ZoneInfo("Europe/Berlin")
    saturday = datetime(2026, 3, 28, 10, 1, tzinfo=zone)  # the clocks change in the night
    found = {name: moment.isoformat() for name, moment in moments(saturday).items()}
    assert found == {
        "later": "2026-03-28T14:00:00+01:00",
        "tomorrow": "2026-03-29T09:00:00+02:00",
        "week": "2026-03-30T09:00:00+02:00",
    }
    assert [*moments(saturday.replace(hour=21))] == ["tomorrow", "week"]
    monday = datetime(2026, 11, 30, 8, tzinfo=zone)
    assert moments(monday)["week"].date().isoformat() == "2026-12-07"
    assert moments(monday)["later"].hour == 11
