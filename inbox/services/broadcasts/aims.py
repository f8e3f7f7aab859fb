"""The audience in the values that an author sends: which are valid together, and how they are written."""

from collections.abc import Collection, Mapping
from typing import Any

from django.utils.translation import gettext as _

from ...models import Audience, Broadcast, BroadcastMember, Source, ledger
from .copies import CHOSEN
from .lists import set_people

Values = Mapping[str, Any]
SETS = ("people", "excluded_people", *CHOSEN)  # each a set of primary keys
EXCLUSIONS = ("excludes_staff", "excluded_groups", "excluded_people", "excluded_filters")
OF_SEVERAL = ("with_staff", "people", "filters")
WITH_GROUPS = {Audience.GROUPS, Audience.SEVERAL}


def sets_of(broadcast: Broadcast) -> dict[str, set[Any]]:
    """The sets as they are stored. Of the people, only those who were chosen one by one."""
    found: dict[str, set[Any]] = {
        name: set(getattr(broadcast, name).using(ledger.alias()).values_list("pk", flat=True)) for name in CHOSEN
    }
    rows = BroadcastMember.objects.filter(broadcast=broadcast.pk, source=Source.PEOPLE)
    for name, is_excluded in (("people", False), ("excluded_people", True)):
        found[name] = set(rows.filter(is_excluded=is_excluded).values_list("user_id", flat=True))
    return found


def leaves_out_list(broadcast: Broadcast) -> bool:
    """Whether people are left out besides those who were chosen one by one."""
    rows = BroadcastMember.objects.filter(broadcast=broadcast.pk, is_excluded=True)
    return rows.exclude(source=Source.PEOPLE).exists()


def visitors_would_see() -> str:
    """Why a banner for visitors can leave out nobody."""
    return _("This leaves people out, who would see it as soon as they sign out.")


def write_sets(broadcast: Broadcast, values: Values) -> None:
    """Write those of the sets that are among the values."""
    for name in CHOSEN:
        if name in values:
            getattr(broadcast, name).set(values[name])
    for name in ("people", "excluded_people"):
        if name in values:
            set_people(broadcast, values[name], is_excluded=name == "excluded_people")


def check_aim(values: Values, changed: Collection[str], *, may_lack_parts: bool = False) -> dict[str, str]:
    """The errors in the audience, as `check_broadcast`. `may_lack_parts`: “several” needs none of the parts in these
    values, because people are on another list or may be put on one before it is published."""
    if "groups" not in values or "audience" not in values:
        return {}
    audience = values["audience"]
    if audience == Audience.GROUPS and not values["groups"]:
        return {"groups": _("Choose at least one group: without any, this would reach nobody.")}
    has_parts = any(values.get(name) for name in ("groups", *OF_SEVERAL))
    if audience == Audience.SEVERAL and not (has_parts or may_lack_parts):
        return {"audience": _("Choose staff, groups or people: without any, this would reach nobody.")}
    return _check_parts(values, changed, audience)


def _check_parts(values: Values, changed: Collection[str], audience: str) -> dict[str, str]:
    """Parts that don't count are errors if they are new: those of an earlier audience may stay."""
    errors = {}
    if audience not in WITH_GROUPS and values["groups"] and "groups" in changed:
        labels = {"groups": Audience.GROUPS.label, "several": Audience.SEVERAL.label}
        errors["groups"] = _("Groups count with the audiences “%(groups)s” and “%(several)s” only.") % labels
    for name in OF_SEVERAL:
        if audience != Audience.SEVERAL and values.get(name) and name in changed:
            errors[name] = _("This counts with the audience “%s” only.") % Audience.SEVERAL.label
    return errors
