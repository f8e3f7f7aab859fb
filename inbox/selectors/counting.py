"""How many items of a mailbox a `Choice` is about. A list knows only what it has loaded."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db.models import QuerySet

from ..core.choice import Choice
from ..core.snapshots import UserId
from ..core.users import UserPk, user_pk
from ..models import event_types, refs
from . import choosing
from .badges import version_of

MOST = 10_000  # to count more than these takes long, and helps nobody


@dataclass(frozen=True, slots=True)
class Count:
    """`version` was read before; `capped`: there are more, or there may be more than a search has looked at."""

    version: int
    count: int
    capped: bool


def count_chosen(user: UserId, choice: Choice) -> Count:
    """How many items are chosen, counted up to `MOST`. Raises BadValue for an unknown type, NotFound for an unknown
    user."""
    choosing.check(choice)
    pk = user_pk(user)
    version = version_of(pk)
    messages, capped = _with_words(choice, pk) if choice.words else (_messages(choice, pk), False)
    broadcasts = choosing.broadcasts(choice, pk)[: MOST + 1].count() if choice.includes(refs.BROADCAST) else 0
    count = messages + broadcasts
    return Count(version, min(count, MOST), capped or count > MOST)


def _messages(choice: Choice, pk: UserPk) -> int:
    """One statement over all types, which reads no more than `MOST` and one."""
    parts = list[QuerySet[Any, Any]]()
    for name, model in event_types().items():
        if choice.includes(name):
            parts.append(choosing.messages(choice, model, pk).order_by().values_list("seq"))
    if not parts:
        return 0
    with suppress(EmptyResultSet):
        chosen = parts[0].union(*parts[1:], all=True) if len(parts) > 1 else parts[0]
        return chosen[: MOST + 1].count()
    return 0


def _with_words(choice: Choice, pk: UserPk) -> tuple[int, bool]:
    """How many were found, and whether the search has stopped before it had looked at all."""
    types, count = tuple(filter(choice.includes, event_types())), 0
    try:
        for found in choosing.search(choice, types, pk, None):
            count += len(found)
            if count > MOST:
                break
    except choosing.Stopped:
        return count, True
    return count, False
