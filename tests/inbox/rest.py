"""Callers of the REST API: people with browsers."""

import json
from typing import Any

from django.contrib.auth import get_user_model
from django.test import Client

from inbox import selectors, services
from inbox.core.snapshots import Snapshot
from inbox.models import Broadcast, CommentMessage, UndoableChange
from tests.demo.visible import CHINESE

PREFIX = "/api/v1/"
IN_CHINESE = {"Accept-Language": "zh-hans"}  # `problem` then checks that nothing is left in English
TOKEN = "t" * 32


def person(name: str, **flags: Any) -> Any:
    return get_user_model().objects.create_user(username=name, password="x", **flags)


BUTTONS = [{"label": "Approve", "url": "/approve/"}, {"label": "Decline", "url": "https://example.com/no"}]


def comment(user: Any, **columns: Any) -> CommentMessage:
    services.send([user], CommentMessage, **{"target_title": "Red dots", **columns})
    return CommentMessage.objects.filter(recipient=user).latest("pk")


def announcement(**columns: Any) -> Broadcast:
    broadcast = Broadcast.objects.create(**{"title": "Maintenance", "body": "At **noon**.", **columns})
    services.publish(broadcast)
    return broadcast


def undoable(user: Any) -> str:
    """A token that undoes an act of this user's, which has changed nothing that is still there."""
    made = {"mailbox_id": user.pk, "act": "x" * 22, "rows": []}
    return UndoableChange.objects.create(**made).act


def state(user: Any) -> Snapshot:
    return selectors.snapshot(user)


def snapshot_in(answer: Any) -> dict[str, Any]:
    """What the answer to a write of the user says beside the number of changes and the token that undoes them."""
    return {name: value for name, value in answer.json().items() if name not in {"changed", "undo"}}


class Caller:
    """A browser: the session of `user`, if any, and (unless `csrf` is false) the token that writes need."""

    def __init__(self, user: Any = None, *, csrf: bool = True) -> None:
        self.client = Client(enforce_csrf_checks=True, raise_request_exception=False)
        self.headers = {"X-CSRFToken": TOKEN} if csrf else {}
        self.client.cookies["csrftoken"] = TOKEN
        if user is not None:
            self.client.force_login(user)

    def __call__(self, method: str, path: str, body: Any = None, **extra: Any) -> Any:
        """Call an address below /api/v1/; `body` is sent as JSON unless it is bytes already."""
        data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        extra = {"content_type": "application/json", "headers": self.headers} | extra
        return self.client.generic(method, PREFIX + path, data, **extra)

    def get(self, path: str) -> Any:
        return self("GET", path)


def problem(response: Any, status: int) -> dict[str, Any]:
    """The problem document of a refusal, checked for the form every one of them has."""
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    document: dict[str, Any] = json.loads(response.content)
    assert document["type"] == "about:blank"
    assert document["status"] == status
    assert all(isinstance(document[member], str) and document[member] for member in ("title", "detail", "code"))
    if response.get("Content-Language") == "zh-hans":
        details = [document["detail"], *(error["detail"] for error in document.get("errors", ()))]
        in_english = [detail for detail in details if not CHINESE.search(detail)]
        assert not in_english, in_english
    return document
