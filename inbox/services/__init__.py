"""Every write. Each service is one transaction (or one per thousand users), advances the versions of those whose
state it changes, and announces them on commit (`inbox.signals`)."""

from ..ledger import touch
from .broadcasts import apply_due, bump_clock, expire, publish, raise_clock, withdraw
from .marks import archive, delete, mark_all_read, mark_read, mark_unread, purge_deleted, unarchive, undelete
from .preferences import set_muted
from .send import send
from .sessions import end_session
from .tokens import create_token, issue_token, revoke_token, use_token

__all__ = [
    "apply_due",
    "archive",
    "bump_clock",
    "create_token",
    "delete",
    "end_session",
    "expire",
    "issue_token",
    "mark_all_read",
    "mark_read",
    "mark_unread",
    "publish",
    "purge_deleted",
    "raise_clock",
    "revoke_token",
    "send",
    "set_muted",
    "touch",
    "unarchive",
    "undelete",
    "use_token",
    "withdraw",
]
