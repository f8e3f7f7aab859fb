"""Server-sent events: django-eventstream's protocol, fed by the hub, holding neither a thread nor a connection.

The library's `EventRequest`, channel manager and listeners are used as they are, so `send_event()` and
`channel_permission_changed()` of the site reach these streams too.
"""

import random
from types import SimpleNamespace
from typing import Any

from django_eventstream.eventrequest import EventRequest
from django_eventstream.utils import get_channelmanager, sse_encode_error, sse_encode_event
from django_eventstream.views import get_listener_manager

from ..frames import Update
from ..gate import Scope, Visitor
from ..hub.counts import tally_of
from ..wire import Wire
from ..wire.servers import Message, Receive, Send
from .eventstream import EVENT, KEEP_ALIVE, OPEN, channel_of, clean
from .http import HttpConnection, hold

HEADERS = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-cache, no-transform"),
    (b"vary", b"Cookie, Authorization"),
    (b"x-accel-buffering", b"no"),
]
START = {"type": "http.response.start", "status": 200, "headers": HEADERS}
RETRY = (1000, 5000)  # ms; drawn per connection, so that a restart is not followed by everybody at once


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    await hold(scope, receive, send, SseConnection)


class SseConnection(HttpConnection):
    """An event stream. It is a listener of the library as well, by having its attributes."""

    __slots__ = ("channel_items", "channels", "error", "overflow", "request")

    keeps_alive = True
    tally = tally_of("sse")
    fed_by_hub = True

    def __init__(self, wire: Wire, visitor: Visitor) -> None:
        super().__init__(wire, visitor)
        clean(visitor.request)
        self.request: Any = visitor.request
        self.channels: tuple[str, ...] = ()
        self.channel_items: dict[str, list[Any]] = {}
        self.overflow = False
        self.error: Any = ""

    @staticmethod
    def encode(update: Update, text: str) -> Message:
        return body(unread_event(update, text))

    def open(self, update: Update) -> bool:
        if self.is_head:
            return self.begin_stream(START)
        last_ids = self._subscribe()
        known = last_ids.get(channel_of(self.user)) == str(update.version)
        first = "" if known else unread_event(update, update.text)
        self.begin_stream(START)
        self.wire.write(body(f"retry: {random.randint(*RETRY)}\n{OPEN}{first}"))
        return not known

    def keep_alive(self) -> None:
        self.wire.write({"type": "http.response.body", "body": KEEP_ALIVE, "more_body": True})

    def left(self) -> None:
        if self.channels:
            get_listener_manager().remove_listener(self)
            self.channels = ()

    # As a listener of the library

    @property
    def user_id(self) -> Any:
        return self.user

    def wake_threadsafe(self) -> None:
        if self.hub is not None:
            self.hub.call_soon(self.hub.deliver, self, self.flush)

    def flush(self) -> bool:
        return super().flush() and self._relay()

    def _relay(self) -> bool:
        """Write what `send_event()` has queued (the library keeps ten, then drops)."""
        if not self.channel_items and not self.error:
            return True
        if not self.wire.idle():
            return False
        with get_listener_manager().lock:
            items, self.channel_items, self.overflow = self.channel_items, {}, False
        events = [sse_encode_event(item.type, item.data) for queued in items.values() for item in queued]
        if self.error:
            events.append(sse_encode_error(self.error["condition"], self.error["text"], self.error.get("extra")))
        self.wire.write(body("".join(events), more=not self.error))
        return True

    def _subscribe(self) -> dict[str, str]:
        """Listen to the channels the manager grants; the ids the client resumes from."""
        user = SimpleNamespace(pk=self.user, id=self.user, is_authenticated=True, is_active=True)
        self.request.user = user
        request = EventRequest(self.request)
        self.request = None
        readable = get_channelmanager().can_read_channel
        self.channels = tuple(channel for channel in request.channels if readable(user, channel))
        get_listener_manager().add_listener(self)
        last_ids: dict[str, str] = request.channel_last_ids
        return last_ids


def unread_event(update: Update, text: str) -> str:
    """What the library's encoder makes of it (a test holds them together), ten times faster."""
    return f"event: {EVENT}\nid: {channel_of(update.snapshot.user)}:{update.version}\ndata: {text}\n\n"


def body(text: str, *, more: bool = True) -> Message:
    return {"type": "http.response.body", "body": text.encode(), "more_body": more}
