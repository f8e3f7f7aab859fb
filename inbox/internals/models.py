"""Proxies of the tables: same rows, same managers, same permissions, another section of the admin."""

from typing import Any

from django.db.models import Model

from ..models import (
    BroadcastReceipt,
    CommentMessage,
    Correction,
    DeletedUser,
    Following,
    FollowMessage,
    LikeMessage,
    Mailbox,
    MentionMessage,
    ShareMessage,
    Silence,
    SystemMessage,
)

TABLES: tuple[type[Model], ...] = (
    BroadcastReceipt,
    CommentMessage,
    Correction,
    DeletedUser,
    FollowMessage,
    Following,
    LikeMessage,
    Mailbox,
    MentionMessage,
    ShareMessage,
    Silence,
    SystemMessage,
)


def _proxy(table: type[Model]) -> Any:
    names = {name: getattr(table._meta, name) for name in ("verbose_name", "verbose_name_plural")}
    # Without permissions: the admin asks for those of the table.
    meta = type("Meta", (), {"proxy": True, "default_permissions": (), **names})
    return type(table.__name__, (table,), {"__module__": __name__, "Meta": meta})


PROXIES: list[Any] = [_proxy(table) for table in TABLES]
