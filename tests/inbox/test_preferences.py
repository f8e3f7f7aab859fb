"""What a user has chosen (locale, keys, density): stored, read for many at once, and which language counts."""

from itertools import product
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.http import HttpRequest
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from inbox import selectors, services
from inbox.errors import BadValue, NotFound
from inbox.models import ChosenLocale, has_chosen

from .people import people
from .rest import Caller, announcement, person, problem
from .services import service

pytestmark = [pytest.mark.urls("tests.inbox.urls"), pytest.mark.django_db]


@pytest.mark.anywhere
def test_each_is_stored_by_itself_and_the_last_choice_counts(user: int) -> None:
    assert selectors.chosen(user) == ("", "", True, "comfortable")
    services.set_language(user, "zh-Hans")
    services.set_time_zone(user, "Asia/Tokyo")
    services.set_language(user, "de-AT")  # a variant
    assert selectors.chosen(user) == ("de", "Asia/Tokyo", True, "comfortable")
    services.set_preferences(user, character_keys=False)
    services.set_preferences(user, density="compact")
    assert selectors.chosen(user) == ("de", "Asia/Tokyo", False, "compact")
    services.set_preferences(user, character_keys=True, density="comfortable")
    services.set_time_zone(user, "")
    services.set_language(user, "")
    assert selectors.chosen(user) == ("", "", True, "comfortable")


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
    services.set_preferences(unharmed, language="de", time_zone="Asia/Tokyo", character_keys=False, density="compact")


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


# Over the API


@pytest.fixture
def bob() -> Any:
    return person("bob")


def test_a_client_changes_what_it_sends(bob: Any) -> None:
    call = Caller(bob)
    nothing = {"muted": [], "language": "", "time_zone": "", "character_keys": True, "density": "comfortable"}
    assert call.get("preferences/").json() == nothing
    answer = call("PATCH", "preferences/", {"language": "zh-Hans", "time_zone": "Asia/Tokyo"})
    assert (answer.status_code, answer.json()) == (200, selectors.snapshot(bob).as_dict())
    assert call("PUT", "preferences/", {"muted": ["like"]}).status_code == 200
    chosen = {"language": "zh-hans", "time_zone": "Asia/Tokyo", "character_keys": True, "density": "comfortable"}
    assert call.get("preferences/").json() == {"muted": ["like"], **chosen}
    assert call("PATCH", "preferences/", {"language": "", "muted": []}).status_code == 200
    assert call("PATCH", "preferences/", {"character_keys": False, "density": "compact"}).status_code == 200
    assert call.get("preferences/").json() == nothing | {
        "time_zone": "Asia/Tokyo",
        "character_keys": False,
        "density": "compact",
    }


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({"language": "fr", "time_zone": "Mars/Phobos"}, ["/language", "/time_zone"]),
        ({"language": None}, ["/language"]),
        ({"time_zone": 1}, ["/time_zone"]),
        ({"character_keys": "no"}, ["/character_keys"]),
        ({"character_keys": None}, ["/character_keys"]),
        ({"density": "dense"}, ["/density"]),
        ({"density": None}, ["/density"]),
        ({"time_zone": "x" * 65}, ["/time_zone"]),
        ({"zone": "Asia/Tokyo"}, ["/zone"]),
        ({}, [""]),
    ],
)
def test_each_wrong_value_has_an_error(bob: Any, body: dict[str, Any], pointers: list[str]) -> None:
    document = problem(Caller(bob)("PATCH", "preferences/", body), 422)
    assert [error["pointer"] for error in document["errors"]] == pointers
    assert not ChosenLocale.objects.exists()


SOURCES = ("query", "cookie", "header", "stored")  # in the order in which they count
MANY = {"query": "de", "cookie": "es", "header": "it", "stored": "zh-hans"}


def test_the_first_that_names_a_language_of_the_site_decides(bob: Any, settings: Any) -> None:
    settings.LANGUAGES = [(code, code) for code in ("en", *MANY.values())]
    announcement(language="en", translations={code: {"title": code, "body": ""} for code in MANY.values()})
    for named in product(("", "qq", "yes"), repeat=len(SOURCES)):
        given = {name: MANY[name] if word == "yes" else word for name, word in zip(SOURCES, named, strict=True)}
        ChosenLocale.objects.update_or_create(pk=bob.pk, defaults={"language": given["stored"]})
        caller = Caller(bob)
        caller.client.cookies["django_language"] = given["cookie"]
        query = f"?language={given['query']}" if given["query"] else ""
        answer = caller("GET", f"inbox/{query}", headers={"Accept-Language": given["header"] or "*"})
        expected = next((MANY[name] for name in SOURCES if given[name] == MANY[name]), "en")
        [item] = answer.json()["items"]
        assert (answer["Content-Language"], item["lang"]) == (expected, expected), given


def in_german(get_response: Any) -> Any:
    def middleware(request: HttpRequest) -> Any:
        with translation.override("de"):
            return get_response(request)

    return middleware


def test_what_the_site_has_activated_counts_before_what_was_chosen(bob: Any, settings: Any) -> None:
    services.set_language(bob, "zh-hans")
    assert Caller(bob).get("inbox/")["Content-Language"] == "zh-hans"
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{__name__}.in_german"]
    assert Caller(bob).get("inbox/")["Content-Language"] == "de"


def test_a_service_gets_nobodys_language(bob: Any) -> None:
    desk = service()
    for user in get_user_model().objects.all():
        services.set_language(user, "de")
    assert desk.get(f"users/{bob.pk}/unread/")["Content-Language"] == "en"
    assert problem(desk.get("users/x/unread/"), 404)["detail"].isascii()


# Moments in texts

OPENING = "Opens {{time 2026-12-01T02:00 Europe/Berlin}}, “here”."
THERE, HERE = "Dec. 1, 2026, 2 a.m. (Europe/Berlin)", "Dec. 1, 2026, 10 a.m. (Asia/Tokyo)"


def test_moments_are_in_the_zone_that_the_reader_chose(bob: Any) -> None:
    services.set_time_zone(bob, "Asia/Tokyo")
    eve = person("eve")
    opening = announcement(body=OPENING, as_banner=True)
    for path in ("inbox/", f"inbox/{opening.ref}/", "inbox/announcements/"):
        mine, theirs = (Caller(user).get(path).json() for user in (bob, eve))
        mine, theirs = (found["items"][0] if "items" in found else found for found in (mine, theirs))
        assert [found["body"] for found in (mine, theirs)] == [f"Opens {when}, “here”." for when in (HERE, THERE)]
        assert f'datetime="2026-12-01T01:00Z" data-local="" title="{THERE}">{HERE}</time>' in mine["body_html"]
        assert f'datetime="2026-12-01T01:00Z">{THERE}</time>' in theirs["body_html"]
    toasts = selectors.newest({bob.pk: 0, eve.pk: 0}, opening.ref)
    assert [HERE in toasts[user.pk].body for user in (bob, eve)] == [True, False]


def test_the_zone_is_looked_up_only_for_moments(bob: Any) -> None:
    services.set_time_zone(bob, "Asia/Tokyo")

    def statements(body: str) -> list[str]:
        opening = announcement(body=body)
        with CaptureQueriesContext(connection) as captured:
            selectors.inbox_page(bob.pk)
            selectors.newest({bob.pk: 0}, opening.ref)
        return [query["sql"] for query in captured if "chosenlocale" in query["sql"]]

    assert (len(statements("At noon")), len(statements(OPENING))) == (0, 2)
