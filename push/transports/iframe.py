"""The forever-frame: an endless HTML document whose script blocks hand each snapshot to the page around it.

What Comet pages did before EventSource (Alex Russell, "Comet: Low Latency Data for the Browser", 2006). It works where
nothing else streams, and keeps the page's spinner turning while it does.
"""

from secrets import token_urlsafe

from ..frames import Update
from ..gate import Scope, Visitor
from ..hub.counts import tally_of
from ..wire import Wire
from ..wire.servers import Receive, Send
from .http import HttpConnection, hold

HEADERS = [
    (b"content-type", b"text/html; charset=utf-8"),
    (b"cache-control", b"no-cache, no-transform"),
    (b"vary", b"Cookie, Authorization"),
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"SAMEORIGIN"),
    (b"referrer-policy", b"no-referrer"),
]
POLICY = (
    "default-src 'none'; script-src 'nonce-{}'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
# Browsers begin to run a document once they have guessed what it is: after 1,024 bytes, or the first that say so.
PADDING = "<!--" + " " * 2048 + "-->\n"
HEAD = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Red Dot</title>{PADDING}'
KEEP_ALIVE = '"keep-alive"'


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    await hold(scope, receive, send, IframeConnection)


class IframeConnection(HttpConnection):
    """A document that never ends."""

    __slots__ = ("nonce",)

    keeps_alive = True
    tally = tally_of("iframe")

    def __init__(self, wire: Wire, visitor: Visitor) -> None:
        super().__init__(wire, visitor)
        self.nonce = token_urlsafe(16)

    @staticmethod
    def encode(update: Update, text: str) -> str:
        return call(text)

    def open(self, update: Update) -> bool:
        policy = (b"content-security-policy", POLICY.format(self.nonce).encode())
        if self.begin_stream({"type": "http.response.start", "status": 200, "headers": [*HEADERS, policy]}):
            self._show(call(update.text), before=HEAD)
        return True

    def keep_alive(self) -> None:
        self._show(call(KEEP_ALIVE))

    def _write(self, update: Update) -> None:
        self._show(update.frame(self.encode, self.language, self.sent))

    def _show(self, script: str, before: str = "") -> None:
        block = f'{before}<script nonce="{self.nonce}">{script}</script>\n'
        self.wire.write({"type": "http.response.body", "body": block.encode(), "more_body": True})


def call(text: str) -> str:
    """A script that tells the page around it, if that is of our origin, and takes itself out of the document.

    `text` is JSON in ASCII; without "<" it can neither end the script nor open a comment (WHATWG HTML, 4.12.1.3).
    """
    safe = text.replace("<", "\\u003c")
    return f"parent.postMessage({safe},location.origin);document.currentScript.remove()"
