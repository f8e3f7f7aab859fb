"""What the inbox page says where it lists nothing, and the link that leads on; `screen.js` says the same."""

from typing import NamedTuple

from django.utils.translation import gettext as _

from .filters import Filter


class Empty(NamedTuple):
    """`link` is the text of the link to the list that `query` chooses; "" if there is none."""

    title: str
    text: str
    link: str = ""
    query: str = ""


def empty_of(wanted: Filter, label: str) -> Empty:
    """`label`: the name of the type that is chosen."""
    if wanted.before:
        return Empty(_("Nothing is left on this page."), "", _("Show the newest"), wanted.query())
    if wanted.q:
        text = _("Nothing here has all words of “%(words)s”.") % {"words": wanted.q}
        return Empty(_("Nothing found"), text, _("Clear the search"), wanted.query(q=""))
    if wanted.thread:
        text = _("Its notifications are archived, snoozed or gone.")
        return Empty(_("Nothing is left in this thread."), text, _("Show all threads"), wanted.query(view="threads"))
    if wanted.type:
        text = _("Only “%(type)s” are shown.") % {"type": label}
        return Empty(_("Nothing of this kind"), text, _("Show all kinds"), wanted.query(type=""))
    found = _of_view(wanted.view)
    is_inbox = wanted.view in ("", "threads")  # of which nothing is more
    return found if is_inbox else found._replace(link=_("Show the whole inbox"), query=wanted.query(view=""))


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
