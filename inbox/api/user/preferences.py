"""`preferences/`: the event types that a user has muted."""

from typing import Any

from django.http import HttpRequest
from ninja import Router

from ... import selectors, services
from ..shared.auth import owner
from ..shared.document import answers
from ..shared.limits import KIB, json_body
from ..shared.schemas import Preferences, Snapshot

router = Router()
router.add_decorator(json_body(4 * KIB), mode="view")


@router.get(
    "preferences/",
    response=answers({200: Preferences}),
    operation_id="getPreferences",
    summary="What is muted",
)
def preferences(request: HttpRequest) -> dict[str, Any]:
    """The muted types: their messages arrive already read."""
    return {"muted": selectors.muted(owner(request))}


@router.put(
    "preferences/",
    response=answers({200: Snapshot}, 400, 403, 413, 415, 422),
    operation_id="setPreferences",
    summary="Mute exactly these types",
)
def set_preferences(request: HttpRequest, body: Preferences) -> dict[str, Any]:
    """From now on, messages of these types arrive already read. Critical ones are never muted. Existing messages do not
    change."""
    user = owner(request)
    services.set_muted(user, body.muted)
    return selectors.snapshot(user).as_dict()
