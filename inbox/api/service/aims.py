"""The audience of a broadcast: from a request to the services, and from a row to a response."""

from typing import Any

from ...models import Broadcast
from ...services.recipients import Directory, Recipient
from ..shared.problems import BadValues
from .aim_schemas import Excluded
from .orders import group_keys


def aimed(values: dict[str, Any]) -> tuple[dict[str, Any], list[Recipient]]:
    """The values of an audience for the services, with the primary keys of groups and users; and the users that do not
    exist. Raises BadValues for unknown groups.

    Call it in the transaction that writes them: if a group is deleted meanwhile, the retry finds that.
    """
    values = dict(values)
    excluded: Excluded | None = values.pop("excluded", None)
    named = [*values.get("people", ()), *(excluded.people if excluded else ())]
    directory = Directory(named, need_mailboxes=False)
    unknown: list[Recipient] = []
    if "groups" in values:
        values["groups"] = set(group_keys(values["groups"]))
    if "people" in values:
        known, missing = directory.sort(values["people"])
        values["people"], unknown = set(known), [*unknown, *missing]
    if excluded is not None:
        known, missing = directory.sort(excluded.people)
        values |= {"excludes_staff": excluded.staff, "excluded_groups": _excluded_groups(excluded.groups)}
        values["excluded_people"], unknown = set(known), [*unknown, *missing]
    return values, unknown


def _excluded_groups(names: list[str]) -> set[int]:
    try:
        return set(group_keys(names))
    except BadValues as error:
        raise BadValues([{**each, "pointer": f"/excluded{each['pointer']}"} for each in error.errors]) from error


def aim_document(row: Broadcast) -> dict[str, Any]:
    """Of a broadcast of `selectors.broadcasts`."""
    return {
        "audience": row.audience,
        "groups": sorted(group.name for group in row.groups.all()),
        "with_staff": row.with_staff,
        "people_count": row.people_count,
        "excluded": {
            "staff": row.excludes_staff,
            "groups": sorted(group.name for group in row.excluded_groups.all()),
            "people_count": row.excluded_people_count,
        },
        "late_joiners": row.late_joiners,
    }
