"""What a user has seen: shown in the bell's panel or on the inbox page, read or not."""

from django.db.models.functions import Greatest

from ...core.users import UserOrPk, user_pk
from ...models import Mailbox, ledger
from ...selectors.badges import snapshot_for_write
from .journal import locked_mailbox
from .marks import bounds


@ledger.retrying
def see(user: UserOrPk, up_to: int) -> bool:
    """Note that the user has seen what the snapshot of version `up_to` counted; returns whether the state changed.

    What came, or became unread again, after that snapshot stays unseen, and so does what an audience brings that the
    user has joined since. An older `up_to` than the one before changes nothing. The version advances only if `unseen`
    changes, or if that can't be told: the cap hides it, or a broadcast came or went meanwhile, which no lock prevents.
    Raises BadValue for an invalid version, NotFound for an unknown user.
    """
    pk = user_pk(user)
    clock, version = bounds(pk, up_to)
    with locked_mailbox(pk):
        mailbox = Mailbox.objects.using(ledger.alias()).filter(pk=pk)
        if mailbox.filter(seen_clock__gte=clock, seen_version__gte=version).exists():
            return False
        before = snapshot_for_write(pk)
        mailbox.update(seen_clock=Greatest("seen_clock", clock), seen_version=Greatest("seen_version", version))
        after = snapshot_for_write(pk)
        is_at_the_cap = after.capped and after.unseen == after.unread
        changed = before != after or is_at_the_cap  # with their versions, hence with the clock
        ledger.advance([pk] if changed else [])
        return changed
