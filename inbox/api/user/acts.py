"""Acts of a user, and the answers to them, which say how to undo them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.http import HttpRequest

from ... import selectors, services
from ...core.snapshots import UserId
from ..shared import problems
from ..shared.auth import owner


@contextmanager
def recording(request: HttpRequest, token: str | None = None) -> Iterator[services.Act]:
    """As in services, of the user of this request. If it fails midway, the problem document has the token."""
    with services.recording(owner(request), token) as act:
        problems.note_act(request, act)
        yield act


def written(user: UserId, act: services.Act) -> dict[str, Any]:
    """The answer to a write of the user."""
    return {**selectors.snapshot(user).as_dict(), "changed": act.changed, "undo": act.undo}
