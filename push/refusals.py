"""Why a connection is refused, in the terms of each transport: an RFC 9457 problem, or a WebSocket close code."""

from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from inbox.http.problems import MEDIA_TYPE, document

from .frames import to_json


@dataclass(frozen=True, slots=True)
class Refusal:
    """`status` of HTTP, `close` of WebSocket, a stable word and a sentence with what to do next."""

    status: int
    close: int
    code: str
    detail: str | Promise
    headers: tuple[tuple[bytes, bytes], ...] = ()

    def body(self, language: str) -> bytes:
        """The problem document of RFC 9457."""
        with override(language):
            return to_json(document(self.status, str(self.detail), self.code)).encode()

    def messages(self, language: str) -> list[dict[str, Any]]:
        """The whole HTTP answer as ASGI messages."""
        body = self.body(language)
        headers = [
            (b"content-type", MEDIA_TYPE.encode()),
            (b"content-length", b"%d" % len(body)),
            (b"cache-control", b"no-store"),
            *self.headers,
        ]
        start = {"type": "http.response.start", "status": self.status, "headers": headers}
        return [start, {"type": "http.response.body", "body": body}]


class Refused(Exception):
    """Raised by the gate, with the refusal."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal


BAD_REQUEST = Refusal(400, 4403, "bad_request", _("This request cannot be understood. Check its address and headers."))
# RFC 9110, 15.5.2: a 401 names a scheme; browsers keep quiet about one they do not know.
SCHEME = (b"www-authenticate", b'Session realm="inbox", Bearer realm="inbox"')
NOT_SIGNED_IN = Refusal(401, 4401, "not_signed_in", _("You are not signed in. Sign in and connect again."), (SCHEME,))
BAD_TICKET = Refusal(
    401, 4401, "bad_ticket", _("This ticket is not valid, or no longer. Get a new one and connect again."), (SCHEME,)
)
OLD_TICKET = Refusal(
    401,
    4401,
    "ticket_too_long",
    _("Addresses are logged: a ticket in one may have 60 seconds left at most. Send this one in a header."),
    (SCHEME,),
)
BAD_ORIGIN = Refusal(403, 4403, "bad_origin", _("Pages of another site may not connect with your session."))
NOT_FOUND = Refusal(
    404, 4403, "not_found", _("There is nothing at this address. The addresses of connections end with a slash.")
)
ALLOW = (b"allow", b"GET, HEAD, OPTIONS")
NOT_ALLOWED = Refusal(403, 4403, "not_allowed", _("This is for administrators of announcements."))
BAD_METHOD = Refusal(
    405, 4403, "bad_method", _("This method is not answered here; “Allow” names those that are."), (ALLOW,)
)
PRECONDITION_FAILED = Refusal(
    412, 1011, "precondition_failed", _("A condition of this request (If-Match) does not hold here.")
)
# RFC 9110, 15.5.22.
UPGRADE_REQUIRED = Refusal(
    426,
    1011,
    "upgrade_required",
    _("A WebSocket is served at this address. Connect with a WebSocket client."),
    ((b"upgrade", b"websocket"), (b"connection", b"Upgrade")),
)
TOO_MANY = Refusal(
    429,
    4429,
    "too_many_connections",
    _("You have too many connections open. Close some tabs or devices and try again."),
    ((b"retry-after", b"30"),),
)
TOO_BIG = Refusal(413, 1009, "too_big", _("A frame may have 64 KiB at most."))
TOO_FAST = Refusal(429, 1008, "too_fast", _("You send faster than we can answer."))
TOO_MANY_FRAMES = Refusal(
    429, 4429, "too_many_frames", _("All your connections together send faster than we can answer. Wait a moment.")
)
SHUT_OUT = Refusal(
    429, 4429, "shut_out", _("You have sent too much or connected too often. Wait a moment, then connect again.")
)
BODY_TOO_BIG = Refusal(413, 1009, "body_too_big", _("The body of this request is too large. Send less at once."))
BODY_TOO_SLOW = Refusal(408, 1008, "body_too_slow", _("The body of this request came too slowly. Try again."))
BROKEN = Refusal(500, 1011, "broken", _("Something went wrong here. Try again in a moment."))
NEEDS_ASGI = Refusal(501, 1011, "needs_asgi", _("This transport is served by push.asgi.with_push on an ASGI server."))
UNAVAILABLE = Refusal(
    503,
    1012,
    "unavailable",
    _("Your state cannot be read just now. Try again in a moment."),
    ((b"retry-after", b"5"),),
)
RESTARTING = Refusal(503, 1012, "restarting", _("The server is restarting. Connect again."), ((b"retry-after", b"1"),))
