"""The site behind an application that answers before it has read anything of a request, as a guard may."""

from typing import Any

from django.core.asgi import get_asgi_application

from push.asgi import with_push

site = get_asgi_application()


async def guarded(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] != "http" or scope["path"] != "/early/":
        await site(scope, receive, send)
        return
    await send({"type": "http.response.start", "status": 401, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"no"})


application = with_push(guarded)
