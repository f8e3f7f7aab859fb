"""Forms that were sent: each creates what it creates once, however often its button was clicked."""

from typing import Any, ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .mailbox import PrimaryQuerySet


class Submission(models.Model):
    """`key` is made of the form's own, drawn when it was shown, and of what was filled in. `result` names what was
    created, in the words of the form."""

    key = models.CharField(_("key"), max_length=36, primary_key=True)
    result = models.CharField(_("result"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("created at"), default=timezone.now, db_index=True)

    objects: ClassVar[models.Manager[Any]] = PrimaryQuerySet.as_manager()

    class Meta:
        verbose_name = _("sent form")
        verbose_name_plural = _("sent forms")

    def __str__(self) -> str:
        return self.key
