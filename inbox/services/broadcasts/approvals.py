"""The four-eyes rule: publishing is approving, and what is published changes no more.

An edit of a published broadcast is refused, rather than kept until somebody approves it: the edit would be a second
version of each column, translation and part of the audience, and every read would have to leave it out.
"""

from ... import conf
from ...core.acting import actor
from ...core.users import UserPk
from ...errors import NotApproved
from ...models import Broadcast, BroadcastApproval
from ...models.broadcasts.approval import digest_of
from ...selectors.approvals import is_approved, objection


def approve(broadcast: Broadcast) -> None:
    """Note that the acting user approves what is stored; without the rule, nothing. The caller holds the clock.

    Raises NotApproved if this user has written or changed it.
    """
    if not conf.four_eyes():
        return
    if sentence := objection(broadcast, actor()):
        raise NotApproved(sentence)
    _note(broadcast, actor())


def approve_copy(original: Broadcast, copy: Broadcast) -> None:
    """Note that who has approved the original as it is now approves this copy, which the clock has made of it."""
    if not conf.four_eyes() or not is_approved(original.pk):
        return
    last = BroadcastApproval.objects.filter(broadcast=original.pk).first()
    if last is not None:
        _note(copy, last.by_id)


def _note(broadcast: Broadcast, by: UserPk | None) -> None:
    newest = broadcast.history.values_list("pk", flat=True).first()
    BroadcastApproval.objects.create(broadcast=broadcast, by_id=by, digest=digest_of(broadcast.pk), change=newest or 0)
