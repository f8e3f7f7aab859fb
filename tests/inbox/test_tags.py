"""`{% visited %}` and `{% follow_button %}`: what they put into a page, and the form of the latter."""

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.template import Context, Template
from django.test import Client, RequestFactory

from inbox import selectors, services
from inbox.core.visits import read_visit, visit_of
from inbox.errors import BadValue
from inbox.models import Following, FollowMessage
from inbox.visits import note_version

from .may_follow import a_site_that_lets_follow, refused
from .rest import person

pytestmark = [pytest.mark.urls("notify_site.urls"), pytest.mark.django_db, pytest.mark.anywhere]
TEA = "blog.post:7"


@pytest.fixture(autouse=True)
def site() -> Iterator[None]:
    with a_site_that_lets_follow():
        yield


@pytest.fixture
def bob() -> Any:
    return person("bob")


def rendered(tag: str, request: HttpRequest, **context: Any) -> str:
    return Template("{% load inbox %}" + tag).render(Context({"request": request, "post": TEA, **context}))


def request_of(user: Any, method: str = "GET") -> HttpRequest:
    request = getattr(RequestFactory(), method.lower())("/tea/?page=2")
    request.user = user
    return request  # type: ignore[no-any-return]


def browser_of(user: Any) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


def visit_in(html: str) -> str | None:
    found = re.search(r'data-inbox-visit="([^"]+)"', html)
    return unescape(found[1]) if found else None


class TestVisited:
    def test_the_version_is_that_before_the_view(self, bob: Any) -> None:
        """A message that arrives while the page is made, between the view's query and the tag, stays unread."""
        services.send([bob], FollowMessage, target=TEA)

        @note_version
        def view(request: HttpRequest) -> HttpResponse:
            services.send([bob], FollowMessage, target=TEA)
            return HttpResponse(rendered("{% visited post %}", request))

        visit = visit_in(view(request_of(bob)).content.decode())
        assert visit is not None
        assert services.visit(bob, visit) == 1
        assert selectors.snapshot(bob).unread == 1

    def test_it_is_middleware_too_and_reads_once(self, bob: Any) -> None:
        request = request_of(bob)
        inner = note_version(lambda request: HttpResponse(str(request.inbox_version)))
        first = note_version(inner)(request).content
        assert int(first) == selectors.versions([bob.pk])[bob.pk]

    def test_a_view_may_be_async(self) -> None:
        @note_version
        async def view(request: HttpRequest) -> HttpResponse:
            return HttpResponse("tea")

        assert async_to_sync(view)(RequestFactory().get("/")).content == b"tea"

    def test_a_version_may_be_given(self, bob: Any) -> None:
        html = rendered("{% visited post version %}", request_of(bob), version=41)
        assert read_visit(visit_in(html) or "", bob.pk) == (TEA, 41)

    def test_without_a_version_or_a_user_nothing_is_in_the_page(self, bob: Any) -> None:
        assert rendered("{% visited post %}", request_of(bob)).strip() == ""
        assert rendered("{% visited post 7 %}", request_of(AnonymousUser())).strip() == ""
        for method in ("POST", "HEAD"):
            request = request_of(bob, method)
            note_version(lambda request: HttpResponse())(request)
            assert rendered("{% visited post %}", request).strip() == ""

    def test_it_is_bound_to_its_user_and_signed(self, bob: Any) -> None:
        visit = visit_of(bob.pk, TEA, 5)
        assert read_visit(visit, bob.pk) == (TEA, 5)
        with pytest.raises(BadValue):
            read_visit(visit, person("eve").pk)

    def test_rendering_writes_nothing(self, bob: Any) -> None:
        services.send([bob], FollowMessage, target=TEA)
        before = selectors.snapshot(bob)
        rendered("{% visited post 99 %}{% follow_button post %}", request_of(bob))
        assert selectors.snapshot(bob) == before

    def test_the_script_has_the_nonce(self, bob: Any) -> None:
        html = rendered("{% visited post 7 %}{% follow_button post %}", request_of(bob), csp_nonce="n0nce")
        assert html.count('nonce="n0nce"') == html.count("<script") == 2
        assert not re.search(r"<script(?![^>]* src=)|\son\w+=|style=", html)


class TestFollowButton:
    def test_it_follows_and_unfollows_without_scripts(self, bob: Any) -> None:
        browser = browser_of(bob)
        for act, follows in (("follow", True), ("unfollow", False)):
            html = rendered("{% follow_button post %}", request_of(bob))
            assert f'value="{act}"' in html
            answer = browser.post("/inbox/subjects/", {"act": act, "subject": TEA, "next": "/tea/?page=2"})
            assert (answer.status_code, answer["Location"]) == (302, "/tea/?page=2")
            assert Following.objects.filter(mailbox=bob.pk, subject=TEA).exists() is follows

    def test_it_is_not_there_for_those_who_may_not(self, bob: Any) -> None:
        refused.add(TEA)
        assert rendered("{% follow_button post %}", request_of(bob)).strip() == ""
        assert browser_of(bob).post("/inbox/subjects/", {"act": "follow", "subject": TEA}).status_code == 403

    def test_who_may_no_longer_can_still_unfollow(self, bob: Any) -> None:
        services.follow(bob, TEA)
        refused.add(TEA)
        assert 'value="unfollow"' in rendered("{% follow_button post %}", request_of(bob))

    @pytest.mark.parametrize("after", ["https://evil.example/", "//evil.example", "javascript:alert(1)", ""])
    def test_it_leads_nowhere_else(self, bob: Any, after: str) -> None:
        answer = browser_of(bob).post("/inbox/subjects/", {"act": "follow", "subject": TEA, "next": after})
        assert answer["Location"] == "/inbox/preferences/"

    @pytest.mark.parametrize(
        "data",
        [
            {},
            {"act": "follow"},
            {"act": "follow", "subject": "tea"},
            {"act": "eat", "subject": TEA},
            {"act": "silence", "for": "month", "subject": TEA},
        ],
    )
    def test_other_forms_are_400(self, bob: Any, data: dict[str, str]) -> None:
        assert browser_of(bob).post("/inbox/subjects/", data).status_code == 400

    def test_the_page_of_preferences_lists_and_ends_them(self, bob: Any) -> None:
        browser = browser_of(bob)
        services.follow(bob, "auth.user:<b>")
        browser.post("/inbox/subjects/", {"act": "silence", "for": "week", "subject": "gone.thing:8"})
        page = browser.get("/inbox/preferences/").content.decode()
        assert "User &lt;b&gt;" in page
        assert "gone.thing:8" in page
        browser.post("/inbox/subjects/", {"act": "unfollow", "subject": "auth.user:<b>"})
        browser.post("/inbox/subjects/", {"act": "unsilence", "subject": "gone.thing:8"})
        page = browser.get("/inbox/preferences/").content.decode()
        assert "rd-subjects" not in page
