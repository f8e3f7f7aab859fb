"""Calls of actions inside a site, JSON in and out.

A request is `{"do": name, "args": […], "kwargs": {…}}`. A name without a dot is a function of actions.py; any other
is a dotted path to a callable of the site (`inbox.services.mark_all_read`). The answer is `{"result": …}`,
or `{"error": class name, "detail": text}`.
"""

import dataclasses
import inspect
import json
from collections.abc import Callable
from typing import Any

from asgiref.sync import sync_to_async
from django.core.serializers.json import DjangoJSONEncoder
from django.db import close_old_connections
from django.db.models import Model
from django.utils.module_loading import import_string

from . import actions


def find(name: str) -> Callable[..., Any]:
    if "." not in name:
        return getattr(actions, name)  # type: ignore[no-any-return]
    return import_string(name)  # type: ignore[no-any-return]


def perform(request: str | bytes) -> str:
    """Run one request in this thread."""
    close_old_connections()
    asked = json.loads(request)
    action = find(asked["do"])
    try:
        return answer(result=action(*asked.get("args", ()), **asked.get("kwargs", {})))
    except Exception as error:  # noqa: BLE001 (the caller gets it, whatever it is)
        return answer(error=type(error).__name__, detail=str(error))


async def perform_async(request: bytes) -> str:
    """Run one request: a coroutine function on this event loop, any other on a thread."""
    asked = json.loads(request)
    action = find(asked["do"])
    if inspect.iscoroutinefunction(action):
        return answer(result=await action(*asked.get("args", ()), **asked.get("kwargs", {})))
    return await sync_to_async(perform, thread_sensitive=True)(request)


class Encoder(DjangoJSONEncoder):
    """Also takes models (their pk), dataclasses and sets."""

    def default(self, value: Any) -> Any:
        if isinstance(value, Model):
            return value.pk
        if hasattr(value, "as_dict"):
            return value.as_dict()
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return dataclasses.asdict(value)
        return sorted(value) if isinstance(value, set | frozenset) else super().default(value)


def answer(**fields: Any) -> str:
    return json.dumps(fields, cls=Encoder)
