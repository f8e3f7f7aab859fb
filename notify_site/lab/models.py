from datetime import timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

LONGEST = timedelta(minutes=2)  # then the process that ran it is gone


class BurstQuerySet(models.QuerySet["Burst"]):
    def running(self) -> "BurstQuerySet":
        return self.filter(ended_at=None, started_at__gt=timezone.now() - LONGEST)


class Burst(models.Model):
    """Many commits in a row, and when each happened: a row, because another process may answer for it."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    total = models.PositiveIntegerField()
    done = models.PositiveIntegerField(default=0)
    commits = models.JSONField(default=list)  # [[version, epoch milliseconds], …], once it has ended
    started_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager[Any]] = BurstQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.done}/{self.total}"
