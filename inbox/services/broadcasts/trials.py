"""Trying an announcement out: its author alone sees it, on all open pages, for a few minutes.

It is no broadcast: it counts in no badge, and nobody else can get it. The author's version advances, so each page of
the author reads its announcements again, whatever its transport.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from ...core.users import UserOrPk, user_pk
from ...errors import BadValue, NotFound
from ...models import BroadcastTrial, Mailbox, ledger

LEAST = timedelta(seconds=1)  # between two of an author: each makes all pages of the author ask


@ledger.retrying
def try_out(user: UserOrPk, shown: Mapping[str, Any]) -> None:
    """Show this to the user alone, in place of what the user tried out before. `shown`: the columns of `Shown`.

    Raises BadValue for values that a broadcast can't have and within a second of the last one, NotFound for an unknown
    user.
    """
    trial = BroadcastTrial(mailbox_id=user_pk(user), seq=0, **shown)
    _require_valid(trial)
    with ledger.locked([trial.mailbox_id]) as found:
        if not found:
            raise NotFound(_("There is no such user."))
        if BroadcastTrial.objects.filter(mailbox=trial.mailbox_id, created_at__gt=timezone.now() - LEAST).exists():
            raise BadValue(_("Wait a second before you show it again."))
        ledger.advance(found)
        trial.seq = Mailbox.objects.values_list("version", flat=True).get(pk=trial.mailbox_id)
        trial.save(using=ledger.alias())


def _require_valid(trial: BroadcastTrial) -> None:
    try:
        trial.clean_fields(exclude=["mailbox"])
    except ValidationError as error:
        names = {field.name: field.verbose_name for field in BroadcastTrial._meta.fields}
        found = [f"{names[name]}: {' '.join(sentences)}" for name, sentences in error.message_dict.items()]
        raise BadValue(" ".join(found)) from None
