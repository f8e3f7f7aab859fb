"""The way in: `application = with_push(get_asgi_application())` puts the held transports beside Django."""

from collections.abc import Awaitable, Callable


def with_push(site: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    """Serve /push/ws/, /push/sse/, /push/iframe/, /push/changes/ and waiting /push/poll/ (wherever `push.urls` is), the
    rest by `site`.

    Call it after `get_asgi_application()`, which loads the apps; this module may be imported before.
    """
    from .routing import beside

    return beside(site)
