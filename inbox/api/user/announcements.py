"""Banners and dialogs: `inbox/announcements/`, and `close/` and `confirm/` below each of them."""

from typing import Any

from django.http import HttpRequest
from ninja import Path, Query, Router

from ... import selectors, services
from ..shared.auth import owner
from ..shared.document import answers
from ..shared.limits import KIB, json_body
from ..shared.schemas import Announcements, LanguageQuery, Ref, Seen, Snapshot, Written
from .acts import recording, written

router = Router()
router.add_decorator(json_body(4 * KIB), mode="view")


@router.get(
    "inbox/announcements/",
    response=answers({200: Announcements}, 422),
    operation_id="listAnnouncements",
    summary="Banners and dialogs to show",
    exclude_unset=True,
)
def announcements(request: HttpRequest, query: Query[LanguageQuery]) -> dict[str, Any]:
    """What a page shows above everything else until the user closes or confirms it: the most urgent first, then the
    newest; at most 20. What also shows in the inbox is an item there as well, and each is independent of the other."""
    user = owner(request)
    found = selectors.announcements(user)
    trial = {"trial": found.trial.as_dict()} if found.trial else {}
    return {"user": user, "version": found.version, "items": [each.as_dict() for each in found.items], **trial}


@router.post(
    "inbox/announcements/{ref}/close/",
    response=answers({200: Written}, 400, 403, 404, 409, 413, 415, 422),
    operation_id="closeBanner",
    summary="Close a banner",
)
def close(request: HttpRequest, ref: Path[Ref], body: Seen | None = None) -> dict[str, Any]:
    """If it is closed already, nothing changes."""
    user = owner(request)
    with recording(request) as act:
        services.close_banner(user, [ref], seen=body.version if body else None)
    return written(user, act)


@router.post(
    "inbox/announcements/{ref}/confirm/",
    response=answers({200: Snapshot}, 400, 403, 404, 409, 413, 415, 422),
    operation_id="confirmDialog",
    summary="Confirm a dialog",
)
def confirm(request: HttpRequest, ref: Path[Ref], body: Seen | None = None) -> dict[str, Any]:
    """If it is confirmed already, nothing changes. It can't be undone: who has published the dialog relies on it."""
    user = owner(request)
    services.confirm(user, [ref], seen=body.version if body else None)
    return selectors.snapshot(user).as_dict()
