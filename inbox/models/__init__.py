from .broadcast import Audience, Broadcast, BroadcastReceipt, State
from .events import (
    CommentMessage,
    FollowMessage,
    LikeMessage,
    MentionMessage,
    ShareMessage,
    SystemMessage,
)
from .mailbox import BroadcastClock, Mailbox
from .message import Level, Message, event_types
from .muted import MutedType
from .session import EndedSession
from .token import Scope, ServiceToken

__all__ = [
    "Audience",
    "Broadcast",
    "BroadcastClock",
    "BroadcastReceipt",
    "CommentMessage",
    "EndedSession",
    "FollowMessage",
    "Level",
    "LikeMessage",
    "Mailbox",
    "MentionMessage",
    "Message",
    "MutedType",
    "Scope",
    "ServiceToken",
    "ShareMessage",
    "State",
    "SystemMessage",
    "event_types",
]
