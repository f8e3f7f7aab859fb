"""Pages of what users follow and have silenced; what the site lets them follow."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from django.db.models import QuerySet
from django.utils import timezone

from ... import conf
from ...core.cursors import newest_first
from ...core.site_functions import ask, some
from ...core.subjects import Target, subject_of
from ...core.users import UserOrPk, UserPk, user_pk, user_pks
from ...errors import SiteFunctionFailed
from ...models import Following, Silence
from ...models.subjects import in_force

SETTING = "INBOX_MAY_FOLLOW"
SALT = "inbox.subjects"

Row = TypeVar("Row", Following, Silence)


@dataclass(frozen=True, slots=True)
class SubjectsPage(Generic[Row]):
    """`next` is the cursor of the next page, None on the last."""

    items: list[Row]
    next: str | None


@dataclass(frozen=True, slots=True)
class Stance:
    """What a user has to do with a subject. `silenced_until` is None if it is silenced for ever, or not at all."""

    follows: bool
    may_follow: bool
    is_silenced: bool
    silenced_until: datetime | None


def may_follow(users: Collection[UserPk], subject: str) -> set[UserPk]:
    """Those of the users whom the site lets follow the subject (`INBOX_MAY_FOLLOW`); nobody if it names no function.

    Raises SiteFunctionFailed.
    """
    if not users or not conf.names_function(SETTING):
        return set()

    def read(found: Any) -> set[UserPk]:
        if isinstance(found, str | bytes):
            raise TypeError(f"{SETTING} returned {type(found).__name__} and no users")
        return set(users).intersection(user_pks(found))

    return ask(SETTING, set(users), subject, read=read, about=f"users {some(users)}, subject {subject!r}")


def lets_follow(user: UserPk, subject: str) -> bool:
    """Whether the site lets this user follow the subject. If its function fails, it does not."""
    try:
        return bool(may_follow([user], subject))
    except SiteFunctionFailed:  # it is logged
        return False


def stance(user: UserOrPk, target: Target) -> Stance:
    """Raises BadValue if there can be no such subject."""
    pk, subject = user_pk(user), subject_of(target)
    silence = Silence.objects.filter(in_force(timezone.now()), mailbox=pk, subject=subject).first()
    return Stance(
        follows=Following.objects.filter(mailbox=pk, subject=subject).exists(),
        may_follow=lets_follow(pk, subject),
        is_silenced=silence is not None,
        silenced_until=silence.until if silence else None,
    )


def following_page(user: UserOrPk, *, before: str | None = None, limit: int = 20) -> SubjectsPage[Following]:
    """What the user follows, the newest first. Raises BadValue for an invalid cursor."""
    return _page(Following.objects.filter(mailbox=user_pk(user)), before, limit)


def silences_page(user: UserOrPk, *, before: str | None = None, limit: int = 20) -> SubjectsPage[Silence]:
    """What the user has silenced, ended silences left out, the newest first. Raises BadValue for an invalid cursor."""
    return _page(Silence.objects.filter(in_force(timezone.now()), mailbox=user_pk(user)), before, limit)


def _page(rows: QuerySet[Row], before: str | None, limit: int) -> SubjectsPage[Row]:
    return SubjectsPage(*newest_first(rows, before, limit, SALT))
