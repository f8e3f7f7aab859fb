"""`{% load inbox %}`, then `{% visited post %}` on a page about an object, and `{% follow_button post %}`."""

from typing import Any

from django import template
from django.urls import NoReverseMatch, reverse

from .. import selectors
from ..core.snapshots import user_id
from ..core.subjects import Target, subject_of
from ..core.visits import visit_of
from ..visits import version_before

register = template.Library()


@register.inclusion_tag("inbox/tags/visited.html", takes_context=True)
def visited(context: dict[str, Any], target: Target, version: int | None = None) -> dict[str, Any]:
    """When the page is visible, what the user has unread about this object is read, as far as the page can show it.

    `version` is that of a snapshot read before the page's data; by default, that of `note_version` (inbox/visits.py).
    Without either, and for a visitor who is not signed in, nothing is rendered.
    """
    user = _user(context)
    known = version if version is not None else version_before(context.get("request"))
    if user is None or known is None:
        return {"visit": ""}
    return {"visit": visit_of(user_id(user.pk), subject_of(target), known), **_common(context)}


@register.inclusion_tag("inbox/tags/follow_button.html", takes_context=True)
def follow_button(context: dict[str, Any], target: Target, css_class: str = "") -> dict[str, Any]:
    """A form that follows or unfollows this object. Nothing for those who neither follow it nor may follow it.

    `css_class` is that of the button.
    """
    user = _user(context)
    if user is None:
        return {"subject": ""}
    subject = subject_of(target)
    stance = selectors.stance(user, subject)
    if not stance.follows and not stance.may_follow:
        return {"subject": ""}
    request = context.get("request")
    back = request.get_full_path() if request is not None else ""
    return {"subject": subject, "follows": stance.follows, "back": back, "css_class": css_class, **_common(context)}


def _user(context: dict[str, Any]) -> Any:
    """The signed-in user, or None."""
    user = getattr(context.get("request"), "user", None) or context.get("user")
    return user if user is not None and user.is_authenticated else None


def _common(context: dict[str, Any]) -> dict[str, Any]:
    return {
        "api": reverse("inbox-api:api-root"),
        "action": _address("inbox-subjects"),
        "csrf_token": context.get("csrf_token", ""),
        "nonce": f"{context.get('csp_nonce', '')}{getattr(context.get('request'), 'csp_nonce', '')}",
    }


def _address(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""
