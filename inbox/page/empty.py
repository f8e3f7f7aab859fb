"""What the inbox page says where it lists nothing; `screen.js` says the same."""

from typing import NamedTuple

from django.utils.translation import gettext as _

from .filters import Filter


class Empty(NamedTuple):
    title: str
    text: str


def empty_of(wanted: Filter, label: str) -> Empty:
    """`label`: the name of the type that is chosen."""
    if wanted.before:
        return Empty(_("Nothing is left on this page."), "")
    if wanted.q:
        return Empty(_("Nothing found"), _("Nothing here has all words of “%(words)s”.") % {"words": wanted.q})
    if wanted.thread:
        return Empty(_("Nothing is left in this thread."), "")
    found = _of_view(wanted.view)
    return Empty(found.title, _("Only “%(type)s” are shown.") % {"type": label}) if wanted.type else found


def _of_view(view: str) -> Empty:
    match view:
        case "unread":
            text = _("Nothing unread. New notifications show up here by themselves.")
            return Empty(_("You’re all caught up"), text)
        case "archived":
            return Empty(_("The archive is empty"), _("What you archive is kept here, out of the way."))
        case "starred":
            text = _("What you star is kept here, until you take the star off.")
            return Empty(_("Nothing is starred"), text)
        case "snoozed":
            text = _("What you snooze waits here, and comes back unread when its time has come.")
            return Empty(_("Nothing is snoozed"), text)
    return Empty(_("Your inbox is empty"), _("Whatever concerns you shows up here by itself."))
