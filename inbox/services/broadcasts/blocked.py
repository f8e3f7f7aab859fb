"""Broadcasts that could not be published at their time, and the message to their authors."""

from enum import StrEnum

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from ...models import Broadcast, Level, SystemMessage
from ...rendering.languages import site_language
from ...rendering.wording import shortened
from ...selectors.preferences import chosen
from ..sending import send

TITLE = 150  # characters of the broadcast's title


class Obstacle(StrEnum):
    NOBODY = "nobody is in its audience"
    UNAPPROVED = "nobody has approved it as it is now"


def tell_author(broadcast: Broadcast, obstacle: Obstacle) -> None:
    """In the language that the author chose last, else in the site's."""
    if broadcast.author_id is None:
        return
    with override(chosen(broadcast.author_id).language or site_language()):
        title = _("“%s” was not published") % shortened(broadcast.title, TITLE)
        body = _in_words(obstacle)
        send([broadcast.author_id], SystemMessage, title=title, body=body, level=Level.WARNING, url=_page(broadcast))


def _in_words(obstacle: Obstacle) -> str:
    if obstacle == Obstacle.UNAPPROVED:
        return _("It was due, but nobody had approved it as it was then. Somebody else has to publish it.")
    return _("It was due, but nobody was in its audience. Change the audience, and publish it again.")


def _page(broadcast: Broadcast) -> str:
    """Its page in the admin; empty if the site has no admin."""
    try:
        return reverse("admin:inbox_broadcast_change", args=[broadcast.pk])
    except NoReverseMatch:
        return ""
