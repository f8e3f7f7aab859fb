"""Recalls: the messages of a send are removed, so that their recipients can't bring them back."""

from django.db import transaction
from django.utils import timezone

from ...models import Correction, CorrectionKind, Send, ledger
from ..attempts import drop_chunks
from .work import begin, locked_send, require_linked, retry


@ledger.retrying
def recall(send_id: int) -> Correction:
    """Remove the messages of this send from every mailbox, and write none of those that are still to be written.

    Returns how far that has come: its status, how many recipients had the message, and how many of these had read it.
    A recall that is repeated returns the same. Raises NotFound; NotCorrectable if the messages do not name the send.
    """
    with transaction.atomic(using=ledger.alias()):
        send = locked_send(send_id)
        if earlier := send.corrections.filter(kind=CorrectionKind.RECALL).first():
            return retry(earlier)
        require_linked(send)
        now, is_over = timezone.now(), send.finished_at is not None
        over = {"finished_at": send.finished_at or now, "failed_at": None, "message": "", "reason": ""}
        Send.objects.filter(pk=send_id).update(recalled_at=now, **over)
        drop_chunks(send_id)
        return begin(Correction(send=send, kind=CorrectionKind.RECALL), at_once=is_over)
