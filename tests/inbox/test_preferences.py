"""The language and the time zone that a user has chosen: stored, read for many at once, found by language."""

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inbox import selectors, services
from inbox.errors import BadValue, NotFound
from inbox.models import ChosenLocale, has_chosen

from .people import people

pytestmark = [pytest.mark.urls("tests.inbox.urls"), pytest.mark.django_db]


@pytest.mark.anywhere
def test_each_is_stored_by_itself_and_the_last_choice_counts(user: int) -> None:
    assert selectors.chosen(user) == ("", "")
    services.set_language(user, "zh-Hans")
    services.set_time_zone(user, "Asia/Tokyo")
    services.set_language(user, "de-AT")  # a variant
    assert selectors.chosen(user) == ("de", "Asia/Tokyo")
    services.set_time_zone(user, "")
    services.set_language(user, "")
    assert selectors.chosen(user) == ("", "")


@pytest.mark.parametrize("language", ["fr", "deutsch", "x" * 600, "\0"])
def test_an_unknown_language_is_refused(user: int, language: str) -> None:
    with pytest.raises(BadValue):
        services.set_preferences(user, muted=["like"], language=language)
    assert not ChosenLocale.objects.exists()
    assert selectors.muted(user) == []


@pytest.mark.parametrize("zone", ["Mars/Phobos", "../../etc/passwd", "x" * 600, "\0", "Europe"])
def test_an_unknown_time_zone_is_refused(user: int, zone: str) -> None:
    with pytest.raises(BadValue):
        services.set_time_zone(user, zone)
    assert not ChosenLocale.objects.exists()


def test_of_a_user_who_exists(user: int) -> None:
    with pytest.raises(NotFound):
        services.set_language(10**9, "de")
    services.set_language(user, "de")
    get_user_model().objects.get(pk=user).delete()
    assert not ChosenLocale.objects.exists()


def test_a_choice_changes_no_version(unharmed: int) -> None:
    services.set_preferences(unharmed, language="de", time_zone="Asia/Tokyo")


@pytest.mark.anywhere
def test_languages_of_many_users_take_one_statement(settings: Any) -> None:
    german, chinese, other, without = people(4)
    services.set_language(german, "de")
    services.set_language(chinese, "zh-hans")
    services.set_time_zone(other, "Asia/Tokyo")
    with CaptureQueriesContext(connection) as captured:
        found = selectors.chosen_languages([german, chinese, other, without])
    assert (found, len(captured)) == ({german: "de", chinese: "zh-hans"}, 1)
    assert list(get_user_model().objects.filter(has_chosen("de")).values_list("pk", flat=True)) == [german]
    settings.LANGUAGES = [("en", "English"), ("de", "German")]  # the site has dropped one
    assert selectors.chosen_languages([german, chinese]) == {german: "de"}
    assert selectors.chosen(chinese).language == ""
