"""The banners for signed-out visitors: one response for all of them, which caches may keep."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, Group, User
from django.db import OperationalError
from django.http import HttpResponse
from django.template import engines
from django.test import Client, RequestFactory
from django.utils import timezone, translation

from inbox import selectors, services
from inbox.errors import BadFields
from inbox.models import Audience, Broadcast, BroadcastMember, Source, State

pytestmark = pytest.mark.django_db(transaction=True)


def banner(title: str = "Maintenance", **columns: Any) -> Broadcast:
    defaults = {"state": State.LIVE, "as_banner": True, "for_visitors": True}
    return Broadcast.objects.create(title=title, **defaults | columns)


def get(language: str = "en", **headers: str) -> HttpResponse:
    return Client().get(f"/push/banners/{language}/", headers=headers)


def titles(language: str = "en") -> list[str]:
    return [item["title"] for item in get(language).json()["items"]]


def test_live_banners_for_everyone_that_visitors_may_see() -> None:
    shown = banner(level="warning", body="**At two**", url="/plan/", language="en")
    banner(for_visitors=False)
    banner(state=State.DRAFT)
    banner(audience=Audience.STAFF)
    banner(audience=Audience.GROUPS)
    banner(as_banner=False)
    [item] = get().json()["items"]
    assert {name: item[name] for name in ("ref", "title", "level", "url", "kinds", "revision", "lang")} == {
        "ref": shown.ref,
        "title": "Maintenance",
        "level": "warning",
        "url": "/plan/",
        "kinds": ["banner"],
        "revision": 1,
        "lang": "en",
    }
    assert item["body_html"] == "<p><strong>At two</strong></p>\n"


def test_the_most_urgent_first() -> None:
    for level in ("info", "critical", "warning"):
        banner(level, level=level)
    assert titles() == ["critical", "warning", "info"]


def test_the_address_decides_about_the_language() -> None:
    banner(language="en", translations={"zh-hans": {"title": "维护", "body": ""}})
    assert titles("zh-hans") == ["维护"]
    assert titles("zh-hans-cn") == ["维护"]
    assert titles("en") == titles("fr") == ["Maintenance"]
    answer = Client().get("/push/banners/zh-hans/", headers={"Accept-Language": "en"})
    assert answer.json()["items"][0]["title"] == "维护"
    assert answer["Content-Language"] == "zh-hans"


def test_nothing_but_the_address_counts() -> None:
    """So a shared cache may keep one response for everybody."""
    banner()
    client = Client()
    client.force_login(User.objects.create(username="bob", is_staff=True))
    answer = client.get("/push/banners/en/", headers={"Accept-Language": "zh-hans"})
    assert answer.content == get().content
    assert "Vary" not in answer.headers
    assert not answer.cookies
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert "Vary" not in get(**{"If-None-Match": answer["ETag"]}).headers


def test_reads_no_cookie(rf: RequestFactory) -> None:
    from push.views.visitors import banners

    class Jar(dict[str, str]):
        def __getattribute__(self, name: str) -> Any:
            raise AssertionError(f"a cookie was read: {name}")

    request = rf.get("/push/banners/en/")
    request.COOKIES = Jar()  # and it has neither `user` nor `session`
    assert banners(request, "en").status_code == 200


def test_conditional_requests() -> None:
    row = banner()
    tag = get()["ETag"]
    same = get(**{"If-None-Match": tag})
    assert (same.status_code, same.content, same["ETag"]) == (304, b"", tag)
    assert same["Cache-Control"] == "public, max-age=60"
    services.withdraw(row)
    other = get(**{"If-None-Match": tag})
    assert (other.status_code, other.json()["items"]) == (200, [])
    assert get(**{"If-Match": tag}).status_code == 412


@pytest.mark.parametrize("due", ["starts", "ends"])
def test_is_kept_until_the_next_change_that_is_due(due: str) -> None:
    soon = timezone.now() + timedelta(seconds=20)
    if due == "starts":
        banner(state=State.SCHEDULED, publish_at=soon)
    else:
        banner(expires_at=soon)
    age = int(get()["Cache-Control"].removeprefix("public, max-age="))
    assert 10 <= age <= 20  # the tests' machine may be slow


def test_is_not_kept_while_something_is_overdue() -> None:
    banner(state=State.SCHEDULED, publish_at=timezone.now() + timedelta(seconds=30))
    with pytest.MonkeyPatch.context() as patch:
        later = timezone.now() + timedelta(seconds=31)
        patch.setattr("django.utils.timezone.now", lambda: later)
        assert get()["Cache-Control"] == "public, max-age=0"


def test_no_other_methods() -> None:
    assert Client().post("/push/banners/en/").status_code == 405
    assert Client().head("/push/banners/en/").status_code == 200
    assert Client().options("/push/banners/en/")["Allow"] == "GET, HEAD, OPTIONS"


def test_showing_it_again_is_another_revision() -> None:
    """By ref and revision, browsers remember what a visitor has closed. A corrected typo does not bring it back."""
    row = banner()
    services.change_broadcast(row, {"title": "Maintenence"})
    assert get().json()["items"][0]["revision"] == 1
    services.change_broadcast(row, {"title": "Maintenance"}, show_again=True)
    assert get().json()["items"][0]["revision"] == 3


NOT_FOR_ALL = [{"as_banner": False}, {"audience": "staff"}, {"excludes_staff": True}, {"excluded_people": {1}}]


@pytest.mark.parametrize("values", NOT_FOR_ALL)
def test_needs_a_banner_for_everyone(values: dict[str, Any]) -> None:
    author = User.objects.create(username="ann")
    with pytest.raises(BadFields) as caught:
        services.create_broadcast(author, {"title": "x", "as_banner": True, "for_visitors": True, **values})
    assert [*caught.value.fields] == ["for_visitors"]


def test_nobody_is_left_out_by_those_who_see_it_signed_out() -> None:
    """Whatever wrote the rows."""
    ann, group = User.objects.create(username="ann"), Group.objects.create(name="tea")
    row, listed, _staff = banner(), banner(), banner(excludes_staff=True)
    row.excluded_groups.add(group)
    BroadcastMember.objects.create(broadcast=listed, user=ann, is_excluded=True, source=Source.LIST)
    assert titles() == []
    for each in (row, listed):
        with pytest.raises(BadFields) as caught:
            services.change_broadcast(each, {"title": "New"})
        assert [*caught.value.fields] == ["for_visitors"]
    services.change_broadcast(row, {"excluded_groups": set()})
    assert titles() == ["Maintenance"]
    with pytest.raises(BadFields):
        services.change_broadcast(row, {"excluded_people": {ann.pk}})


def rendered(user: Any, language: str = "en") -> str:
    request = RequestFactory().get("/")
    request.user = user
    with translation.override(language):
        return engines["django"].from_string("{% load push %}{% broadcast_banners %}").render({}, request)


def test_the_tag_renders_them() -> None:
    row = banner("A <b>title</b>", level="critical", body="[x](https://example.org/)", language="en")
    page = rendered(AnonymousUser(), "zh-hans")
    assert 'visitors="/push/banners/zh-hans/"' in page
    assert f'data-key="{row.ref}.1"' in page
    assert "A &lt;b&gt;title&lt;/b&gt;" in page
    assert '<a href="https://example.org/"' in page
    assert "严重" in page
    assert "push=" not in page  # nothing to connect to


def test_the_tag_renders_what_the_user_has_not_closed() -> None:
    bob = User.objects.create(username="bob")
    mine, closed = banner("Mine", for_visitors=False), banner("Closed")
    services.close_banner(bob.pk, [closed.ref])
    page = rendered(bob)
    assert mine.ref in page
    assert closed.ref not in page
    assert f'user="{bob.pk}"' in page


def test_two_are_seen_and_the_others_unfold() -> None:
    for number in range(4):
        banner(f"Number {number}")
    page = rendered(AnonymousUser()).partition("<section")[2]
    assert "<summary>2 more announcements</summary>" in page
    assert page.index("Number 2") < page.index("<summary>") < page.index("Number 1")


def test_without_banners_there_is_no_region() -> None:
    assert "<section" not in rendered(AnonymousUser())


@pytest.mark.parametrize("signed_in", [True, False], ids=["user", "visitor"])
def test_without_the_database_a_page_is_only_without_banners(signed_in: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    banner()
    request = RequestFactory().get("/")
    request.user = User.objects.create_user("reader") if signed_in else AnonymousUser()

    def fail(*args: object) -> None:
        raise OperationalError("server closed the connection unexpectedly")

    for name in ("announcements", "visitor_banners"):
        monkeypatch.setattr(selectors, name, fail)
    page = engines["django"].from_string("{% load push %}{% broadcast_banners %}Tea").render({}, request)
    assert page.endswith("Tea")
    assert "<broadcast-banners" in page
    assert "Maintenance" not in page
