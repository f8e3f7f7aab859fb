"""Approvals of broadcasts under the four-eyes rule (`INBOX_FOUR_EYES`): who has seen what before readers do."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .. import ledger
from ..mailbox import PrimaryQuerySet
from .broadcast import Broadcast
from .history import last_change_of_people

# What else an approval is for: name -> of the broadcast with this primary key, a value in types of JSON. Columns and
# many-to-many fields of `Broadcast` need no entry.
# People stand for themselves by the last change of a list: a list may be long, and a user's deletion is no edit of it.
PARTS: dict[str, Callable[[int], object]] = {"people": last_change_of_people}
# No edit either: who publishes it has its filters find people. The choice of filters is approved, as a set.
FOUND = {"filtered_people", "excluded_filtered_people"}
UNAPPROVED = {"state", "author"}  # besides the columns that only code writes: these are not editable


class BroadcastApproval(models.Model):
    """By publishing it, `by` has approved what the broadcast was then. Whoever changes it makes another one of it.

    `change` is the primary key of its newest `BroadcastChange`: later ones are edits since.
    """

    broadcast = models.ForeignKey(Broadcast, models.CASCADE, related_name="approvals", verbose_name=_("announcement"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("approved by")
    )
    at = models.DateTimeField(_("at"), default=timezone.now)
    digest = models.CharField(_("digest"), max_length=64)
    change = models.BigIntegerField(_("last change"), default=0)

    objects = PrimaryQuerySet.as_manager()

    class Meta:
        verbose_name = _("approval of an announcement")
        verbose_name_plural = _("approvals of announcements")
        ordering = ("-pk",)

    def __str__(self) -> str:
        return f"broadcast-{self.broadcast_id} {self.at:%Y-%m-%d %H:%M}"


def digest_of(broadcast: int) -> str:
    """Of everything that authors decide: texts, shape, audience and dates, also in columns that are added later."""
    fields = [field for field in Broadcast._meta.concrete_fields if _is_approved(field)]
    row = Broadcast.objects.filter(pk=broadcast).values(*(field.attname for field in fields)).get()
    content = {"columns": row, "sets": _sets(broadcast), "parts": {name: PARTS[name](broadcast) for name in PARTS}}
    return sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()


def is_edit(changed: Mapping[str, object]) -> bool:
    """Whether a change in the history (`BroadcastChange.changed`) is one of what is approved, or the first."""
    others = {field.attname for field in Broadcast._meta.concrete_fields if not _is_approved(field)}
    return not changed or not set(changed) <= others | FOUND


def _is_approved(field: models.Field[Any, Any]) -> bool:
    return field.editable and not field.primary_key and field.name not in UNAPPROVED


def _sets(broadcast: int) -> dict[str, list[str]]:
    """The keys in each many-to-many field, such as the groups."""
    found = {}
    for field in Broadcast._meta.many_to_many:
        through: Any = field.remote_field.through
        rows = through._base_manager.using(ledger.alias())
        keys = rows.filter(**{field.m2m_field_name(): broadcast}).values_list(field.m2m_reverse_field_name(), flat=True)
        found[field.name] = sorted(map(str, keys))
    return found
