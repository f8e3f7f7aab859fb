"""What the inbox announced."""

from dataclasses import dataclass, field
from typing import Any, Self

from inbox.signals import broadcast_changed, mailbox_changed


@dataclass
class Heard:
    """The announcements since it was entered (or cleared): user ids with the item, and items of broadcasts."""

    mailboxes: list[tuple[Any, str | None]] = field(default_factory=list)
    broadcasts: list[str | None] = field(default_factory=list)

    def __enter__(self) -> Self:
        mailbox_changed.connect(self._mailboxes, dispatch_uid=id(self))
        broadcast_changed.connect(self._broadcasts, dispatch_uid=id(self))
        return self

    def __exit__(self, *error: object) -> None:
        mailbox_changed.disconnect(dispatch_uid=id(self))
        broadcast_changed.disconnect(dispatch_uid=id(self))

    @property
    def users(self) -> set[Any]:
        return {user for user, _item in self.mailboxes}

    def clear(self) -> None:
        self.mailboxes.clear()
        self.broadcasts.clear()

    def _mailboxes(self, user_ids: list[Any], item: str | None, **kwargs: Any) -> None:
        self.mailboxes += [(user, item) for user in user_ids]

    def _broadcasts(self, item: str | None, **kwargs: Any) -> None:
        self.broadcasts.append(item)
