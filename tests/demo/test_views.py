"""The demo site's pages: what they show, what they refuse, where they lead."""

import gzip
import re
from http import HTTPStatus

import pytest
from django.contrib.admin import site as administration
from django.contrib.auth.models import User
from django.template import Context, Template
from django.template.loader import render_to_string
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone, translation
from pytest_django import Settings

from inbox import selectors
from notify_site.demo import services
from notify_site.demo.models import Comment, Follow, Like, Post
from tools.processes import ROOT

pytestmark = pytest.mark.django_db


@pytest.fixture
def bob() -> User:
    return User.objects.create_user("bob", password="pw", first_name="Bob", last_name="Okafor")


@pytest.fixture
def post(bob: User) -> Post:
    return services.write_post(bob, "Hello <b>@alice</b> & @ghost\nsecond line")


@pytest.mark.parametrize("language", ["en", "de", "zh-hans"])
def test_no_two_lists_of_the_administration_have_one_name(language: str) -> None:
    with translation.override(language):
        names = [str(model._meta.verbose_name_plural) for model in administration._registry]
    assert sorted(names) == sorted(set(names))


PAGES = ("/", "/?view=following", "/?page=99", "/?page=x", "/people/", "/people/bob/", "/posts/{post}/")


@pytest.mark.parametrize("url", PAGES)
def test_pages(site: Client, post: Post, url: str) -> None:
    assert site.get(url.format(post=post.pk)).status_code == HTTPStatus.OK


@pytest.mark.parametrize("url", PAGES)
def test_pages_are_for_members(client: Client, post: Post, url: str) -> None:
    response = client.get(url.format(post=post.pk))
    assert response.headers["Location"].startswith(reverse("login"))


@pytest.mark.parametrize("url", ["/posts/999999/", "/people/nobody/"])
def test_what_is_not_there(site: Client, url: str) -> None:
    assert site.get(url).status_code == HTTPStatus.NOT_FOUND


def test_the_site_s_own_error_pages(site: Client) -> None:
    assert "There is nothing here" in site.get("/nowhere/").content.decode()
    assert "it has been logged" in render_to_string("500.html")


def test_text_is_escaped_and_known_mentions_linked(site: Client, post: Post) -> None:
    page = site.get("/").content.decode()
    assert '&lt;b&gt;<a class="mention" href="/people/alice/">@alice</a>&lt;/b&gt; &amp; @ghost<br>' in page


@pytest.mark.parametrize("form", ["post", "comment", "share"])
def test_a_form_that_is_sent_twice_counts_once(site: Client, bob: User, post: Post, form: str) -> None:
    page, address, fields = {
        "post": ("/", reverse("write-post"), {"text": "Hello @bob"}),
        "comment": (post.get_absolute_url(), reverse("write-comment", args=[post.pk]), {"text": "Nice"}),
        "share": (post.get_absolute_url(), reverse("share", args=[post.pk]), {"people": [bob.pk], "note": ""}),
    }[form]
    html = site.get(page).content.decode()
    key = re.findall(r'name="form_key" value="([^"]+)"', html)[-1 if form == "share" else 0]
    assert 'id="id_form_key"' not in html

    def made() -> tuple[int, ...]:
        return Post.objects.count(), Comment.objects.count(), selectors.snapshot(bob).unread

    before = made()
    first = site.post(address, fields | {"form_key": key})
    after = made()
    assert after > before
    second = site.post(address, fields | {"form_key": key})
    assert (second.status_code, second["Location"]) == (302, first["Location"])
    assert made() == after
    other = re.findall(r'name="form_key" value="([^"]+)"', site.get(page).content.decode())[0]
    site.post(address, fields | {"form_key": other})
    assert made() > after


def test_bell_is_on_every_page_of_a_member_only(site: Client, post: Post) -> None:
    assert "<notification-bell" in site.get("/").content.decode()
    site.logout()
    assert "<notification-bell" not in site.get(reverse("login")).content.decode()


def test_writing_a_post(site: Client) -> None:
    assert site.post("/posts/", {"text": " One true thing "}).headers["Location"] == "/"
    assert Post.objects.get().text == "One true thing"


@pytest.mark.parametrize("text", ["", "   ", "x" * 501, "nul\x00"])
def test_bad_post_comes_back_with_its_error(site: Client, text: str) -> None:
    response = site.post("/posts/", {"text": text})
    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert 'class="errorlist"' in response.content.decode()
    assert not Post.objects.exists()


def test_commenting(site: Client, post: Post) -> None:
    response = site.post(f"/posts/{post.pk}/comments/", {"text": "Nice"})
    assert response.headers["Location"] == f"/posts/{post.pk}/#comment-{Comment.objects.get().pk}"


