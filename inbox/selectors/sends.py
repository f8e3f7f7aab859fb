"""How far sends have come."""

from datetime import datetime
from typing import Any

from django.db.models import Count, Min
from django.utils.translation import gettext as _

from ..errors import NotFound
from ..models import Send, ServiceToken


def send(pk: int, token: ServiceToken) -> Any:
    """One send of this token, or of the one that it takes the place of (same name, same owner). NotFound otherwise."""
    found = Send.objects.filter(pk=pk, token__name=token.name, token__owner=token.owner_id).first()
    if found is None:
        raise NotFound(_("There is no such send."))
    return found


def pending_sends() -> tuple[int, datetime | None]:
    """How many sends are on their way, and since when the oldest of them waits."""
    found = Send.objects.pending().aggregate(count=Count("pk"), oldest=Min("created_at"))
    return found["count"], found["oldest"]


def failed_sends() -> int:
    """How many sends have been given up, and not been tried again."""
    return int(Send.objects.failed().count())
