"""Which connections are held beside Django, and which go to the site."""

from collections.abc import Awaitable, Callable
from functools import cache

from django.core.handlers.asgi import ASGIHandler
from django.urls import NoReverseMatch, get_script_prefix, reverse

from . import conf, hub, logs
from .gate import Scope, bodies, cors, server_hooks
from .gate.credentials import hide_ticket
from .refusals import BODY_TOO_BIG
from .transports import HELD, HELD_IF, Application
from .wire.servers import Message, Receive, Send


def beside(site: Callable[..., Awaitable[None]]) -> Application:
    """Serve what is held open (`HELD`, wherever `push.urls` is); the rest goes to `site`."""
    own_paths(), api_root()  # imports the site's URLconf: now, rather than on the event loop with the first request

    server_hooks.install(lambda scope: find_held(scope) is not None)

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            logs.request_id.set(logs.valid_or_new((cors.header(scope, b"x-request-id") or b"").decode("latin-1")))
        if is_ours(scope):
            hide_ticket(scope, send)
        granted = granted_to(scope)
        held = find_held(scope)
        if granted and cors.is_preflight(scope):
            await cors.answer_preflight(send, granted)
        elif held is not None and scope["type"] == "http" and bodies.announced(scope) > conf.MAX_FRAME_BYTES:
            await bodies.refuse(scope, receive, send, BODY_TOO_BIG)
        elif held is not None:
            await held(scope, receive, send)
        elif scope["type"] == "http":
            most = conf.MAX_FRAME_BYTES if is_ours(scope) else conf.max_body_bytes()
            await bodies.limited(site, scope, receive, cors.granting(send, granted) if granted else send, most)
        elif not isinstance(site, ASGIHandler):
            await site(scope, receive, send)
        elif scope["type"] == "lifespan":
            await lifespan(receive, send)
        else:  # a WebSocket nobody serves
            await receive()
            await send({"type": "websocket.close"})

    return application


def granted_to(scope: Scope) -> cors.Headers:
    """What a page of another origin is granted here: the transports and the API, nothing else of the site."""
    if scope["type"] != "http" or not (is_ours(scope) or path_of(scope).startswith(api_root())):
        return ()
    return cors.grants(scope)


def is_ours(scope: Scope) -> bool:
    """Whether the address is one of push.urls."""
    return scope["type"] in ("http", "websocket") and path_of(scope) in own_paths()


def find_held(scope: Scope) -> Application | None:
    """The transport that holds this connection beside Django, if one does."""
    if scope["type"] not in ("http", "websocket"):
        return None
    name = held_paths().get(path_of(scope))
    if name is None or not HELD_IF.get(name, _always)(scope):
        return None
    return HELD.get((scope["type"], name))


def _always(scope: Scope) -> bool:
    return True


@cache
def held_paths() -> dict[str, str]:
    """Path (without the script's prefix) -> name of the route in push.urls."""
    return {_path_to(f"push:{name}"): name for _, name in HELD}


@cache
def own_paths() -> frozenset[str]:
    """Every path of a connection: what is held, and the library's view."""
    return frozenset({*held_paths(), _path_to("push:events")})


@cache
def api_root() -> tuple[str, ...]:
    """The path of the API, if the site has it under its own name."""
    try:
        return (_path_to("inbox-api:api-root"),)
    except NoReverseMatch:
        return ()


def _path_to(name: str) -> str:
    return "/" + reverse(name).removeprefix(get_script_prefix())


def path_of(scope: Scope) -> str:
    """The path as Django's URL resolver would see it."""
    path, root = str(scope["path"]), str(scope.get("root_path", ""))
    return path.removeprefix(root) if root and path.startswith(root + "/") else path


async def lifespan(receive: Receive, send: Send) -> None:
    """Django's own application has no lifespan."""
    while True:
        message: Message = await receive()
        if message["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        else:
            hub.stop_all()
            await send({"type": "lifespan.shutdown.complete"})
            return
