"""Submitted forms: each creates its object once, however often it is submitted."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .mailbox import PrimaryQuerySet


class Submission(models.Model):
    """`key` is derived from the random key of the rendered form and from the submitted values. `result` names the
    created object; its format is the form's own."""

    key = models.CharField(_("key"), max_length=36, primary_key=True)
    result = models.CharField(_("result"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("created at"), default=timezone.now, db_index=True)

    objects = PrimaryQuerySet.as_manager()

    class Meta:
        verbose_name = _("sent form")
        verbose_name_plural = _("sent forms")

    def __str__(self) -> str:
        return self.key
