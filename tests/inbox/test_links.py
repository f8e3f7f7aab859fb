"""Whatever link is let in, browsers and Python read; whatever is ordinary is let in."""

from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox import selectors, services
from inbox.models import Broadcast, FollowMessage
from inbox.rendering.links import LINK_PATTERN, is_link

from .examples import examples
from .links import UNFIT, links
from .people import people
from .services import Service

FINE = [
    "http://localhost:8000/",
    "http://x",
    "http://x:/",
    "http://x:65535/",
    "http://example.com./a",
    "https://r3---sn-abc.example.com/",
    "https://my_host.example.com",
    "http://192.168.0.1:80/a?b#c",
    "http://[::1]/",
    "http://[2001:DB8::7]:8080/a",
    "http://[::ffff:192.0.2.1]",
    "http://[2001:db8:0:0:0:0:0:7]/",
    "https://例え.jp/引き?割り=り#り",
    "https://xn--r8jz45g.jp/",
    "https://münchen.example/",
    "https://شبكة.example/",
    "/%zz",
    "/a[b]{c}|d",
    "/小红点/😀",
    "/a//b",
    "/a:b@c",
]


@pytest.mark.anywhere
@pytest.mark.any_django
class TestTheDoor:
    @pytest.mark.parametrize("link", FINE, ids=ascii)
    def test_ordinary_links_are_let_in(self, link: str) -> None:
        assert is_link(link)

    @pytest.mark.parametrize("link", UNFIT, ids=ascii)
    def test_others_are_not(self, link: str) -> None:
        assert not is_link(link)

    @examples(40)
    @given(link=links)
    def test_what_is_let_in_is_read_by_python(self, link: str) -> None:
        if is_link(link):
            parts = urlsplit(link)
            assert parts.port is None or 0 < parts.port < 65536
            assert parts.username is parts.password is None
            assert parts.scheme in {"", "http", "https"}
            assert bool(parts.hostname) == bool(parts.scheme)

    @examples(30)
    @given(link=st.from_regex(LINK_PATTERN.removesuffix("$") + r"\Z"))
    def test_what_the_document_lets_pass_is_let_in(self, link: str) -> None:
        assert is_link(link)


@pytest.mark.anywhere
@pytest.mark.urls("tests.inbox.urls")
@pytest.mark.django_db
class TestEveryWay:
    def test_a_service_is_told(self, shop: Service, user: int) -> None:
        for link in UNFIT:
            event = {"type": "follow", "recipients": [{"id": user}], "url": link}
            answer = shop("POST", "messages/", event)
            assert (link, answer.status_code) == (link, 422)
            assert [error["pointer"] for error in answer.json()["errors"]] == ["/url"]
            answer = shop("POST", "broadcasts/", {"title": "News", "url": link})
            assert (link, answer.status_code) == (link, 422)

    def test_one_that_came_in_otherwise_is_left_out_of_its_item(self) -> None:
        [user] = people(1)
        FollowMessage.objects.create(recipient_id=user, url="http://[")
        Broadcast.objects.create(title="News", state="live", url="javascript:alert(1)")
        services.send([user], FollowMessage, url="/tea")
        assert [item.url for item in selectors.inbox_page(user).items] == ["/tea", "", ""]
        newest: Any = selectors.newest({user: 0}, "broadcast")[user]
        assert newest.url == ""
