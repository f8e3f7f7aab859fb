"""The models, and the ledger, which locks mailboxes and advances versions. Plain ORM writes use the ledger, too."""

from .aim import BroadcastMember, ExcludedGroup, Source
from .aimed import Audience
from .approval import BroadcastApproval
from .broadcast import Broadcast, State
from .deleted import DeletedUser
from .engagement import Engagement, Noticed, Surface
from .events import (
    CommentMessage,
    FollowMessage,
    LikeMessage,
    MentionMessage,
    ShareMessage,
    SystemMessage,
)
from .filters import AudienceFilter
from .history import BroadcastChange
from .mailbox import BroadcastClock, Mailbox
from .message import Level, Message, event_types, message_models
from .preferences import ChosenLocale, MutedType, has_chosen
from .receipts import BroadcastReceipt
from .send import IdempotencyKey, Send, SendChunk, SendStatus
from .series import BroadcastSeries
from .session import EndedSession, TicketSession
from .shown import SHOWN, TRIAL_LIFETIME, BroadcastTrial
from .submission import Submission
from .token import Scope, ServiceToken

__all__ = [
    "SHOWN",
    "TRIAL_LIFETIME",
    "Audience",
    "AudienceFilter",
    "Broadcast",
    "BroadcastApproval",
    "BroadcastChange",
    "BroadcastClock",
    "BroadcastMember",
    "BroadcastReceipt",
    "BroadcastSeries",
    "BroadcastTrial",
    "ChosenLocale",
    "CommentMessage",
    "DeletedUser",
    "EndedSession",
    "Engagement",
    "ExcludedGroup",
    "FollowMessage",
    "IdempotencyKey",
    "Level",
    "LikeMessage",
    "Mailbox",
    "MentionMessage",
    "Message",
    "MutedType",
    "Noticed",
    "Scope",
    "Send",
    "SendChunk",
    "SendStatus",
    "ServiceToken",
    "ShareMessage",
    "Source",
    "State",
    "Submission",
    "Surface",
    "SystemMessage",
    "TicketSession",
    "event_types",
    "has_chosen",
    "message_models",
]
