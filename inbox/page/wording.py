"""What a row says to those who hear it: the words around its title, and the names of its buttons. `wording.js` says the
same of the same item; `tests/wordings.py` has cases for both."""

from __future__ import annotations

import re

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

LONGEST = 100  # characters of a title in the name of a button
_ENDED = re.compile(r"""[.!?…:。！？：؟]["'”’»«」』)\]]*$""")  # such a title needs no full stop
_FULL_WIDTH = re.compile(r"(zh|ja)\b", re.IGNORECASE)  # languages whose punctuation has its space in it


def said_before(*, read: bool, starred: bool, items: int = 0, unread: int = 0) -> str:
    """ "Unread. Starred. Thread of 5, 2 unread:"; "" if it is neither. `items`: of a thread, 0 if it is none."""
    parts = [] if read else [_("Unread.")]
    parts += [_("Starred.")] if starred else []
    parts += [_size_of(items, unread)] if items else []
    return " ".join(parts)


def _size_of(items: int, unread: int) -> str:
    if unread:
        size = ngettext("Thread of %(n)s, %(unread)s unread:", "Thread of %(n)s, %(unread)s unread:", items)
    else:
        size = ngettext("Thread of %(n)s:", "Thread of %(n)s:", items)
    return size % {"n": items, "unread": unread}


def full_stop(title: str) -> str:
    """What ends the title before the time is said, so that nobody takes it for a part of it."""
    if _ENDED.search(title.rstrip()):
        return ""
    return "。" if _is_full_width() else "."


def name_of(act: str, title: str) -> str:
    """ "Archive: Alice commented on Tea"."""
    title = title.strip()
    about = f"{title[:LONGEST].rstrip()}…" if len(title) > LONGEST else title
    return f"{act}{'：' if _is_full_width() else ': '}{about}"


def _is_full_width() -> bool:
    return _FULL_WIDTH.match(get_language() or "") is not None
