"""`preferences/`: the event types that a user has muted, the language, the time zone, the keys and the density."""

from typing import Any

from django.http import HttpRequest
from ninja import Router

from ... import selectors, services
from ..shared.auth import owner
from ..shared.document import answers
from ..shared.limits import KIB, json_body
from ..shared.schemas import Snapshot
from .preference_schemas import NewPreferences, Preferences, PreferencesPatch

router = Router()
router.add_decorator(json_body(4 * KIB), mode="view")


@router.get(
    "preferences/",
    response=answers({200: Preferences}),
    operation_id="getPreferences",
    summary="What the user has chosen",
)
def preferences(request: HttpRequest) -> dict[str, Any]:
    """The muted types, whose messages arrive already read; the language, the time zone, whether characters are
    shortcuts, and the density of lists."""
    user = owner(request)
    return {"muted": selectors.muted(user), **selectors.chosen(user)._asdict()}


@router.put(
    "preferences/",
    response=answers({200: Snapshot}, 400, 403, 413, 415, 422),
    operation_id="setPreferences",
    summary="Mute exactly these types",
)
def set_preferences(request: HttpRequest, body: NewPreferences) -> dict[str, Any]:
    """From now on, messages of these types arrive already read. Critical ones are never muted. Existing messages do not
    change. The other preferences change only if they are sent."""
    return _written(request, body)


@router.patch(
    "preferences/",
    response=answers({200: Snapshot}, 400, 403, 413, 415, 422),
    operation_id="changePreferences",
    summary="Change some preferences",
)
def change_preferences(request: HttpRequest, body: PreferencesPatch) -> dict[str, Any]:
    """Changes the fields that are sent; the others stay as they are."""
    return _written(request, body)


def _written(request: HttpRequest, body: PreferencesPatch) -> dict[str, Any]:
    user = owner(request)
    services.set_preferences(user, **body.changes())
    return selectors.snapshot(user).as_dict()
