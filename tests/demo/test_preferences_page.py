"""/inbox/preferences/: a ticked type is counted, an unticked one is muted."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from inbox import selectors, services

pytestmark = pytest.mark.django_db

ADDRESS = "/inbox/preferences/"


def test_what_is_unticked_is_muted(site: Client, alice: User) -> None:
    assert site.get(ADDRESS).content.decode().count(" checked>") == 6
    told = ["share", "follow", "comment", "mention", "system"]
    page = site.post(ADDRESS, {"told": told}, follow=True).content.decode()
    assert "Saved." in page
    assert page.count(" checked>") == 5
    assert selectors.muted(alice) == ["like"]


def test_nothing_ticked(site: Client, alice: User) -> None:
    assert site.post(ADDRESS, {}).status_code == 302
    assert len(selectors.muted(alice)) == 6


def test_an_unknown_type_changes_nothing(site: Client, alice: User) -> None:
    page = site.post(ADDRESS, {"told": ["parcels"]}).content.decode()
    assert "parcels is not one of the available choices" in page
    assert selectors.muted(alice) == []


def test_it_is_for_members(client: Client) -> None:
    assert client.get(ADDRESS).headers["Location"] == f"/accounts/login/?next={ADDRESS}"


def test_no_inline_script_or_style(site: Client) -> None:
    page = site.get(ADDRESS).content.decode()
    assert "<script>" not in page
    assert " style=" not in page


def test_a_language_and_a_time_zone(site: Client, alice: User) -> None:
    page = site.get(ADDRESS).content.decode()
    assert page.count(" selected>") == 2  # as the page, as the browser
    assert '<optgroup label="Europe">' in page
    site.post(ADDRESS, {"language": "de", "time_zone": "Asia/Tokyo"})
    assert selectors.chosen(alice) == ("de", "Asia/Tokyo")
    page = site.get(ADDRESS).content.decode()
    assert '<html lang="de"' in page  # the page, too, as with the site's own switch
    assert '<option value="Asia/Tokyo" selected>' in page
    site.post(ADDRESS, {"language": "", "time_zone": ""})
    assert selectors.chosen(alice) == ("", "")
    assert '<html lang="de"' in site.get(ADDRESS).content.decode()


@pytest.mark.parametrize("wrong", [{"language": "fr"}, {"time_zone": "Mars/Phobos"}])
def test_what_is_not_offered_changes_nothing(site: Client, alice: User, wrong: dict[str, str]) -> None:
    assert "is not one of the available choices" in site.post(ADDRESS, wrong).content.decode()
    assert (selectors.chosen(alice), selectors.muted(alice)) == (("", ""), [])


def test_a_zone_that_was_chosen_elsewhere_stays(site: Client, alice: User) -> None:
    services.set_time_zone(alice, "US/Pacific")
    assert '<option value="US/Pacific" selected>' in site.get(ADDRESS).content.decode()
    assert site.post(ADDRESS, {"time_zone": "US/Pacific"}).status_code == 302


def test_the_switch_of_the_site_stores_the_language(site: Client, alice: User) -> None:
    page = site.get("/").content.decode()
    assert 'action="/inbox/language/"' in page
    for given, stored in (("de", "de"), ("fr", "de"), ("zh-Hans", "zh-hans")):
        answer = site.post("/inbox/language/", {"language": given, "next": "/people/"})
        assert (answer.status_code, answer["Location"]) == (302, "/people/")
        assert selectors.chosen(alice).language == stored
    assert Client().post("/inbox/language/", {"language": "de"}).cookies["django_language"].value == "de"
    assert site.get("/inbox/language/?language=de").status_code == 405
    assert selectors.chosen(alice).language == "zh-hans"
