"""Pressing a button of an item."""

from django.utils.translation import gettext as _

from ...core.users import UserOrPk, UserPk, user_pk
from ...errors import NotFound
from ...models import audiences, event_types, ledger, refs
from ..engagement import BUTTONS, Event, note_events
from . import journal
from .actions import READ, is_changeable, perform
from .marked import read, write
from .marks import mark_read, require_unchanged


def press(user: UserOrPk, ref: str, button: int, *, surface: str = "", seen: int | None = None) -> bool:
    """Note that the user has pressed this button (0 or 1), and mark the item as read; returns whether that is new.

    The last press counts: it is what the user decided at last. Of an announcement each button counts by itself, once,
    as in `note_events`. Raises NotFound if the item is not in the user's mailbox or has no such button, and Changed if
    it was shown, or rewritten and sent, again since the version `seen`.
    """
    [(name, [key])] = refs.parse([ref]).items()
    if name == refs.BROADCAST:
        return _press_broadcast(user_pk(user), ref, key, button, surface, seen)
    return _press(user_pk(user), name, key, button, seen)


@ledger.retrying
def _press(pk: UserPk, name: str, key: refs.RowPk, button: int, seen: int | None) -> bool:
    with journal.locked_mailbox(pk):
        rows = event_types()[name].objects.filter(recipient=pk, pk=key)
        items = [item for item in read(pk, {name: [key]}).values() if is_changeable(item, READ)]
        refs.require(name, [key], [item.pk for item in items])
        [item], [row] = items, rows.only("buttons")
        require_unchanged([item], seen)
        _require(button, len(row.valid_buttons))
        perform(READ, item)
        item.after["pressed"] = button
        return write(pk, [item]) > 0


def _press_broadcast(pk: UserPk, ref: str, key: refs.RowPk, button: int, surface: str, seen: int | None) -> bool:
    row = audiences.visible_for(pk).filter(pk=key).first()
    if row is None:
        raise refs.missing(ref)
    _require(button, len(row.valid_buttons))
    is_read = mark_read(pk, [ref], seen=seen) > 0
    what = list(BUTTONS)[button]
    return note_events(pk, [Event(ref, what, surface, seen)]) > 0 or is_read


def _require(button: int, count: int) -> None:
    if not 0 <= button < count:
        raise NotFound(_("This item has no such button."))
