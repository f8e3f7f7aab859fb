"""The badge on django-eventstream's seams."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.template import Context, Template
from django.test import RequestFactory, override_settings
from django_eventstream.utils import get_channelmanager, get_storage

from inbox import selectors, services
from inbox.models import CommentMessage
from push import checks
from push.transports.eventstream import NO_VERSION, ChannelManager, Storage, clean, user_of
from push.transports.eventstream_view import LibraryStream


def test_ours_are_plugged_in() -> None:
    """Else everybody could read every channel."""
    assert isinstance(get_channelmanager(), ChannelManager)
    assert isinstance(get_storage(), Storage)


class TestChannels:
    pytestmark = pytest.mark.django_db

    def test_everybody_reads_one_channel(self) -> None:
        bob, alice = (get_user_model().objects.create_user(name) for name in ("bob", "alice"))
        request = RequestFactory().get("/", {"channel": f"user-{alice.pk}"})
        request.user = bob
        manager = ChannelManager()
        assert manager.get_channels_for_request(request, {}) == {f"user-{bob.pk}"}
        assert manager.can_read_channel(bob, f"user-{bob.pk}")
        assert not manager.can_read_channel(bob, f"user-{alice.pk}")
        assert not manager.can_read_channel(None, f"user-{bob.pk}")
        assert not manager.can_read_channel(bob, "news")

    def test_the_anonymous_have_one_that_nobody_reads(self) -> None:
        request = RequestFactory().get("/")
        request.user = AnonymousUser()
        (channel,) = ChannelManager().get_channels_for_request(request, {})
        assert not ChannelManager().can_read_channel(None, channel)

    def test_the_storage_has_the_current_state(self) -> None:
        bob = get_user_model().objects.create_user("bob")
        channel, storage = f"user-{bob.pk}", Storage()
        services.send([bob], CommentMessage, target_title="Tea", excerpt="")
        version = selectors.snapshot(bob.pk).version
        assert storage.get_current_id(channel) == version
        (event,) = storage.get_events(channel, NO_VERSION)
        assert (event.type, event.id) == ("unread", version)
        assert '"unread":1' in event.data
        assert storage.get_events(channel, version) == []
        assert len(storage.get_events(channel, version + 5)) == 1  # after a restore: what is true now

    @pytest.mark.parametrize("channel", ["user-999", "user-x", "news", "user-anonymous"])
    def test_channels_without_a_badge(self, channel: str) -> None:
        assert Storage().get_events(channel, 0) == []
        assert Storage().get_current_id(channel) == 0

    def test_an_event_of_the_site_is_no_version(self) -> None:
        assert Storage().append_event("user-1", "message", {}).id == NO_VERSION


def test_users_of_channels() -> None:
    assert user_of("user-7") == 7
    assert user_of("user-seven") is None
    assert user_of("room-7") is None


@pytest.mark.parametrize(
    ("header", "params", "kept"),
    [
        ("user-7:5", [], "user-7:5"),
        ("user-7:-1", [], "user-7:-1"),
        ("a:1,b:2", [], "a:1,b:2"),
        ("x:y:z", [], None),
        ("error", [], None),
        ("", ["user-7:5"], "user-7:5"),
        ("x", ["user-7:4", "user-7:5"], "user-7:5"),
        ("", ["x", ""], None),
        ("user-7:" + "9" * 30, [], None),
    ],
)
def test_only_ids_that_can_be_ids_are_kept(header: str, params: list[str], kept: str | None) -> None:
    request = RequestFactory().get(
        "/", {"lastEventId": params, "es-meta": "x", "recover": "true"}, headers={"Last-Event-ID": header}
    )
    clean(request)
    assert request.GET.get("lastEventId") == kept
    assert "Last-Event-ID" not in request.headers or not request.META.get("HTTP_LAST_EVENT_ID")
    assert set(request.GET) <= {"lastEventId"}


class TestChecks:
    def found(self) -> list[str | None]:
        return [problem.id for check in (checks.check_numbers, checks.check_origins) for problem in check()]

    @pytest.mark.parametrize("value", [0, -1, "25", 2.5, True, None, 3601])
    def test_numbers(self, value: Any) -> None:
        with override_settings(PUSH_RESYNC_SECONDS=value):
            assert self.found() == ["push.E001"]

    def test_limits(self) -> None:
        with override_settings(PUSH_MAX_CONNECTIONS_PER_USER=0):
            assert self.found() == ["push.E002"]

    def test_origins(self) -> None:
        with override_settings(PUSH_ALLOWED_ORIGINS="https://a.example"):
            assert self.found() == ["push.E003"]
        with override_settings(PUSH_ALLOWED_ORIGINS=["https://a.example", "https://a.example:8443", "http://b"]):
            assert self.found() == []
        for bad in ("a.example", "https://a.example/", "ftp://a.example", "*", "https://"):
            with override_settings(PUSH_ALLOWED_ORIGINS=[bad]):
                assert self.found() == ["push.E004"]


class TestTag:
    def render(self, user: Any) -> str:
        request = RequestFactory().get("/")
        request.user = user
        return Template("{% load push %}{% notification_bell %}").render(Context({"request": request}))

    def test_nobody_has_no_bell_but_other_tabs_are_told(self) -> None:
        html = self.render(AnonymousUser())
        assert "notification-bell" not in html
        assert 'push/signed-out.js" data-reddot-push="/push/"' in html

    def test_a_site_without_users_has_nothing(self) -> None:
        assert self.render(None).strip() == ""

    def test_the_bell_knows_its_user_and_where_to_ask(self) -> None:
        html = self.render(get_user_model()(pk=7, username="bob"))
        assert 'user="7"' in html
        assert 'push="/push/"' in html
        assert 'api="/api/v1/"' in html


async def test_an_event_of_the_site_is_no_older_badge() -> None:
    """It carries the id of no version. Taken for one, the hub's next read would seem news and be shown again."""
    request: Any = RequestFactory().get("/")
    request.session = SimpleNamespace(session_key="k" * 32)
    connection = LibraryStream(request)
    connection.note(b'event: unread\nid: user-7:5\ndata: {"unread": 1}\n\n')
    connection.note(b'event: message\nid: user-7:-1\ndata: {"text": "Tea"}\n\n')
    assert connection.shown == 5
