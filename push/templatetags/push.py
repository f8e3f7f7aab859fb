"""`{% load push %}`, then `{% notification_bell %}`: the bell of the signed-in user, and `{% broadcast_banners %}`:
announcements on top of the page, also for visitors. Both have everything that they need to know."""

from collections.abc import Callable
from typing import Any

from django import template
from django.conf import settings
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from inbox import conf, selectors
from inbox.core.isolation import log_failure
from inbox.errors import NotFound
from inbox.page.wording import name_of

from ..views import visitors

SEEN = 2  # banners; the others are behind "N more", as in ui/stack.js

register = template.Library()


@register.inclusion_tag("push/notification_bell.html", takes_context=True)
def notification_bell(context: dict[str, Any]) -> dict[str, Any]:
    """For anonymous visitors there is no bell: `user` is then None. Their page tells the browser's other tabs so."""
    user = _user(context)
    if user is None:
        return {"user": None}
    common = {"push": _push(), "nonce": _nonce(context)}
    if not user.is_authenticated:
        return {"user": None, **common}
    badge = "" if (chosen := conf.badge()) == conf.DEFAULT_BADGE else chosen
    return {"user": str(user.pk), "badge": badge, **common, **_addresses(context)}


@register.inclusion_tag("push/broadcast_banners.html", takes_context=True)
def broadcast_banners(context: dict[str, Any]) -> dict[str, Any]:
    """Renders what is live now. For a page without `user` or `request` in its context: what visitors see."""
    user = _user(context)
    common = {"push": _push(), "nonce": _nonce(context), **_addresses(context)}
    if user is not None and user.is_authenticated:
        return {"user": str(user.pk), **common, **_split(_or_nothing(lambda: _of_user(user.pk), {"version": 0}))}
    found = _or_nothing(lambda: visitors.read(get_language() or ""), {"max_age": 0})
    return {"visitors": visitors.address(get_language() or ""), **common, **_split(found)}


@register.filter
def level_word(level: str) -> str:
    """As in inbox/static/inbox/shared/item.js."""
    return {"warning": _("Warning"), "critical": _("Critical")}.get(level, "")


@register.filter
def of(act: str, title: str) -> str:
    """The name of a button: "Close: Maintenance tonight"."""
    return name_of(act, title)


def _or_nothing(read: Callable[[], dict[str, Any]], otherwise: dict[str, Any]) -> dict[str, Any]:
    """What is read; no items if that fails: no page fails for want of its banners, error pages included. The script
    reads them again."""
    try:
        return read()
    except Exception:  # noqa: BLE001 (logged there)
        log_failure("Reading the banners of a page")
        return {**otherwise, "items": []}


def _of_user(pk: Any) -> dict[str, Any]:
    try:
        found = selectors.announcements(pk)
    except NotFound:  # deleted since the session was looked up
        return {"version": 0, "items": []}
    return {"version": found.version, "items": [item.as_dict() for item in found.items]}


def _split(data: dict[str, Any]) -> dict[str, Any]:
    """The data for the script, and the banners among it. The script shows dialogs itself. `early`: something about the
    banners can be decided in the browser only (early.js)."""
    banners = [item for item in data["items"] if "banner" in item["kinds"]]
    early = any("revision" in item or "<time" in item.get("body_html", "") for item in banners)
    return {"data": data, "first": banners[:SEEN], "rest": banners[SEEN:], "early": early}


def _user(context: dict[str, Any]) -> Any:
    return getattr(context.get("request"), "user", None) or context.get("user")


def _push() -> str:
    return reverse("push:poll").removesuffix("poll/")


def _nonce(context: dict[str, Any]) -> str:
    """Django 6's, or django-csp's."""
    return f"{context.get('csp_nonce', '')}{getattr(context.get('request'), 'csp_nonce', '')}"


def _addresses(context: dict[str, Any]) -> dict[str, Any]:
    return {
        "api": reverse("inbox-api:api-root"),
        "inbox": reverse("inbox"),
        "language": get_language() or "",
        "mqtt_url": getattr(settings, "MQTT_WS_URL", ""),
        "csrf_token": context.get("csrf_token", ""),
    }
