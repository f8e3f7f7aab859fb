"""What delivery itself has to remember: for whom an outlet publishes, and when the other processes were last seen."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from inbox.models.mailbox import PrimaryQuerySet

NEVER = -1


class Subscriber(models.Model):
    """A user whose snapshots are published by MQTT.

    The row outlives its user: it is what says that a retained message must still be cleared.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        models.DO_NOTHING,
        db_constraint=False,
        primary_key=True,
        related_name="+",
        verbose_name=_("user"),
    )
    until = models.DateTimeField(_("until"))
    # The snapshot version that the broker has acknowledged, and since when.
    published = models.BigIntegerField(_("published version"), default=NEVER)
    published_at = models.DateTimeField(_("published at"), null=True, blank=True)
    # The ticket that should be their password at a Mosquitto ("": none), and whether the broker knows that.
    ticket = models.CharField(_("ticket"), max_length=1024, default="", blank=True)
    told = models.BooleanField(_("broker told"), default=True)

    objects: ClassVar[models.Manager[Any]] = PrimaryQuerySet.as_manager()

    class Meta:
        verbose_name = _("MQTT subscriber")
        verbose_name_plural = _("MQTT subscribers")

    def __str__(self) -> str:
        return f"{self.pk}@{self.published}"


class Heartbeat(models.Model):
    """When a kind of process was last seen at work ("beat", or "worker sends" for those of the queue `sends`): any of
    them, they do not know each other."""

    name = models.CharField(_("process"), max_length=100, primary_key=True)
    seen_at = models.DateTimeField(_("seen at"), default=timezone.now)

    objects: ClassVar[models.Manager[Any]] = PrimaryQuerySet.as_manager()

    class Meta:
        verbose_name = _("heartbeat")
        verbose_name_plural = _("heartbeats")

    def __str__(self) -> str:
        return f"{self.name}@{self.seen_at}"
