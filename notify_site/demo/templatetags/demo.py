from datetime import datetime, timedelta
from typing import Any

from django import template
from django.conf import settings
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext, ngettext_lazy

from inbox.rendering import bidi
from notify_site.demo import accounts, mentions

register = template.Library()

AGO: dict[str, Any] = {
    "year": ngettext_lazy("%(num)d year ago", "%(num)d years ago", "num"),
    "month": ngettext_lazy("%(num)d month ago", "%(num)d months ago", "num"),
    "week": ngettext_lazy("%(num)d week ago", "%(num)d weeks ago", "num"),
    "day": ngettext_lazy("%(num)d day ago", "%(num)d days ago", "num"),
    "hour": ngettext_lazy("%(num)d hour ago", "%(num)d hours ago", "num"),
    "minute": ngettext_lazy("%(num)d minute ago", "%(num)d minutes ago", "num"),
}
HUES = 6  # number of .avatar-N colours in site.css


@register.filter
def with_mentions(text: str, known: frozenset[str]) -> SafeString:
    """`text`, escaped, with the mentions of `known` people linked to their pages."""
    return mentions.linked(text, known, lambda name: reverse("profile", args=[name]))


@register.filter
def display_name(user: User) -> str:
    """The full name, or the user name where there is none."""
    return user.get_full_name() or user.get_username()


@register.filter
def isolated(text: str) -> str:
    """For a name in plain text, as in a page's title; in markup <bdi> does it."""
    return bidi.isolated(text)


@register.filter
def moment(when: datetime) -> str:
    """As `<time datetime>` takes it: HTML allows three digits of a second."""
    return when.isoformat(timespec="milliseconds")


@register.filter
def initials(user: User) -> str:
    """One or two letters for the avatar."""
    letters = [part[0] for part in (user.first_name, user.last_name) if part]
    return "".join(letters or [user.get_username()[0]]).upper()


@register.filter
def hue(user: User) -> int:
    """Which of the avatar colours is this user's, 1 to `HUES`."""
    return user.pk % HUES + 1


@register.simple_tag
def demo_accounts() -> tuple[accounts.Account, ...]:
    """Whom the sign-in page offers: the demo accounts while DEBUG is on, else nobody."""
    return accounts.ACCOUNTS if settings.DEBUG else ()


@register.simple_tag
def demo_password() -> str:
    """The password of the demo accounts while DEBUG is on, else nothing."""
    return accounts.PASSWORD if settings.DEBUG else ""


@register.filter
def ago(moment: datetime) -> str:
    """How long ago, in one unit: "just now", "3 hours ago"."""
    if timezone.now() - moment < timedelta(minutes=1):
        return gettext("just now")
    return timesince(moment, time_strings=AGO, depth=1)
