"""Preferences of a user: the event types that are muted."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from ..core.users import UserOrPk, user_pk
from ..errors import BadValue, NotFound
from ..models import MutedType, event_types, ledger


@ledger.retrying
def set_muted(user: UserOrPk, types: Iterable[str]) -> None:
    """Mute exactly these event types: from now on their messages arrive already read.

    No version advances, because the badge does not change. Raises BadValue for an unknown event type.
    """
    wanted = set(types)
    if unknown := sorted(wanted - event_types().keys()):
        raise BadValue(_("There is no event type “%s”.") % unknown[0])
    with ledger.locked([user_pk(user)]) as found:
        if not found:
            raise NotFound(_("There is no such user."))
        rows = MutedType.objects.filter(mailbox__in=found)
        rows.exclude(type__in=wanted).delete()
        new = wanted.difference(rows.values_list("type", flat=True))
        MutedType.objects.bulk_create(MutedType(mailbox_id=found[0], type=name) for name in sorted(new))
