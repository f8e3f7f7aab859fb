"""The progress of sends."""

from datetime import datetime

from django.db.models import Count, Min
from django.utils.translation import gettext as _

from ..errors import NotFound
from ..models import Send, ServiceToken


def send(pk: int, token: ServiceToken) -> Send:
    """One send of this token, or of an earlier token with the same name and owner. Raises NotFound."""
    found = Send.objects.filter(pk=pk, token__name=token.name, token__owner=token.owner_id).first()
    if found is None:
        raise NotFound(_("There is no such send."))
    return found


def pending_sends() -> tuple[int, datetime | None]:
    """The number of pending sends, and the time at which the oldest of them was created."""
    found = Send.objects.pending().aggregate(count=Count("pk"), oldest=Min("created_at"))
    return found["count"], found["oldest"]


def failed_sends() -> int:
    """The number of sends that were given up, and not retried."""
    return int(Send.objects.failed().count())
