"""The audience of a broadcast: from a request to the services, and from a row to a response."""

from typing import Any

from django.utils.translation import gettext as _

from ... import selectors
from ...models import Broadcast
from ...services.recipients import Directory, Recipient
from ..shared.faults import fault
from ..shared.problems import BadValues
from .aim_schemas import Excluded
from .orders import group_keys

EXCLUDED_FILTERS = ["excluded", "filters"]  # where they are in a body


def aimed(values: dict[str, Any]) -> tuple[dict[str, Any], list[Recipient]]:
    """The values of an audience for the services, with the primary keys of groups, users and filters; and the users
    that do not exist. Raises BadValues for unknown groups and filters.

    Call it in the transaction that writes them: if a group or filter is deleted meanwhile, the retry finds that.
    """
    values = dict(values)
    excluded: Excluded | None = values.pop("excluded", None)
    named = [*values.get("people", ()), *(excluded.people if excluded else ())]
    directory = Directory(named, need_mailboxes=False)
    unknown: list[Recipient] = []
    if "groups" in values:
        values["groups"] = set(group_keys(values["groups"]))
    if "filters" in values:
        values["filters"] = _filter_keys(values["filters"], ["filters"])
    if "people" in values:
        known, missing = directory.sort(values["people"])
        values["people"], unknown = set(known), [*unknown, *missing]
    if excluded is not None:
        known, missing = directory.sort(excluded.people)
        values |= {"excludes_staff": excluded.staff, "excluded_groups": _excluded_groups(excluded.groups)}
        values["excluded_filters"] = _filter_keys(excluded.filters, EXCLUDED_FILTERS)
        values["excluded_people"], unknown = set(known), [*unknown, *missing]
    return values, unknown


def _excluded_groups(names: list[str]) -> set[int]:
    try:
        return set(group_keys(names))
    except BadValues as error:
        raise BadValues([{**each, "pointer": f"/excluded{each['pointer']}"} for each in error.errors]) from error


def _filter_keys(given: list[int | str], path: list[str]) -> set[int]:
    """Raises BadValues for unknown ids and names."""
    known = selectors.filters_named(given)
    missing = [(n, one) for n, one in enumerate(given) if one not in known]
    if missing:
        raise BadValues([fault("body", [*path, n], _("There is no saved filter “%s”.") % one) for n, one in missing])
    return set(known.values())


def aim_document(row: Broadcast) -> dict[str, Any]:
    """Of a broadcast of `selectors.broadcasts`."""
    return {
        "audience": row.audience,
        "groups": sorted(group.name for group in row.groups.all()),
        "with_staff": row.with_staff,
        "filters": row.filter_names,
        "people_count": row.people_count,
        "excluded": {
            "staff": row.excludes_staff,
            "groups": sorted(group.name for group in row.excluded_groups.all()),
            "filters": row.excluded_filter_names,
            "people_count": row.excluded_people_count,
        },
        "late_joiners": row.late_joiners,
    }
