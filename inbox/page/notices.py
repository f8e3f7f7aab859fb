"""What a form of the inbox page has done, said once on the page that it leads to. Neither the messages framework nor a
session is needed, and reading it writes nothing: it is a signed cookie that lives for a minute. The address that the
form leads to names the cookie, so that no other tab shows it."""

from __future__ import annotations

import re
import secrets
from typing import NamedTuple
from urllib.parse import urlsplit

from django.core import signing
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.utils.encoding import iri_to_uri
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ..core.snapshots import UserId
from ..rendering.numbers import grouped

COOKIE, SALT = "reddot-notice", "inbox.notice"
NAME, VALID = "said", re.compile(r"[\w-]{8}", re.ASCII)  # of the parameter, and its values
LIFETIME = 60  # seconds: the redirect
MOST = 5  # cookies of pages that were never shown
ERROR = "error"  # in the place of an act
MAX_ERROR = 500  # characters


class Notice(NamedTuple):
    """`act` is the name of the act, or `ERROR`; `undo` the token that undoes it, or "". `number`: how many
    items it has changed; of an undo, how many it has skipped. `is_counted`: of an act on many, which says how many."""

    act: str
    number: int = 0
    undo: str = ""
    error: str = ""
    is_counted: bool = False

    @property
    def text(self) -> str:
        if self.act == ERROR:
            return self.error
        if self.act == "undo" and self.number:
            return f"{_('Undone.')} {_skipped(self.number)}"
        if self.is_counted and self.number:
            return _counted(self.act, self.number)
        if self.is_counted and not self.undo and self.act != "read-all":
            return _("There was nothing to change.")
        return _said().get(self.act, "")


def _said() -> dict[str, str]:
    return {
        "read": _("Marked as read."),
        "unread": _("Marked as unread."),
        "star": _("Starred."),
        "unstar": _("Star taken off."),
        "archive": _("Archived."),
        "unarchive": _("Moved to the inbox."),
        "delete": _("Deleted."),
        "snooze": _("Snoozed."),
        "wake": _("Back in the inbox."),
        "read-all": _("Marked all as read."),
        "undo": _("Undone."),
    }


def _counted(act: str, n: int) -> str:
    """`said.js` says the same."""
    text = {
        "read": ngettext("%(n)s marked as read.", "%(n)s marked as read.", n),
        "unread": ngettext("%(n)s marked as unread.", "%(n)s marked as unread.", n),
        "star": ngettext("%(n)s starred.", "%(n)s starred.", n),
        "unstar": ngettext("Star taken off %(n)s.", "Stars taken off %(n)s.", n),
        "archive": ngettext("%(n)s archived.", "%(n)s archived.", n),
        "unarchive": ngettext("%(n)s moved to the inbox.", "%(n)s moved to the inbox.", n),
        "delete": ngettext("%(n)s deleted.", "%(n)s deleted.", n),
        "snooze": ngettext("%(n)s snoozed.", "%(n)s snoozed.", n),
        "wake": ngettext("%(n)s back in the inbox.", "%(n)s back in the inbox.", n),
    }["read" if act == "read-all" else act]
    return text % {"n": grouped(n)}


def _skipped(n: int) -> str:
    return ngettext(
        "%(n)s was changed since, and stays as it is.", "%(n)s were changed since, and stay as they are.", n
    ) % {"n": grouped(n)}


def failure(error: str) -> Notice:
    return Notice(ERROR, error=error[:MAX_ERROR])


def redirect(request: HttpRequest, user: UserId, notice: Notice, to: str, page: str) -> HttpResponseRedirect:
    """Lead to the address `to`, which is that of the inbox page at the path `page`, with the notice. Browsers compare
    the path of a cookie as it is encoded."""
    key, parts, path = secrets.token_urlsafe(6), urlsplit(to), iri_to_uri(page)
    query = f"{parts.query}&{NAME}={key}" if parts.query else f"{NAME}={key}"
    response = HttpResponseRedirect(parts._replace(query=query).geturl())
    value = signing.dumps([user, *notice], salt=SALT)
    left = [name for name in request.COOKIES if name.startswith(f"{COOKIE}-") and VALID.fullmatch(_key(name))]
    for name in left if len(left) >= MOST else ():
        response.delete_cookie(name, path=path, samesite="Lax")
    response.set_cookie(
        f"{COOKIE}-{key}", value, LIFETIME, path=path, secure=request.is_secure(), httponly=True, samesite="Lax"
    )
    return response


def take(request: HttpRequest, user: UserId) -> Notice | None:
    """The notice for this user that the address names, if it was not shown."""
    try:
        owner, *notice = signing.loads(request.COOKIES.get(_cookie(request), ""), salt=SALT, max_age=LIFETIME)
        return Notice(*notice) if owner == user else None
    except (signing.BadSignature, TypeError, ValueError):
        return None


def forget(response: HttpResponseBase, request: HttpRequest) -> None:
    """It was shown: the answer to HEAD shows nothing."""
    if _cookie(request) in request.COOKIES and request.method == "GET":
        response.delete_cookie(_cookie(request), path=iri_to_uri(request.path), samesite="Lax")


def _cookie(request: HttpRequest) -> str:
    """Its name; "" if the address names none."""
    key = request.GET.get(NAME, "")
    return f"{COOKIE}-{key}" if VALID.fullmatch(key) else ""


def _key(cookie: str) -> str:
    return cookie.removeprefix(f"{COOKIE}-")
