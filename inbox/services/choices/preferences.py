"""Preferences of a user: the muted event types, the language, the time zone, the keys and the density."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from ...core.users import UserOrPk, UserPk, user_pk
from ...core.zones import zone_named
from ...errors import BadValue, NotFound
from ...models import ChosenLocale, Density, MutedType, event_types, ledger
from ...rendering.languages import supported


def set_muted(user: UserOrPk, types: Iterable[str]) -> None:
    """Mute exactly these event types: from now on their messages arrive already read.

    No version advances, because the badge does not change. Raises BadValue for an unknown event type.
    """
    set_preferences(user, muted=types)


def set_language(user: UserOrPk, language: str) -> None:
    """Store the language that the user chose, wherever that was; "" for none. It counts where no page names one.

    Raises BadValue for a language that is neither one of `LANGUAGES` nor a variant of one.
    """
    set_preferences(user, language=language)


def set_time_zone(user: UserOrPk, time_zone: str) -> None:
    """Store the time zone that the user chose (`Europe/Berlin`); "" for that of the browser. Raises BadValue."""
    set_preferences(user, time_zone=time_zone)


@ledger.retrying
def set_preferences(
    user: UserOrPk,
    *,
    muted: Iterable[str] | None = None,
    language: str | None = None,
    time_zone: str | None = None,
    character_keys: bool | None = None,
    density: str | None = None,
) -> None:
    """Set several preferences in one transaction; None leaves one as it is. Raises BadValue and NotFound."""
    types = None if muted is None else _known_types(muted)
    locale = {"language": _known_language(language), "time_zone": _known_zone(time_zone)}
    chosen = {**locale, "character_keys": character_keys, "density": _known_density(density)}
    with ledger.locked([user_pk(user)]) as found:
        if not found:
            raise NotFound(_("There is no such user."))
        if types is not None:
            _mute(found[0], types)
        _choose(found[0], {name: value for name, value in chosen.items() if value is not None})


def _known_types(names: Iterable[str]) -> set[str]:
    wanted = set(names)
    if unknown := sorted(wanted - event_types().keys()):
        raise BadValue(_("There is no event type “%s”.") % unknown[0])
    return wanted


def _known_language(language: str | None) -> str | None:
    if language and supported(language) is None:
        raise BadValue(_("“%s” is no language of this site.") % language[:35])
    return supported(language) if language else language


def _known_zone(name: str | None) -> str | None:
    return zone_named(name).key if name else name


def _known_density(name: str | None) -> str | None:
    if name is not None and name not in Density.values:
        raise BadValue(_("There is no density “%s”.") % name[:20])
    return name


def _mute(mailbox: UserPk, wanted: set[str]) -> None:
    rows = MutedType.objects.filter(mailbox=mailbox)
    rows.exclude(type__in=wanted).delete()
    new = wanted.difference(rows.values_list("type", flat=True))
    MutedType.objects.bulk_create(MutedType(mailbox_id=mailbox, type=name) for name in sorted(new))


def _choose(mailbox: UserPk, values: dict[str, Any]) -> None:
    if values:
        row = ChosenLocale(mailbox_id=mailbox, **values)
        ChosenLocale.objects.bulk_create(
            [row], update_conflicts=True, unique_fields=["mailbox"], update_fields=[*values]
        )
