"""The bar of acts on what is selected; `bar.js` has the same acts in the same views."""

from typing import NamedTuple

from django.utils.translation import gettext as _

from .filters import Filter


class Act(NamedTuple):
    """`name` as in acts.py."""

    name: str
    label: str
    icon: str


def bar_of(wanted: Filter) -> list[Act]:
    """What is archived or snoozed is unread, or not, in the inbox; what is starred may be archived or not."""
    named = {
        "read": (_("Mark as read"), "read"),
        "unread": (_("Mark as unread"), "unread"),
        "archive": (_("Archive"), "archive"),
        "unarchive": (_("Move to inbox"), "unarchive"),
        "star": (_("Star"), "star"),
        "unstar": (_("Take off the star"), "star"),
        "snooze": (_("Snooze"), "snooze"),
        "wake": (_("Wake now"), "wake"),
        "delete": (_("Delete"), "delete"),
    }
    return [Act(name, *named[name]) for name in _names(wanted.view)]


def _names(view: str) -> list[str]:
    match view:
        case "archived":
            return ["unarchive", "star", "snooze", "delete"]
        case "snoozed":
            return ["wake", "archive", "star", "snooze", "delete"]
        case "starred":
            return ["read", "unread", "archive", "unarchive", "unstar", "snooze", "delete"]
    return ["read", "unread", "archive", "star", "snooze", "delete"]
