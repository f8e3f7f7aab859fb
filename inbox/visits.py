"""The version before a page: read before the view reads anything that the page shows, for `{% visited %}`."""

from collections.abc import Awaitable, Callable
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any, ParamSpec, TypeVar, cast

from asgiref.sync import sync_to_async
from django.http import HttpRequest

from . import selectors
from .core.snapshots import user_id

P = ParamSpec("P")
Response = TypeVar("Response")
ATTRIBUTE = "inbox_version"


def note_version(view: Callable[P, Response]) -> Callable[P, Response]:
    """Decorate a view whose page has `{% visited %}`; or list it in `MIDDLEWARE`, after that of authentication, which
    costs every page one query.

    A message that arrives while the page is made is newer than this version, so it stays unread even if the tag is
    rendered after it.
    """
    if iscoroutinefunction(view):

        @wraps(view)
        async def awaited(*args: P.args, **kwargs: P.kwargs) -> Any:
            await sync_to_async(_note)(cast(HttpRequest, args[0]))
            return await cast(Awaitable[Any], view(*args, **kwargs))

        return cast(Callable[P, Response], awaited)

    @wraps(view)
    def noted(*args: P.args, **kwargs: P.kwargs) -> Response:
        _note(cast(HttpRequest, args[0]))
        return view(*args, **kwargs)

    return noted


def _note(request: HttpRequest) -> None:
    user = getattr(request, "user", None)
    if request.method == "GET" and user is not None and user.is_authenticated and not hasattr(request, ATTRIBUTE):
        setattr(request, ATTRIBUTE, selectors.versions([user.pk]).get(user_id(user.pk)))


def version_before(request: HttpRequest | None) -> int | None:
    """The version that `note_version` has read for this request."""
    return getattr(request, ATTRIBUTE, None)
