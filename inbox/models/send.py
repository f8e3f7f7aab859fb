"""Sends of other services, their chunks, and the idempotency keys of requests."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .mailbox import PrimaryQuerySet
from .message import type_name
from .token import Service, ServiceToken

MAX_KEY = 100  # characters


class SendStatus(models.TextChoices):
    PENDING = "pending", _("Pending")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")


class SendQuerySet(PrimaryQuerySet["Send"]):
    def pending(self) -> Self:
        return self.filter(finished_at=None, failed_at=None)

    def failed(self) -> Self:
        return self.filter(failed_at__isnull=False)


class Send(models.Model):
    """One message to many recipients, and its progress.

    Up to a thousand messages are written together with this row. For more, `message` is the message in Django's JSON
    serialization, and the chunks name the recipients. The send is done when all of its chunks are done. It has failed
    when none is pending and at least one has failed.
    """

    token = models.ForeignKey(
        ServiceToken, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("token")
    )
    # NULL: sent by the site itself, or by a process of the version before (then the token says which service).
    service = models.ForeignKey(
        Service, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False, verbose_name=_("service")
    )
    # The service's own name of the send. NULL for "none", because the partial index leaves out NULL.
    key = models.CharField(_("key"), max_length=MAX_KEY, null=True, blank=True)  # noqa: DJ001
    type = models.CharField(_("type"), max_length=50)
    message = models.TextField(_("message"), blank=True)
    recipients = models.PositiveIntegerField(_("recipients"), default=0)
    unknown = models.PositiveIntegerField(_("unknown recipients"), default=0)
    created = models.PositiveIntegerField(_("messages written"), default=0)
    created_at = models.DateTimeField(_("created at"), default=timezone.now)
    # When a chunk was last written, or a sweep claimed the send. If it is long ago, a sweep claims it.
    progress_at = models.DateTimeField(_("last progress"), default=timezone.now)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    failed_at = models.DateTimeField(_("failed at"), null=True, blank=True)
    # Why it failed, or must be retried. Columns added later have defaults in the database, because processes of the
    # version before still write rows during a deploy.
    reason = models.CharField(_("why it failed"), max_length=300, blank=True, default="", db_default="")
    # What the messages are about, so that a deleted target finds the sends that are not written yet.
    subject = models.CharField(_("subject"), max_length=200, blank=True, default="", db_default="")
    # The subject whose followers get the messages; "" if only named recipients do.
    topic = models.CharField(_("topic"), max_length=200, blank=True, default="", db_default="")
    # Whether its messages name it in their column `send_id`. Processes of the version before leave the default.
    is_linked = models.BooleanField(_("its messages name it"), default=False, db_default=False)
    recalled_at = models.DateTimeField(_("recalled at"), null=True, blank=True)
    # How often `message` was rewritten. A chunk that was written from an older text is written again.
    rewrites = models.PositiveIntegerField(_("rewrites"), default=0, db_default=0)

    objects = SendQuerySet.as_manager()

    class Meta:
        verbose_name = _("message sent by a service")
        verbose_name_plural = _("messages sent by services")
        indexes = [
            models.Index(
                fields=["progress_at"],
                condition=models.Q(finished_at=None, failed_at=None),
                name="inbox_send_unfinished",
            ),
            models.Index(fields=["failed_at"], condition=~models.Q(failed_at=None), name="inbox_send_failed"),
            models.Index(fields=["created_at"], name="inbox_send_created"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["service", "key"], condition=~models.Q(key=None), name="inbox_send_one_per_key"
            ),
        ]

    def __str__(self) -> str:
        return f"{type_name(self.type)} #{self.pk}"

    @property
    def status(self) -> SendStatus:
        if self.failed_at is not None:
            return SendStatus.FAILED
        return SendStatus.PENDING if self.finished_at is None else SendStatus.DONE


class SendChunk(models.Model):
    """Up to a thousand recipients of a send, sorted.

    If the send has a topic, a chunk is also for its followers whose keys are greater than `after` and at most `up_to`.
    These are keys as JSON has them; None is no bound.

    The transaction that writes their messages also sets `done_at`, so that each gets one message, however often the
    chunk is tried; it clears `recipients`, too. A chunk that can't be written is retried at `retry_at`, and fails at
    last.
    """

    send = models.ForeignKey(Send, models.CASCADE, related_name="chunks", db_index=False, verbose_name=_("send"))
    recipients = models.JSONField(_("recipients"), default=list)
    after = models.JSONField(_("after"), null=True, blank=True)
    up_to = models.JSONField(_("up to"), null=True, blank=True)
    done_at = models.DateTimeField(_("done at"), null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(_("failed attempts"), default=0, db_default=0)
    retry_at = models.DateTimeField(_("tried again at"), null=True, blank=True)
    failed_at = models.DateTimeField(_("failed at"), null=True, blank=True)
    reason = models.CharField(_("why it failed"), max_length=300, blank=True, default="", db_default="")

    objects = PrimaryQuerySet.as_manager()

    class Meta:
        verbose_name = _("part of a send")
        verbose_name_plural = _("parts of sends")
        indexes = [models.Index(fields=["send", "id"], name="inbox_sendchunk_send")]

    def __str__(self) -> str:
        return f"{self.send_id}/{self.pk}"


class IdempotencyKey(models.Model):
    """The `Idempotency-Key` of a request: the digest of the request, and its result.

    `result` is written in the same transaction as the work of the request. `is_final` says that it is exactly what the
    client got.
    """

    token = models.ForeignKey(ServiceToken, models.CASCADE, related_name="+", db_index=False, verbose_name=_("token"))
    # NULL: claimed by a process of the version before.
    service = models.ForeignKey(
        Service, models.CASCADE, null=True, blank=True, related_name="+", db_index=False, verbose_name=_("service")
    )
    key = models.CharField(_("key"), max_length=255)
    digest = models.CharField(_("digest"), max_length=64)
    claimed_at = models.DateTimeField(_("claimed at"), default=timezone.now, db_index=True)
    # Text, because PostgreSQL's JSON changes the order of members.
    result = models.TextField(_("result"), blank=True)
    is_final = models.BooleanField(_("final"), default=False)

    objects = PrimaryQuerySet.as_manager()

    class Meta:
        verbose_name = _("idempotency key")
        verbose_name_plural = _("idempotency keys")
        constraints = [
            models.UniqueConstraint(fields=["token", "key"], name="inbox_idempotencykey_once"),
            models.UniqueConstraint(fields=["service", "key"], name="inbox_idempotencykey_service"),
        ]

    def __str__(self) -> str:
        return f"{self.token_id}: {self.key}"
