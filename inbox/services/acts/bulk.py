"""Acts on many items at once: all of a choice, as far as the user was shown them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any, NamedTuple

from django.core.exceptions import EmptyResultSet
from django.db.models import Exists, Q, QuerySet, Value
from django.utils.translation import gettext as _

from ...core.choice import Choice
from ...core.lookups import RECIPIENT, Among, Parameter
from ...core.sql.compiled import Compiled
from ...core.users import UserOrPk, UserPk, user_pk
from ...errors import BadValue
from ...models import Mailbox, Message, audiences, event_types, ledger, refs
from ...selectors import choosing
from ...selectors.items import MARKS
from ...selectors.pages import FREQUENT
from . import receipts
from .actions import UNDELETE, Action, Changes, actions_of, perform
from .journal import locked_mailbox
from .marked import compiled, of_messages, owned_by, write
from .marks import BATCH
from .marks import bounds as bounds_of

AFTER, VERSION = Parameter(), Parameter()


class Bounds(NamedTuple):
    """The broadcast clock and the mailbox version of what the user was shown."""

    clock: int
    version: int


class Part(NamedTuple):
    """How many items were changed, and whether others may be left."""

    changed: int
    more: bool


class Left(NamedTuple):
    """What is left to do: messages after this `seq`, and all broadcasts; or only the broadcasts after this key."""

    messages: bool
    after: int


def change_chosen(user: UserOrPk, choice: Choice, changes: Changes, up_to: int) -> int:
    """Make these changes (as in `change`) to every item of the choice that the snapshot of version `up_to` showed.

    Returns how many items changed. Works in batches of 1,000 with a version each. The bound stays the same for all of
    them, so what arrives or returns meanwhile stays as it is. Raises BadValue for an invalid version, choice or change,
    NotFound for an unknown user.
    """
    return change_some(user, choice, changes, up_to, None).changed


def change_some(user: UserOrPk, choice: Choice, changes: Changes, up_to: int, most: int | None) -> Part:
    """As `change_chosen`, of at most so many items. Done again, it goes on with those that it has not changed yet."""
    actions = actions_of(changes)
    if UNDELETE in actions:
        raise BadValue(_("Deleted items can't be chosen. Restore them by their refs, or undo the deletion."))
    choosing.check(choice)
    pk, changed = user_pk(user), 0
    bounds = Bounds(*bounds_of(pk, up_to))
    left: Left | None = Left(True, 0)
    while left and (most is None or changed < most):
        size = BATCH if most is None else min(BATCH, most - changed)
        count, left = _change_batch(pk, choice, actions, bounds, left, size)
        changed += count
    return Part(changed, left is not None)


def mark_all_read(user: UserOrPk, up_to: int, type: str | None = None) -> int:
    """Mark as read every item that the snapshot of version `up_to` counted (only those of `type`, if given).

    As `change_chosen`: a message that arrives meanwhile stays unread, and so does one that becomes unread again.
    """
    types = () if type is None else (type,)
    return change_chosen(user, Choice(unread=True, types=types), {"read": True}, up_to)


@ledger.retrying
def _change_batch(
    pk: UserPk, choice: Choice, actions: Sequence[Action], bounds: Bounds, left: Left, size: int
) -> tuple[int, Left | None]:
    """Change up to `size` items of all types in one transaction, so that a badge changes once; returns how many, and
    what is left."""
    changed, after = 0, left.after
    with locked_mailbox(pk):
        if left.messages:
            changed, stopped = _change_messages(pk, choice, actions, bounds, after, size)
            if stopped is not None:
                return changed, Left(True, stopped)
            after = 0
        if not choice.includes(refs.BROADCAST):
            return changed, None
        keys = _change_broadcasts(pk, choice, actions, bounds, after, size - changed)
        return changed + len(keys), Left(False, keys[-1]) if changed + len(keys) == size else None


def _change_messages(
    pk: UserPk, choice: Choice, actions: Sequence[Action], bounds: Bounds, after: int, size: int
) -> tuple[int, int | None]:
    """Returns how many messages were changed; and the `seq` after which others may be left, if there may be."""
    types = {name: model for name, model in event_types().items() if choice.includes(name)}
    if choice.words:
        shown = {name: _shown(choice, model, actions, pk, after, bounds.version) for name, model in types.items()}
        seqs, stopped = choosing.first_with_words(choice, shown, size) if shown else ({}, None)
        found = of_messages([(compiled(shown[name].filter(Among("seq", seqs[name]))), {}) for name in seqs])
    else:
        values = {**owned_by(pk), AFTER: after, VERSION: bounds.version}
        alike = choice.of_all_types  # the types are no part of the SQL
        shown_of = _compiled if _is_frequent(alike, actions) else _compiled.__wrapped__
        parts = [shown_of(ledger.alias(), alike, model, tuple(actions)) for model in types.values()]
        found, stopped = of_messages([(part, values) for part in parts if part], size), None
    for row in found:
        for action in actions:
            perform(action, row)
    write(pk, found)
    return len(found), found[-1].seq if len(found) == size else stopped


def _shown(
    choice: Choice, model: type[Message], actions: Sequence[Action], owner: Any, after: Any, version: Any
) -> QuerySet[Any]:
    """The chosen messages of one type in which at least one of the actions changes something."""
    rows = choosing.messages(choice, model, owner).filter(_changes_something(actions))
    return rows.filter(seq__gt=after, seq__lte=version).exclude(since__gt=version)


def _is_frequent(choice: Choice, actions: Sequence[Action]) -> bool:
    """Whether the SQL is one of a few that are compiled once: others hold a thread or a moment, and hardly come again.
    Moments are no keys, either: two in a `ZoneInfo` are equal if only their `fold` differs."""
    return choice in FREQUENT and all(isinstance(value, bool) for action in actions for _column, value in action)


@lru_cache(maxsize=1000)
def _compiled(alias: str, choice: Choice, model: type[Message], actions: Sequence[Action]) -> Compiled[Any] | None:
    """None if there can be none."""
    rows = _shown(choice, model, actions, Value(RECIPIENT), Value(AFTER), Value(VERSION))
    with suppress(EmptyResultSet):
        return compiled(rows.using(alias))
    return None


def _change_broadcasts(
    pk: UserPk, choice: Choice, actions: Sequence[Action], bounds: Bounds, after: int, limit: int
) -> list[int]:
    """Returns the key of each broadcast that was changed, ascending.

    If the user joined or left an audience after that version, changes only broadcasts whose audiences nobody joins or
    leaves: the snapshot may not have counted the others.
    """
    returned = Exists(audiences.receipts(pk).filter(since__gt=bounds.version))
    shown = choosing.broadcasts(choice, pk).filter(~returned, pk__gt=after, clock__lte=bounds.clock)
    if Mailbox.objects.filter(pk=pk, audience_version__gt=bounds.version).exists():
        shown = shown.filter(audiences.is_lasting())
    shown = shown.filter(_changes_something(actions, MARKS))
    return receipts.change(pk, shown.order_by("pk")[:limit], actions)


def _changes_something(actions: Sequence[Action], known: Sequence[str] | None = None) -> Q:
    """The condition of visible items in which at least one of the actions changes something. Of broadcasts only the
    `known` columns can be asked for; an action on others is taken for a change."""
    found = Q()
    for column, value in (step for action in actions for step in action):
        if known is not None and column not in known:
            return Q()
        found |= Q(**{f"{column}__isnull": value is not False})
        found |= Q() if isinstance(value, bool) else ~Q(**{column: value})
    return found
