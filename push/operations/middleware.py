"""Middleware for the first two places of `MIDDLEWARE`: the request's id, and probes before anything is checked."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from asgiref.sync import iscoroutinefunction, sync_to_async
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.urls import NoReverseMatch, get_script_prefix, reverse
from django.utils.decorators import sync_and_async_middleware

from .. import logs
from . import views

HEADER = "X-Request-ID"

View = Callable[[HttpRequest], HttpResponseBase]


@sync_and_async_middleware
def request_id(get_response: Any) -> Any:
    """Give each request an id: its own `X-Request-ID` if valid. It is on its log records and on its answer."""
    if iscoroutinefunction(get_response):

        async def asynchronous(request: HttpRequest) -> HttpResponseBase:
            with identified(request) as its_id:
                return _named(await get_response(request), its_id)

        return asynchronous

    def synchronous(request: HttpRequest) -> HttpResponseBase:
        with identified(request) as its_id:
            return _named(get_response(request), its_id)

    return synchronous


@contextmanager
def identified(request: HttpRequest) -> Iterator[str]:
    """push.asgi has chosen an id already, if this came through it."""
    its_id = logs.request_id.get() or logs.valid_or_new(request.META.get("HTTP_X_REQUEST_ID", ""))
    request.request_id = its_id  # type: ignore[attr-defined]
    before = logs.request_id.set(its_id)
    try:
        yield its_id
    finally:
        logs.request_id.reset(before)


def _named(response: HttpResponseBase, its_id: str) -> HttpResponseBase:
    response.headers[HEADER] = its_id
    return response


@sync_and_async_middleware
def probes(get_response: Any) -> Any:
    """Answer `push.operations.urls` before any other middleware: whoever probes a process asks it by its address, which
    is no allowed host, and in plain HTTP from within. The answers depend on neither, and hold nothing secret."""
    if iscoroutinefunction(get_response):

        async def asynchronous(request: HttpRequest) -> HttpResponseBase:
            view = view_of(request)
            return await (sync_to_async(view)(request) if view else get_response(request))

        return asynchronous

    def synchronous(request: HttpRequest) -> HttpResponseBase:
        return (view_of(request) or get_response)(request)

    return synchronous


def view_of(request: HttpRequest) -> View | None:
    return views_by_path(settings.ROOT_URLCONF).get(request.path_info)


@cache
def views_by_path(urlconf: str) -> dict[str, View]:
    """Path (without the script's prefix) -> view; empty if the site does not include them."""
    try:
        return {_path_to(name, urlconf): view for name, view in views.ALL.items()}
    except NoReverseMatch:
        return {}


def _path_to(name: str, urlconf: str) -> str:
    return "/" + reverse(f"operations:{name}", urlconf).removeprefix(get_script_prefix())
