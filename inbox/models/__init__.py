"""The models, and the ledger, which locks mailboxes and advances versions. Plain ORM writes use the ledger, too."""

from .broadcasts import aim, audiences, history
from .broadcasts.aim import BroadcastMember, ExcludedGroup, Source
from .broadcasts.aimed import Audience
from .broadcasts.approval import BroadcastApproval
from .broadcasts.broadcast import Broadcast, State
from .broadcasts.engagement import Engagement, Noticed, Surface
from .broadcasts.filters import AudienceFilter
from .broadcasts.history import BroadcastChange
from .broadcasts.receipts import BroadcastReceipt
from .broadcasts.series import BroadcastSeries
from .broadcasts.shown import SHOWN, TRIAL_LIFETIME, BroadcastTrial
from .correction import Correction, CorrectionKind
from .deleted import DeletedUser
from .events import (
    CommentMessage,
    FollowMessage,
    LikeMessage,
    MentionMessage,
    ShareMessage,
    SystemMessage,
)
from .mailbox import BroadcastClock, Mailbox
from .message import Level, Message, event_types, message_models
from .preferences import ChosenLocale, Density, MutedType, has_chosen
from .send import IdempotencyKey, Send, SendChunk, SendStatus
from .session import EndedSession, TicketSession
from .subjects import Following, Silence
from .submission import Submission
from .thread import CountedType, Thread
from .token import Scope, Service, ServiceToken
from .undoable import UndoableChange

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
    "Correction",
    "CorrectionKind",
    "CountedType",
    "DeletedUser",
    "Density",
    "EndedSession",
    "Engagement",
    "ExcludedGroup",
    "FollowMessage",
    "Following",
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
    "Service",
    "ServiceToken",
    "ShareMessage",
    "Silence",
    "Source",
    "State",
    "Submission",
    "Surface",
    "SystemMessage",
    "Thread",
    "TicketSession",
    "UndoableChange",
    "aim",
    "audiences",
    "event_types",
    "has_chosen",
    "history",
    "message_models",
]
