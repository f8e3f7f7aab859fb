"""What a user follows and silences: `following/`, `silences/`; and what they have visited: `inbox/visited/`.

Following and silencing change no snapshot; the response has it all the same, as those of all writes.
"""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Router

from ... import selectors, services
from ...errors import BadValue
from ..shared.auth import owner
from ..shared.document import answers
from ..shared.faults import fault
from ..shared.limits import KIB, json_body
from ..shared.problems import invalid
from ..shared.schemas import Snapshot, Written
from ..shared.times import moment
from .acts import recording, written
from .subject_schemas import FollowedPage, NewSilence, SilencedPage, SubjectPath, SubjectsQuery, Visit

router = Router()
router.add_decorator(json_body(4 * KIB), mode="view")


@router.post(
    "inbox/visited/",
    response=answers({200: Written}, 400, 403, 413, 415, 422),
    operation_id="visit",
    summary="Read what a page has shown",
)
def visit(request: HttpRequest, body: Visit) -> dict[str, Any]:
    """Marks as read what was unread about the subject of the page before the page was made. Send it when the page is
    visible, never from one that is being prerendered."""
    user = owner(request)
    with recording(request, body.act) as act:
        services.visit(user, body.visit)
    return written(user, act)


@router.get(
    "following/",
    response=answers({200: FollowedPage}, 422),
    operation_id="listFollowing",
    summary="What the user follows",
)
def following(request: HttpRequest, query: Query[SubjectsQuery]) -> dict[str, Any] | HttpResponse:
    """The newest first."""
    try:
        page = selectors.following_page(owner(request), before=query.before, limit=query.limit)
    except BadValue as error:  # the schema has validated everything else
        return invalid([fault("query", ["before"], error.detail)])
    items = [{"subject": row.subject, "since": moment(row.created_at)} for row in page.items]
    return {"items": items, "next": page.next}


@router.put(
    "following/{path:subject}/",
    response=answers({200: Snapshot}, 403, 413, 415, 422),
    operation_id="follow",
    summary="Follow a subject",
)
def follow(request: HttpRequest, subject: Path[SubjectPath]) -> dict[str, Any]:
    """From now on, what a service sends to this topic arrives. The site decides who may follow what (403,
    `may_not_follow`). If the user follows it already, nothing changes."""
    user = owner(request)
    services.follow(user, subject)
    return selectors.snapshot(user).as_dict()


@router.delete(
    "following/{path:subject}/",
    response=answers({200: Snapshot}, 403, 422),
    operation_id="unfollow",
    summary="Stop following a subject",
)
def unfollow(request: HttpRequest, subject: Path[SubjectPath]) -> dict[str, Any]:
    """If the user does not follow it, nothing changes."""
    user = owner(request)
    services.unfollow(user, subject)
    return selectors.snapshot(user).as_dict()


@router.get(
    "silences/",
    response=answers({200: SilencedPage}, 422),
    operation_id="listSilences",
    summary="What the user has silenced",
)
def silences(request: HttpRequest, query: Query[SubjectsQuery]) -> dict[str, Any] | HttpResponse:
    """The newest first, without silences that have ended."""
    try:
        page = selectors.silences_page(owner(request), before=query.before, limit=query.limit)
    except BadValue as error:  # the schema has validated everything else
        return invalid([fault("query", ["before"], error.detail)])
    items = [
        {"subject": row.subject, "since": moment(row.created_at), "until": moment(row.until)} for row in page.items
    ]
    return {"items": items, "next": page.next}


@router.put(
    "silences/{path:subject}/",
    response=answers({200: Snapshot}, 400, 403, 413, 415, 422),
    operation_id="silence",
    summary="Silence a subject",
)
def silence(request: HttpRequest, subject: Path[SubjectPath], body: NewSilence) -> dict[str, Any]:
    """From now on, messages about this subject arrive already read. Mentions, and what can't be muted, arrive unread
    all the same. Existing messages do not change."""
    user = owner(request)
    services.silence(user, subject, **body.end())
    return selectors.snapshot(user).as_dict()


@router.delete(
    "silences/{path:subject}/",
    response=answers({200: Snapshot}, 403, 422),
    operation_id="unsilence",
    summary="End the silence of a subject",
)
def unsilence(request: HttpRequest, subject: Path[SubjectPath]) -> dict[str, Any]:
    """If it is not silenced, nothing changes."""
    user = owner(request)
    services.unsilence(user, subject)
    return selectors.snapshot(user).as_dict()
