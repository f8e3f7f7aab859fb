"""Middleware of the site."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from django.utils.decorators import sync_only_middleware

View = Callable[[HttpRequest], HttpResponseBase]


@sync_only_middleware
def one_thread(get_response: View) -> View:
    """Last in `MIDDLEWARE`: all of it then runs in the request's thread, where its views run.

    Under ASGI Django's own middleware is asynchronous with synchronous hooks: each of the seven would go to the thread
    and back twice a request. One that is synchronous only makes those before it so.
    """
    return get_response