def test_bad_comment_comes_back_with_its_error(site: Client, post: Post) -> None:
    response = site.post(f"/posts/{post.pk}/comments/", {"text": ""})
    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert 'class="errorlist"' in response.content.decode()


def test_liking_and_taking_it_back(site: Client, post: Post) -> None:
    for liked in ("1", "0"):
        response = site.post(f"/posts/{post.pk}/like/", {"liked": liked, "next": "/?page=2"})
        assert response.headers["Location"] == f"/?page=2#post-{post.pk}"
        assert Like.objects.get().active is (liked == "1")


def test_following(site: Client, bob: User) -> None:
    assert site.post("/people/bob/follow/", {"following": "1"}).headers["Location"] == "/people/bob/"
    assert Follow.objects.get().followed == bob


def test_sharing(site: Client, bob: User, post: Post) -> None:
    response = site.post(f"/posts/{post.pk}/share/", {"people": [bob.pk], "note": "?"}, follow=True)
    assert "Shared with 1 person." in response.content.decode()


@pytest.mark.parametrize("people", [[], ["999999"], ["x"]])
def test_bad_share_comes_back_with_its_error(site: Client, post: Post, people: list[str]) -> None:
    response = site.post(f"/posts/{post.pk}/share/", {"people": people})
    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert 'class="errorlist"' in response.content.decode()


@pytest.mark.parametrize("address", ["/posts/1/like/", "/posts/1/comments/", "/posts/1/share/", "/people/x/follow/"])
def test_writes_are_posts_about_something_that_is_there(site: Client, address: str) -> None:
    assert site.get(address).status_code == HTTPStatus.METHOD_NOT_ALLOWED
    assert site.post(address, {"text": "x"}).status_code in {HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY}


def test_writes_need_the_csrf_token(alice: User, post: Post) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice)
    assert strict.post(f"/posts/{post.pk}/like/", {"liked": "1"}).status_code == HTTPStatus.FORBIDDEN


def test_back_leads_nowhere_else(site: Client, post: Post) -> None:
    response = site.post(f"/posts/{post.pk}/like/", {"liked": "1", "next": "https://evil.example/"})
    assert response.headers["Location"].startswith(f"/posts/{post.pk}/")


@pytest.mark.parametrize(("theme", "kept"), [("dark", True), ("light", True), ("neon", False)])
def test_theme_is_kept_in_a_cookie(client: Client, theme: str, kept: bool) -> None:
    client.post("/theme/", {"theme": theme})
    page = client.get(reverse("login")).content.decode()
    assert (f'data-theme="{theme}"' in page) is kept


def test_demo_accounts_are_offered_in_debug_only(client: Client, settings: Settings) -> None:
    for debug in (True, False):
        settings.DEBUG = debug
        assert ("reddot-demo" in client.get(reverse("login")).content.decode()) is debug


def test_signing_in_and_out(client: Client, alice: User) -> None:
    assert client.post(reverse("login"), {"username": "alice", "password": "no"}).status_code == HTTPStatus.OK
    response = client.post(reverse("login"), {"username": "alice", "password": "pw", "next": "/inbox/"})
    assert response.headers["Location"] == "/inbox/"
    client.post(reverse("logout"))
    assert client.get("/inbox/").status_code == HTTPStatus.FOUND


@override_settings(LANGUAGES=[("en", "English"), ("he", "Hebrew")])
@pytest.mark.parametrize(("language", "tag"), [("en", '<html lang="en">'), ("he", '<html lang="he" dir="rtl">')])
def test_the_direction_of_the_language_is_the_page_s(client: Client, language: str, tag: str) -> None:
    assert tag in client.get("/accounts/login/", headers={"accept-language": language}).content.decode()
    with translation.override(language):
        assert tag in render_to_string("500.html")
        frame = ROOT / "inbox" / "templates" / "inbox" / "base.html"  # the inbox's own, which this site overrides
        assert tag in Template(frame.read_text()).render(Context())


def test_times_have_the_digits_that_html_allows(client: Client) -> None:
    client.force_login(User.objects.create_user("ada"))
    services.write_post(User.objects.get(), "Now", at=timezone.now().replace(microsecond=123_456))
    assert re.findall(r'datetime="([^"]+)"', client.get("/").content.decode())[0].endswith(".123+00:00")


def test_the_catalog_of_texts_is_compressed_and_not_sent_twice(client: Client) -> None:
    headers = {"Accept-Language": "de", "Accept-Encoding": "gzip"}
    answer = client.get("/jsi18n/", headers=headers)
    assert "Benachrichtigungen" in gzip.decompress(answer.content).decode()
    assert client.get("/jsi18n/", headers={**headers, "If-None-Match": answer["ETag"]}).status_code == 304
