"""Corrections from their beginning: carried out at once if they are small, else queued."""

from collections.abc import Sequence

from django.db import connections, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from ...core.lookups import Among
from ...errors import NotCorrectable, NotFound
from ...models import Correction, CorrectionKind, Send, ledger
from .. import sends
from ..deletions import announce
from .batches import messages_of, rewrite_some
from .removal import is_refused, recall_some, require_unreferenced


def locked_send(send_id: int) -> Send:
    """The send, locked. By the lock order it comes before mailboxes. Raises NotFound."""
    send = Send.objects.select_for_update(no_key=True).filter(pk=send_id).first()
    if send is None:
        raise NotFound(_("There is no such send."))
    return send


def require_linked(send: Send) -> None:
    if not send.is_linked:
        raise NotCorrectable(_("It was sent before messages could be recalled and rewritten."))


def begin(correction: Correction, *, at_once: bool, is_empty: bool = False) -> Correction:
    """Save the correction of a locked send, and carry it out if it is small; otherwise queue it. Returns it.

    `at_once`: all chunks of the send are written. If not, a worker may hold mailboxes and wait for the send, so no
    mailbox may be locked here. `is_empty`: there is nothing to correct.
    """
    correction.finished_at = timezone.now() if is_empty else None
    correction.save()
    if is_empty:
        return correction
    if not (at_once and _is_small(correction) and not _earlier(correction).exists() and _correct_all(correction)):
        announce(correction)
    return correction


def _correct_all(correction: Correction) -> bool:
    """Returns False if a message can't be removed: a worker removes the others."""
    try:
        with transaction.atomic(using=ledger.alias()):
            while correct(correction):
                pass
            if correction.kind == CorrectionKind.RECALL:
                require_unreferenced(correction)
    except Exception as error:
        if correction.kind != CorrectionKind.RECALL or not is_refused(error):
            raise
        correction.refresh_from_db()
        return False
    return True


def retry(correction: Correction) -> Correction:
    """Queue the correction again if it was given up. Returns it. A recall tries what it has kept once more."""
    if correction.failed_at is not None:
        correction.failed_at, correction.attempts, correction.retry_at, correction.reason = None, 0, None, ""
        correction.progress_at = timezone.now()
        if correction.kind == CorrectionKind.RECALL:
            correction.kept, correction.position = 0, ""
        correction.save()
        announce(correction)
    return correction


@ledger.retrying
def retry_correction(pk: int) -> bool:
    """Queue a recall or rewrite again that was given up; returns False if it was not.

    Raises NotCorrectable for a rewrite if the send was recalled or rewritten since: the later one counts.
    """
    with transaction.atomic(using=ledger.alias()):
        send_id = Correction.objects.filter(pk=pk).values_list("send", flat=True).first()
        send = locked_send(send_id) if send_id is not None else None
        correction = Correction.objects.select_for_update(no_key=True).filter(pk=pk, failed_at__isnull=False).first()
        if correction is None:
            return False
        if send is not None and correction.kind == CorrectionKind.REWRITE:
            if send.recalled_at is not None:
                raise NotCorrectable(_("This message was recalled."))
            if send.corrections.filter(kind=CorrectionKind.REWRITE, pk__gt=pk).exists():
                raise NotCorrectable(_("This message was rewritten again since."))
        retry(correction)
        return True


def _is_small(correction: Correction) -> bool:
    found = 0
    for rows in messages_of(correction):
        found += rows.order_by()[: ledger.CHUNK + 1].count()
    return found <= ledger.CHUNK


def ready() -> Q:
    """The pending corrections that may be tried now. Rewrites of one send follow one another."""
    due = Q(retry_at=None) | Q(retry_at__lte=timezone.now())
    earlier = Correction.objects.pending().filter(send=OuterRef("send"), pk__lt=OuterRef("pk"))
    in_turn = Q(kind=CorrectionKind.RECALL) | Q(~Exists(earlier))
    return Q(finished_at=None, failed_at=None) & due & in_turn


def _earlier(correction: Correction) -> QuerySet[Correction]:
    """The rewrites that have to be done before this one."""
    rewrites = Correction.objects.pending().filter(send=correction.send_id, pk__lt=correction.pk)
    return rewrites if correction.kind == CorrectionKind.REWRITE else rewrites.none()


def free(pk: int) -> Correction | None:
    """The correction, locked, if it is to be done and no other worker holds it."""
    return next(iter(free_among([pk])), None)


def free_among(pks: Sequence[int]) -> list[Correction]:
    """Those of these corrections, locked, that are to be done and that no other worker holds."""
    rows = Correction.objects.filter(ready(), Among("pk", pks)).order_by("pk")
    features = connections[ledger.alias()].features
    if features.has_select_for_update:
        of = ("self",) if features.has_select_for_update_of else ()
        rows = rows.select_for_update(skip_locked=features.has_select_for_update_skip_locked, of=of)
    return list(rows)


def correct(correction: Correction) -> bool:
    """Correct up to a thousand messages, in the caller's transaction; returns whether there may be more."""
    step = recall_some if correction.kind == CorrectionKind.RECALL else rewrite_some
    has_more = step(correction)
    if not has_more and correction.kept:
        correction.failed_at = timezone.now()
    elif not has_more:
        correction.finished_at = timezone.now()
    note_progress(correction)
    if not has_more:
        _announce_next(correction)
    return has_more


def note_progress(correction: Correction) -> None:
    correction.progress_at = timezone.now()
    correction.attempts, correction.retry_at = 0, None
    correction.reason = correction.reason if correction.kept else ""
    correction.save()


def _announce_next(correction: Correction) -> None:
    """The next one of the same send, and its chunks if they have waited for this one; or the next about a deleted
    object, because many objects that are deleted at once are announced once."""
    if correction.send is not None and correction.again and correction.send.finished_at is None:
        sends.announce(correction.send.pk)
    others = Correction.objects.filter(ready(), send=correction.send_id, pk__gt=correction.pk)
    for one in others.order_by("pk")[:1]:
        announce(one)
