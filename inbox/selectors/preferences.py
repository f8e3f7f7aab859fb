"""Preferences of users: the muted event types, the language, the time zone, the keys and the density."""

from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from django.db import connections
from django.db.models import Value

from ..core.lookups import RECIPIENT, Among
from ..core.snapshots import UserId, user_id
from ..core.sql.compiled import Compiled
from ..core.users import UserOrPk, user_pk, user_pks
from ..models import ChosenLocale, Density, MutedType, event_types, ledger
from ..rendering.languages import supported


class Chosen(NamedTuple):
    """What a user has chosen: one of `LANGUAGES`, and the name of a time zone, "" if none was chosen; whether
    characters are shortcuts on the inbox page and in the bell's panel; and the density of the lists there."""

    language: str = ""
    time_zone: str = ""
    character_keys: bool = True
    density: str = Density.COMFORTABLE.value


def muted(user: UserOrPk) -> list[str]:
    """The muted event types, whose messages arrive already read, in the order of definition."""
    found = set(MutedType.objects.filter(mailbox=user_pk(user)).values_list("type", flat=True))
    return [name for name in event_types() if name in found]


def chosen(user: UserOrPk) -> Chosen:
    """What the user has chosen. A language that the site has dropped is none."""
    alias, field = ledger.alias(), ChosenLocale._meta.get_field("mailbox")
    owner = field.get_db_prep_value(user_pk(user), connections[alias])
    for language, time_zone, character_keys, density in _compiled(alias).rows({RECIPIENT: owner}):
        return Chosen(supported(language) or "", time_zone, bool(character_keys), density)
    return Chosen()


@cache
def _compiled(alias: str) -> Compiled[ChosenLocale]:
    """Most requests ask for it."""
    rows = ChosenLocale.objects.using(alias).filter(mailbox=Value(RECIPIENT))
    return Compiled(rows.values_list("language", "time_zone", "character_keys", "density"))


def chosen_languages(users: Iterable[UserOrPk]) -> dict[UserId, str]:
    """The languages of those who have chosen one; one statement."""
    rows = ChosenLocale.objects.filter(Among("mailbox", user_pks(users))).exclude(language="")
    found = ((user_id(user), supported(language)) for user, language in rows.values_list("mailbox", "language"))
    return {user: language for user, language in found if language}
