"""The schemas of requests and responses, by subject. Bodies are strict: no coercion, no unknown fields."""

from .acts import ChangeMany, ItemPatch, MarkRead, Press, Seen, SeenQuery, SeenUpTo, Undo
from .chosen import CountQuery, PageQuery, ThreadQuery
from .items import Announcements, Item, Page, ThreadPage
from .problems import Fault, Problem
from .state import Changed, Counted, Looked, Snapshot, Undone, Written
from .tickets import NewTicket, TicketRequest
from .values import (
    ABSENT,
    WHOLE,
    Count,
    EventType,
    LanguageQuery,
    Moment,
    Ref,
    SeenVersion,
    ThreadKey,
    User,
    UserPath,
    whole,
)

__all__ = [
    "ABSENT",
    "WHOLE",
    "Announcements",
    "ChangeMany",
    "Changed",
    "Count",
    "CountQuery",
    "Counted",
    "EventType",
    "Fault",
    "Item",
    "ItemPatch",
    "LanguageQuery",
    "Looked",
    "MarkRead",
    "Moment",
    "NewTicket",
    "Page",
    "PageQuery",
    "Press",
    "Problem",
    "Ref",
    "Seen",
    "SeenQuery",
    "SeenUpTo",
    "SeenVersion",
    "Snapshot",
    "ThreadKey",
    "ThreadPage",
    "ThreadQuery",
    "TicketRequest",
    "Undo",
    "Undone",
    "User",
    "UserPath",
    "Written",
    "whole",
]
