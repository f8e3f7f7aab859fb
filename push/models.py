"""What delivery stores: the users and devices of the channels, leases of publishers, heartbeats of processes."""

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
    # The ticket that should be their password at a Mosquitto ("": none), whether the broker knows that, and until when
    # one process alone may tell it.
    ticket = models.CharField(_("ticket"), max_length=1024, default="", blank=True)
    told = models.BooleanField(_("broker told"), default=True)
    telling_until = models.DateTimeField(_("telling the broker until"), null=True, blank=True)
    # Which publisher's turn it is, by its client id ("": nobody's), until when, and whether another has news meanwhile.
    holder = models.CharField(_("publisher"), max_length=64, default="", blank=True)
    held_until = models.DateTimeField(_("held until"), null=True, blank=True)
    wanted = models.BooleanField(_("wanted meanwhile"), default=False)

    objects: ClassVar[models.Manager[Any]] = PrimaryQuerySet.as_manager()

    class Meta:
        verbose_name = _("MQTT subscriber")
        verbose_name_plural = _("MQTT subscribers")

    def __str__(self) -> str:
        return f"{self.pk}@{self.published}"


class Device(models.Model):
    """A device that RabbitMQ has let in, and the ticket that opened its connection, which ends with it."""

    client_id = models.CharField(_("client id"), max_length=200, primary_key=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.DO_NOTHING, db_constraint=False, related_name="+", verbose_name=_("user")
    )
    ticket = models.CharField(_("ticket"), max_length=1024)
    seen_at = models.DateTimeField(_("let in at"), default=timezone.now)

    objects: ClassVar[models.Manager[Any]] = PrimaryQuerySet.as_manager()

    class Meta:
        verbose_name = _("MQTT device")
        verbose_name_plural = _("MQTT devices")

    def __str__(self) -> str:
        return self.client_id


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
