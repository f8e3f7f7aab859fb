"""What the forms of the inbox page do, without scripts: one act on an item, on a thread, on those that are selected, or
on all that is listed.

A page's `key` is random. With the name of the act and what it is done to, it makes the token of the act: the same form
sent twice is one act, with one undo; another button of the same page, which the reader may have gone back to, is
another."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from django.core.exceptions import BadRequest
from django.http import QueryDict
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from .. import selectors, services
from ..core.choice import Choice
from ..core.snapshots import MAX_VERSION, UserId
from ..errors import BadValue, Changed, InboxError, NotFound
from .filters import Filter
from .notices import Notice, failure
from .rows import THREAD

Changes = Mapping[str, bool | datetime | None]
CHANGES: Mapping[str, Changes] = {
    "read": {"read": True},
    "unread": {"read": False},
    "star": {"starred": True},
    "unstar": {"starred": False},
    "archive": {"archived": True},
    "unarchive": {"archived": False},
    "delete": {"deleted": True},
    "wake": {"snoozed_until": None},
}
READ_ALL, UNDO, SNOOZE, PRESS = "read-all", "undo", "snooze", "press"
SELECTED = "selected"  # the name of the buttons whose value is the act on what is selected
MOST_SELECTED = 100  # a page lists fewer, and each thread is a transaction
ALL, EACH = "all", "\t"  # as a target: all that the page lists, on later pages too; before each of several targets


class Order(NamedTuple):
    """An act: its name, and what it is done to (a ref, `THREAD` and a key, `ALL`, several of these, or the token to
    undo)."""

    act: str
    target: str

    @property
    def targets(self) -> list[str]:
        """Of several. Raises BadValue if there is none, or if they are more than any page lists."""
        found = list(dict.fromkeys(filter(None, self.target.split(EACH))))
        if not found:
            raise BadValue(_("Nothing is selected."))
        if len(found) > MOST_SELECTED:
            raise BadValue(_("At most %(count)d refs at a time.") % {"count": MOST_SELECTED})
        return found

    @property
    def is_of_many(self) -> bool:
        return self.target == ALL or EACH in self.target


class Sheet(NamedTuple):
    """The page that an act was ordered on: its random key, its version, and its filter."""

    key: str
    version: int
    wanted: Filter

    def token(self, order: Order) -> str:
        """Of the act. Without a key of the page it is random."""
        text = "\n".join((self.key, *order)) if self.key else secrets.token_hex()
        return salted_hmac("inbox.page.acts", text, algorithm="sha256").hexdigest()[:43]


def order_of(sent: QueryDict) -> Order | None:
    """What a form of the page orders: the name of its button is the act, the value what it is done to. On what is
    selected, the value is the act."""
    act = sent.get(SELECTED)
    if act in (*CHANGES, SNOOZE):
        return Order(act, ALL if ALL in sent else EACH + EACH.join(sent.getlist("ref")))
    name = next((name for name in (*CHANGES, READ_ALL, UNDO, SNOOZE, PRESS) if name in sent), None)
    return Order(name, str(sent[name])) if name else None


def version_of(given: QueryDict) -> int:
    """That of the page, in a form or an address. Raises BadRequest."""
    text = given.get("version", "")
    if not text.isascii() or not text.isdecimal() or len(text) > len(str(MAX_VERSION)) or int(text) > MAX_VERSION:
        raise BadRequest("no such version")
    return int(text)


def new_key() -> str:
    return secrets.token_urlsafe(16)


def perform(user: UserId, order: Order, sheet: Sheet, until: datetime | None = None) -> Notice:
    """Do it, and say what was done or why it was not. `until`: of a snooze."""
    try:
        with services.recording(user, sheet.token(order)) as act:
            if order.act == UNDO:
                skipped = services.undo(user, order.target).skipped
            else:
                _change(user, order, sheet, until)
            if act.undo is None and order.target.startswith(THREAD) and not order.is_of_many:
                title_of(user, order.target, sheet.wanted)  # a thread that is gone has no items to change
        _see(user, sheet)
    except InboxError as error:
        return failure(error.detail)
    if order.act == UNDO:
        return Notice(UNDO, skipped)
    return Notice(order.act, act.changed, act.undo or "", is_counted=order.act == READ_ALL or order.is_of_many)


def sent_before(user: UserId, order: Order, sheet: Sheet) -> Notice | None:
    """The notice of this act if its form was sent before; else None."""
    with services.recording(user, sheet.token(order)) as act:
        return Notice(order.act, undo=act.undo) if act.undo else None


def title_of(user: UserId, target: str, wanted: Filter) -> str:
    """Of the item or thread. Raises NotFound or BadValue if the user has no such one."""
    if not target.startswith(THREAD):
        return selectors.item(user, target).title
    found = selectors.thread_page(user, limit=1, choice=_of_thread(target, wanted)).threads
    if not found:
        raise _no_thread()
    return found[0].title


def press(user: UserId, order: Order, sheet: Sheet) -> tuple[str, Notice | None]:
    """Press a button of an item: the target is its ref, a blank, and the number of the button. Returns the link of the
    button, or "" and why it was not pressed."""
    ref, _blank, number = order.target.rpartition(" ")
    try:
        buttons = selectors.item(user, ref).buttons
        if number not in map(str, range(len(buttons))):
            raise BadValue(_("This item has no such button."))
        services.press(user, ref, int(number), surface="inbox", seen=sheet.version)
        _see(user, sheet)
    except InboxError as error:
        return "", failure(error.detail)
    return buttons[int(number)].url, None


def _see(user: UserId, sheet: Sheet) -> None:
    """Who acts on a page has looked at it. Its GET has written nothing, as a GET may not: without scripts, who only
    looks has seen nothing."""
    if sheet.wanted.has_the_newest:
        services.see(user, sheet.version)


def _change(user: UserId, order: Order, sheet: Sheet, until: datetime | None) -> None:
    wanted, (name, target) = sheet.wanted, order
    if name == READ_ALL:
        services.change_chosen(user, wanted.choice(unread=True), CHANGES["read"], sheet.version)
        return
    changes = {"snoozed_until": until} if until else CHANGES[name]
    if target == ALL:
        services.change_chosen(user, wanted.choice(), changes, sheet.version)
    elif order.is_of_many:
        _change_selected(user, order.targets, sheet, changes)
    else:
        _change_one(user, target, sheet, changes)


def _change_one(user: UserId, target: str, sheet: Sheet, changes: Changes) -> None:
    if target.startswith(THREAD):
        services.change_chosen(user, _of_thread(target, sheet.wanted), changes, sheet.version)
    else:
        services.change(user, [target], changes, seen=sheet.version)


def _change_selected(user: UserId, targets: Sequence[str], sheet: Sheet, changes: Changes) -> None:
    """Those that are gone, or have to be read again, since the page was shown are left out, unless all are."""
    threads = [target for target in targets if target.startswith(THREAD)]
    items = [target for target in targets if not target.startswith(THREAD)]
    for thread in threads:
        _change_one(user, thread, sheet, changes)
    try:
        services.change(user, items, changes, seen=sheet.version)
    except (NotFound, Changed):
        left = [target for target in items if not _is_changed(user, target, sheet, changes)]
        if len(left) == len(targets):
            raise


def _is_changed(user: UserId, target: str, sheet: Sheet, changes: Changes) -> bool:
    """Change this item. Returns False if it is gone, or has to be read again."""
    try:
        services.change(user, [target], changes, seen=sheet.version)
    except (NotFound, Changed):
        return False
    return True


def _of_thread(target: str, wanted: Filter) -> Choice:
    """The items of the thread that the search and the type choose. Raises NotFound for an empty key, which would be no
    limit at all, and BadValue as `Choice`."""
    key = target.removeprefix(THREAD)
    if not key:
        raise _no_thread()
    return Filter(wanted.q, wanted.type, thread=key).choice()


def _no_thread() -> NotFound:
    return NotFound(_("There is no such thread."))
