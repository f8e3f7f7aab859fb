"""The four-eyes rule (`INBOX_FOUR_EYES`): who may publish a broadcast, and whether what is stored was approved.

An approval is for what the broadcast was when somebody published it. Any edit makes another digest, so it is void then.
"""

from django.utils.translation import gettext as _

from .. import conf
from ..core.users import UserPk
from ..models import Broadcast, BroadcastApproval, BroadcastChange
from ..models.broadcasts.approval import digest_of, is_edit


def objection(broadcast: Broadcast, user: UserPk | None) -> str:
    """Why this user must not publish the broadcast; "" if they may, or if there is no such rule.

    None for the site's own code, if it acts for nobody (`inbox.core.acting`).
    """
    if not conf.four_eyes():
        return ""
    if user is None:
        return _("Under the four-eyes rule, a person has to publish this announcement.")
    if user == broadcast.author_id or user in editors(broadcast):
        return _("Under the four-eyes rule, somebody else has to publish it: you have written or changed it.")
    return ""


def editors(broadcast: Broadcast) -> set[UserPk]:
    """Those who have written or changed it since the last approval. Publishing and withdrawing are no changes of it."""
    last = BroadcastApproval.objects.filter(broadcast=broadcast.pk).first()
    changes = BroadcastChange.objects.filter(
        broadcast=broadcast.pk, pk__gt=last.change if last else 0, by__isnull=False
    )
    return {by for by, changed in changes.values_list("by_id", "changed") if is_edit(changed)}


def is_approved(broadcast: int) -> bool:
    """Whether somebody has approved it as it is. True without the rule."""
    if not conf.four_eyes():
        return True
    last = BroadcastApproval.objects.filter(broadcast=broadcast).first()
    return last is not None and last.digest == digest_of(broadcast)
