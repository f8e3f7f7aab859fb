"""What a user follows and silences. No version advances: neither the badge nor a page changes by it."""

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from ...core.subjects import Target, subject_of
from ...core.users import UserOrPk, UserPk, user_pk
from ...errors import BadValue, MayNotFollow
from ...models import Following, Silence, ledger
from ...models.subjects import in_force
from ...selectors.subjects.stances import lets_follow
from ..acts.journal import locked_mailbox

MOST = 10_000  # subjects that one user follows, and that one user has silenced


def follow(user: UserOrPk, target: Target) -> bool:
    """From now on, the user gets what is sent to the followers of this object; returns whether that is new.

    Raises MayNotFollow if the site does not let them (`INBOX_MAY_FOLLOW`) or does not say, BadValue for too many or for
    what is no subject, NotFound for an unknown user.
    """
    pk, subject = user_pk(user), subject_of(target)
    if not lets_follow(pk, subject):
        raise MayNotFollow(_("You can't follow this."))
    return _follow(pk, subject)


@ledger.retrying
def _follow(pk: UserPk, subject: str) -> bool:
    with locked_mailbox(pk):
        rows = Following.objects.filter(mailbox=pk)
        if rows.filter(subject=subject).exists():
            return False
        _require_room(rows.count())
        Following.objects.create(mailbox_id=pk, subject=subject)
        return True


@ledger.retrying
def unfollow(user: UserOrPk, target: Target) -> bool:
    """Once this has returned, nothing more that is sent to the followers arrives; returns whether they had followed."""
    pk, subject = user_pk(user), subject_of(target)
    with locked_mailbox(pk):
        return bool(Following.objects.filter(mailbox=pk, subject=subject).delete()[0])


@ledger.retrying
def silence(user: UserOrPk, target: Target, *, until: datetime | None = None, lasting: timedelta | None = None) -> None:
    """From now on, messages about this object arrive already read: until then, for so long, or for ever.

    It replaces an earlier silence of the object. Raises BadValue for an end that has passed, for too many silences or
    for what is no subject, NotFound for an unknown user.
    """
    pk, subject, now = user_pk(user), subject_of(target), timezone.now()
    end = now + lasting if lasting is not None else until
    if end is not None and timezone.is_naive(end):
        raise BadValue(_("A time needs a time zone."))
    if end is not None and end <= now:
        raise BadValue(_("A silence ends later than now."))
    with locked_mailbox(pk):
        rows = Silence.objects.filter(mailbox=pk)
        if not rows.filter(subject=subject).update(until=end, created_at=now):
            rows.exclude(in_force(now)).delete()
            _require_room(rows.count())
            Silence.objects.create(mailbox_id=pk, subject=subject, until=end)


@ledger.retrying
def unsilence(user: UserOrPk, target: Target) -> bool:
    """Messages about this object arrive unread again; returns whether it was silenced."""
    pk, subject = user_pk(user), subject_of(target)
    with locked_mailbox(pk):
        is_silenced = Silence.objects.filter(in_force(timezone.now()), mailbox=pk, subject=subject).exists()
        Silence.objects.filter(mailbox=pk, subject=subject).delete()
        return is_silenced


def _require_room(number: int) -> None:
    if number >= MOST:
        raise BadValue(_("At most %(count)d subjects.") % {"count": MOST})
