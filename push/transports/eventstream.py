"""The badge on django-eventstream's public seams, and what /push/events/ adds around the library's own view.

Unless the site sets `EVENTSTREAM_CHANNELMANAGER_CLASS` and `EVENTSTREAM_STORAGE_CLASS` itself, they are ours: the
library's default lets everybody read every channel. Written against django-eventstream 5.3.
"""

import re
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, QueryDict
from django_eventstream.channelmanager import ChannelManagerBase
from django_eventstream.event import Event
from django_eventstream.storage import StorageBase
from django_eventstream.views import get_listener_manager

from inbox import selectors
from inbox.core.snapshots import UserId, user_id
from inbox.core.users import user_pk_or_none
from inbox.errors import NotFound

from ..concurrency.threads import release
from ..frames import snapshot_json

EVENT = "unread"
PREFIX = "user-"
NO_VERSION = -1  # the id of "has seen nothing"
KEEP_ALIVE = b"event: keep-alive\ndata:\n\n"
OPEN = "event: stream-open\ndata:\n\n"

SEAMS = {
    "EVENTSTREAM_CHANNELMANAGER_CLASS": "push.transports.eventstream.ChannelManager",
    "EVENTSTREAM_STORAGE_CLASS": "push.transports.eventstream.Storage",
}

# `channel:id`, comma-separated; what does not look like it is ignored, as an error would end an EventSource for good.
# 20 digits hold every version; Python refuses to parse thousands.
EVENT_IDS = re.compile(r"[\w%.~-]{1,200}:(-1|\d{1,20})(,[\w%.~-]{1,200}:(-1|\d{1,20})){0,9}", re.ASCII)


def install() -> None:
    """Plug our seams in where the site has none of its own."""
    for name, ours in SEAMS.items():
        if not hasattr(settings, name):
            setattr(settings, name, ours)


def channel_of(user: Any) -> str:
    """The channel of a user's badge."""
    return f"{PREFIX}{user}"


def user_of(channel: str) -> UserId | None:
    """The user whose badge it is, if the channel has the name of one."""
    if not channel.startswith(PREFIX):
        return None
    key = user_pk_or_none(channel.removeprefix(PREFIX))
    return None if key is None else user_id(key)


class ChannelManager(ChannelManagerBase):  # type: ignore[misc]
    """Everybody has one channel, which nobody else can read. Derive from it to add channels of your own."""

    def get_channels_for_request(self, request: HttpRequest, view_kwargs: dict[str, Any]) -> set[str]:
        return {channel_of(request.user.pk if request.user.is_authenticated else "anonymous")}

    def can_read_channel(self, user: Any, channel: str) -> bool:
        return user is not None and channel == channel_of(user.pk)

    def is_channel_reliable(self, channel: str) -> bool:
        return channel.startswith(PREFIX)


class Storage(StorageBase):  # type: ignore[misc]
    """No log: the only event worth resuming with is the current state."""

    def get_current_id(self, channel: str) -> int:
        return sum(event.id for event in self._current(channel))

    def get_events(self, channel: str, last_id: int, limit: int = 100) -> list[Event]:
        return [event for event in self._current(channel) if event.id != last_id]

    def append_event(self, channel: str, event_type: str, data: Any) -> Event:
        """`send_event()` of the site: delivered, not kept. Who resumes from its id gets the current state."""
        return Event(channel, event_type, data, id=NO_VERSION)

    def _current(self, channel: str) -> list[Event]:
        user = user_of(channel)
        try:
            snapshot = selectors.snapshot(user) if user is not None else None
        except NotFound:
            snapshot = None
        finally:
            release()
        if snapshot is None:
            return []
        return [Event(channel, EVENT, snapshot_json(snapshot), id=snapshot.version)]


def clean(request: HttpRequest) -> QueryDict:
    """The query with only what we vouch for: malformed ids go, and what the library would trust (`es-meta`, …)."""
    resume = [request.META.pop("HTTP_LAST_EVENT_ID", ""), *reversed(request.GET.getlist("lastEventId"))]
    query = QueryDict(mutable=True)
    valid = [ids for ids in resume if EVENT_IDS.fullmatch(ids)]
    if valid:
        query["lastEventId"] = valid[0]
    request.GET = query  # type: ignore[assignment]  # mutable, as nobody else has seen it
    return query


def wake_stock_listeners(channels: Iterable[str]) -> None:
    """Make streams of the library's own view read the storage again: what they show never goes back."""
    manager = get_listener_manager()
    with manager.lock:
        for channel in channels:
            for listener in manager.listeners_by_channel.get(channel, ()):
                if not getattr(listener, "fed_by_hub", False):
                    listener.overflow = True
                    listener.wake_threadsafe()
