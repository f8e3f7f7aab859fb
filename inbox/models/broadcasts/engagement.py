"""What clients report about a broadcast: that it was shown, that it was seen, and which of its links were followed."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..mailbox import PrimaryQuerySet
from .broadcast import Broadcast


class Noticed(models.TextChoices):
    """`SHOWN`: on an open page, whether or not anybody looked. `SEEN`: in the visible part of a visible page. Any other
    than `SHOWN` implies both."""

    SHOWN = "shown", _("Shown on open pages")
    SEEN = "seen", _("Seen")
    LINK = "link", _("Link followed")
    BUTTON_0 = "button0", _("First button followed")
    BUTTON_1 = "button1", _("Second button followed")


class Surface(models.TextChoices):
    INBOX = "inbox", _("Inbox")
    BELL = "bell", _("Bell")
    TOAST = "toast", _("Toast")
    BANNER = "banner", _("Banner")
    DIALOG = "dialog", _("Dialog")


class Engagement(models.Model):
    """The first time that a broadcast was shown to a user, was seen, or had a link followed, since revision `again`.

    Unlike a receipt it is no state of the user's: writing it locks no mailbox and advances no version. Rows refer to
    the user with DO_NOTHING: `services.departures` deletes them after the user's own row.
    """

    broadcast = models.ForeignKey(
        Broadcast, models.CASCADE, related_name="engagements", db_index=False, verbose_name=_("announcement")
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.DO_NOTHING, related_name="+", db_index=False, verbose_name=_("user")
    )
    again = models.PositiveIntegerField(_("shown again since revision"))
    what = models.CharField(_("what"), max_length=8, choices=Noticed.choices)
    surface = models.CharField(_("where"), max_length=8, choices=Surface.choices, blank=True, default="")
    at = models.DateTimeField(_("at"), default=timezone.now)

    objects = PrimaryQuerySet.as_manager()

    class Meta:
        verbose_name = _("engagement")
        verbose_name_plural = _("engagements")
        constraints = [
            models.UniqueConstraint(fields=["broadcast", "again", "what", "user"], name="inbox_engagement_once"),
            models.CheckConstraint(condition=Q(what__in=Noticed.values), name="inbox_engagement_known_what"),
        ]
        indexes = [models.Index(fields=["user"], name="inbox_engagement_user")]

    def __str__(self) -> str:
        return f"broadcast-{self.broadcast_id}/{self.user_id} {self.what}"
