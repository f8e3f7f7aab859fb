"""Preferences of users: the muted event types, the language and the time zone."""

from collections.abc import Iterable
from typing import NamedTuple

from ..core.lookups import Among
from ..core.snapshots import UserId, user_id
from ..core.users import UserOrPk, user_pk, user_pks
from ..models import ChosenLocale, MutedType, event_types
from ..rendering.languages import supported


class Chosen(NamedTuple):
    """What a user has chosen: one of `LANGUAGES`, and the name of a time zone. Both are "" if nothing was chosen."""

    language: str = ""
    time_zone: str = ""


def muted(user: UserOrPk) -> list[str]:
    """The muted event types, whose messages arrive already read, in the order of definition."""
    found = set(MutedType.objects.filter(mailbox=user_pk(user)).values_list("type", flat=True))
    return [name for name in event_types() if name in found]


def chosen(user: UserOrPk) -> Chosen:
    """The language and the time zone that the user has chosen. A language that the site has dropped is none."""
    row = ChosenLocale.objects.filter(mailbox=user_pk(user)).values_list("language", "time_zone").first()
    return Chosen() if row is None else Chosen(supported(row[0]) or "", row[1])


def chosen_languages(users: Iterable[UserOrPk]) -> dict[UserId, str]:
    """The languages of those who have chosen one; one statement."""
    rows = ChosenLocale.objects.filter(Among("mailbox", user_pks(users))).exclude(language="")
    found = ((user_id(user), supported(language)) for user, language in rows.values_list("mailbox", "language"))
    return {user: language for user, language in found if language}
