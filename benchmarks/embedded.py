"""The site with one more address, which writes a message and answers when it was committed (monotonic clock)."""

import json
from time import monotonic
from typing import Any

from asgiref.sync import sync_to_async

from notify_site.asgi import application as site

PATH = "/benchmark/send/"


def write(recipient: int) -> float:
    """Write one message; the moment after its commit."""
    from inbox import services
    from inbox.models import FollowMessage
    from inbox.signals import mailbox_changed

    committed: list[float] = []

    def note(**kwargs: Any) -> None:
        committed.append(monotonic())

    mailbox_changed.connect(note)
    try:
        services.send([recipient], FollowMessage)
    finally:
        mailbox_changed.disconnect(note)
    return committed[0]


async def application(scope: Any, receive: Any, send: Any) -> None:
    if scope.get("path") != PATH:
        await site(scope, receive, send)
        return
    when = await sync_to_async(write)(int(scope["query_string"]))
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(when).encode()})
