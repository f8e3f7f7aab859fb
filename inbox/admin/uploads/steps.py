"""The progress of an upload while it runs, for the script of the page: JSON, one object a line."""

import json
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from typing import Any

from asgiref.sync import sync_to_async
from django.core.exceptions import PermissionDenied
from django.core.handlers.asgi import ASGIRequest
from django.db import DatabaseError
from django.http import HttpRequest, StreamingHttpResponse
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from ... import services
from ...core.acting import acting
from ...errors import InboxError
from ...models import Broadcast
from .form import UploadForm, report_of

logger = logging.getLogger(__name__)

TYPE = "application/x-ndjson"
# No proxy may keep the lines back (X-Accel-Buffering: nginx).
HEADERS = {"Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no"}
Step = dict[str, Any]


def are_asked_for(request: HttpRequest) -> bool:
    return request.method == "POST" and request.headers.get("Accept") == TYPE


def streamed(
    request: HttpRequest, broadcast: Broadcast, form: UploadForm, check: Callable[[Broadcast], None]
) -> StreamingHttpResponse:
    """`{"done": 40000, "total": 200000}` while names are looked up, and in the end a report or `{"error": "…"}`. If it
    ends without these, nobody knows whether the list was written: all of it, or nothing."""
    steps = _told(_steps(broadcast, form, check), request.user.pk, get_language())
    lines = _beside(steps) if isinstance(request, ASGIRequest) else steps
    return StreamingHttpResponse(lines, content_type=TYPE, headers=HEADERS)


def _steps(broadcast: Broadcast, form: UploadForm, check: Callable[[Broadcast], None]) -> Iterator[Step]:
    if not form.is_valid():
        yield {"error": " ".join(str(sentence) for errors in form.errors.values() for sentence in errors)}
        return
    is_excluded = bool(form.cleaned_data["is_excluded"])
    steps = services.uploading(broadcast, form.cleaned_data["file"], is_excluded=is_excluded, check=check)
    while True:
        try:
            yield asdict(next(steps))
        except StopIteration as end:
            yield asdict(report_of(end.value, broadcast, is_excluded))
            return


def _told(steps: Iterator[Step], user: Any, language: str | None) -> Iterator[bytes]:
    """Each step as this user and in this language: the request is over already, and other threads may run them."""
    while True:
        with acting(user), override(language), _refusals() as refused:
            step = next(steps, None)
        step = refused[0] if refused else step
        if step is None:
            return
        yield json.dumps(step).encode() + b"\n"


@contextmanager
def _refusals() -> Iterator[list[Step]]:
    """The status of the response has been sent: what stops the upload is told in its last line."""
    refused: list[Step] = []
    try:
        yield refused
    except InboxError as error:
        refused.append({"error": error.detail})
    except PermissionDenied:
        refused.append({"error": _("You may not change this announcement any more. Nobody was added.")})
    except DatabaseError:
        logger.exception("An upload has failed")
        refused.append({"error": _("The database does not answer in time. Nobody was added. Try again later.")})


async def _beside(lines: Iterator[bytes]) -> AsyncIterator[bytes]:
    """The same beside the event loop, each at a time: Django would collect all of them first."""
    while line := await sync_to_async(partial(next, lines, b""))():
        yield line
