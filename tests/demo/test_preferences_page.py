"""/inbox/preferences/: a ticked type is counted, an unticked one is muted."""

import re
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from inbox import selectors, services
from inbox.core.subjects import subject_of
from inbox.models import Following, ledger
from notify_site.demo.models import Post

pytestmark = pytest.mark.django_db

ADDRESS = "/inbox/preferences/"
TICKED = re.compile(r'name="told"[^>]* checked>')


def test_what_is_unticked_is_muted(site: Client, alice: User) -> None:
    assert len(TICKED.findall(site.get(ADDRESS).content.decode())) == 6
    told = ["share", "follow", "comment", "mention", "system"]
    page = site.post(ADDRESS, {"told": told}, follow=True).content.decode()
    assert "Saved." in page
    assert len(TICKED.findall(page)) == 5
    assert selectors.muted(alice) == ["like"]


def test_characters_are_shortcuts_until_they_are_switched_off(site: Client, alice: User) -> None:
    """The inbox page brings the choice; a form without the question leaves it as it is."""
    switch, off = re.compile(r'name="character_keys"[^>]* checked>'), 'data-characters="off"'
    assert switch.search(site.get(ADDRESS).content.decode())
    assert off not in site.get("/inbox/").content.decode()
    assert site.post(ADDRESS, {"characters": "1"}).status_code == 302
    assert not selectors.chosen(alice).character_keys
    assert not switch.search(site.get(ADDRESS).content.decode())
    assert off in site.get("/inbox/").content.decode()
    site.post(ADDRESS, {"language": "de"})
    assert selectors.chosen(alice) == ("de", "", False, "comfortable")
    site.post(ADDRESS, {"characters": "1", "character_keys": "on"})
    assert selectors.chosen(alice).character_keys


def test_the_density_of_lists(site: Client, alice: User) -> None:
    """The inbox page is in it at once; a form without the question leaves it as it is."""
    compact, attribute = re.compile(r'value="compact"[^>]* checked>'), 'data-density="compact"'
    assert not compact.search(site.get(ADDRESS).content.decode())
    assert attribute not in site.get("/inbox/").content.decode()
    assert site.post(ADDRESS, {"density": "compact"}).status_code == 302
    assert compact.search(site.get(ADDRESS).content.decode())
    assert attribute in site.get("/inbox/").content.decode()
    for left_out in ({}, {"density": ""}):
        assert site.post(ADDRESS, left_out).status_code == 302
        assert selectors.chosen(alice).density == "compact"
    assert "is not one of the available choices" in site.post(ADDRESS, {"density": "dense"}).content.decode()
    site.post(ADDRESS, {"density": "comfortable"})
    assert attribute not in site.get("/inbox/").content.decode()


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
    assert selectors.chosen(alice)[:2] == ("de", "Asia/Tokyo")
    page = site.get(ADDRESS).content.decode()
    assert '<html lang="de"' in page  # the page, too, as with the site's own switch
    assert '<option value="Asia/Tokyo" selected>' in page
    site.post(ADDRESS, {"language": "", "time_zone": ""})
    assert selectors.chosen(alice)[:2] == ("", "")
    assert '<html lang="de"' in site.get(ADDRESS).content.decode()


@pytest.mark.parametrize("wrong", [{"language": "fr"}, {"time_zone": "Mars/Phobos"}])
def test_what_is_not_offered_changes_nothing(site: Client, alice: User, wrong: dict[str, str]) -> None:
    assert "is not one of the available choices" in site.post(ADDRESS, wrong).content.decode()
    assert (selectors.chosen(alice), selectors.muted(alice)) == (("", "", True, "comfortable"), [])


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


class TestSubjects:
    """What one follows and has silenced."""

    def posts(self, author: User, number: int) -> list[Post]:
        now = timezone.now()
        return Post.objects.bulk_create(
            Post(author=author, text=f"About {n:03}", created_at=now) for n in range(number)
        )

    def test_all_of_250_are_on_some_page(self, site: Client, alice: User) -> None:
        followed = self.posts(alice, 250)
        ledger.ensure([alice.pk])
        Following.objects.bulk_create(Following(mailbox_id=alice.pk, subject=subject_of(post)) for post in followed)
        for post in followed[:60]:
            services.silence(alice, post)
        address, pages, found = ADDRESS, [], []
        while address:
            page = site.get(address).content.decode()
            pages.append(page)
            found += re.findall(r"<bdi>(About \d+)</bdi>", section(page, "following"))
            address = link(section(page, "following"), "Older")
        assert found == [post.text for post in reversed(followed)]
        assert len(pages) == 10
        assert link(section(pages[4], "silences"), "Older").startswith(f"{ADDRESS}?following=")  # each keeps its page
        assert link(section(pages[9], "following"), "Newest") == f"{ADDRESS}#rd-following"

    def test_one_stays_on_the_page(self, site: Client, alice: User) -> None:
        for post in self.posts(alice, 26):
            services.follow(alice, post)
        second = link(section(site.get(ADDRESS).content.decode(), "following"), "Older")
        page = section(site.get(second).content.decode(), "following")
        [subject] = re.findall(r'name="subject" value="([^"]+)"', page)
        [here] = map(unescape, re.findall(r'name="next" value="([^"]+)"', page))
        answer = site.post("/inbox/subjects/", {"act": "unfollow", "subject": subject, "next": here})
        assert answer["Location"] == here == second.partition("#")[0]
        page = site.get(here).content.decode()
        assert "Nothing is left on this page." in page
        assert link(section(page, "following"), "Newest") == f"{ADDRESS}#rd-following"

    def test_what_is_gone_says_so_and_can_be_removed(self, site: Client, alice: User) -> None:
        [post] = self.posts(alice, 1)
        services.follow(alice, post)
        subject = subject_of(post)
        post.delete()
        page = site.get(ADDRESS).content.decode()
        assert f"<bdi>Post {subject.partition(':')[2]}</bdi>" in page
        assert "(no longer exists)" in page
        site.post("/inbox/subjects/", {"act": "unfollow", "subject": subject})
        assert "rd-subjects" not in site.get(ADDRESS).content.decode()

    @pytest.mark.parametrize("query", ["following=x", "silences=x", "following=x&silences=x"])
    def test_a_page_that_was_never_handed_out(self, site: Client, query: str) -> None:
        assert site.get(f"{ADDRESS}?{query}").status_code == 400
        assert site.get(f"{ADDRESS}?following=&silences=").status_code == 200


def section(page: str, name: str) -> str:
    return page.partition(f'<section class="rd-subjects" aria-labelledby="rd-{name}">')[2].partition("</section>")[0]


def link(part: str, words: str) -> str:
    found = re.search(rf'href="([^"]+)">{words}</a>', part)
    return unescape(found[1]) if found else ""
