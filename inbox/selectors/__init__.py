"""Every read. Call them outside any transaction. They read the primary, so that a state is never older than its
version."""

from .announcements import Announcement, Announcements, announcement, announcements
from .approvals import objection
from .arrivals import newest
from .audience import (
    Aim,
    PeopleOnList,
    Reach,
    found_by,
    has_readers,
    people_on_lists,
    reach,
    reach_of,
    require_readers,
    size_when_published,
)
from .badges import snapshot, snapshots, versions
from .broadcasts import broadcast, broadcasts_page, people_page, people_who_read, readers
from .counting import count_chosen
from .effects.effect import (
    DONE,
    NOT_DONE,
    Effect,
    Reader,
    Who,
    counts,
    effect,
    may_see_effects,
    people,
    reader,
    readers_of,
    yet_to,
)
from .effects.timeline import Span, spans
from .exports import export
from .filters import filters_named, filters_page
from .pages import Page, inbox_page, item
from .preferences import Chosen, chosen, chosen_languages, muted
from .receipts import ReceiptsPage, receipts_page
from .sends import corrections, failed_sends, pending_sends, pressed, send, send_by_key, sends_by_key
from .series import series, series_page
from .subjects.names import SubjectName, subject_names
from .subjects.stances import Stance, SubjectsPage, following_page, lets_follow, may_follow, silences_page, stance
from .threads import thread_items, thread_page
from .visitors import VisitorBanner, VisitorBanners, visitor_banners

__all__ = [
    "DONE",
    "NOT_DONE",
    "Aim",
    "Announcement",
    "Announcements",
    "Chosen",
    "Effect",
    "Page",
    "PeopleOnList",
    "Reach",
    "Reader",
    "ReceiptsPage",
    "Span",
    "Stance",
    "SubjectName",
    "SubjectsPage",
    "VisitorBanner",
    "VisitorBanners",
    "Who",
    "announcement",
    "announcements",
    "broadcast",
    "broadcasts_page",
    "chosen",
    "chosen_languages",
    "corrections",
    "count_chosen",
    "counts",
    "effect",
    "export",
    "failed_sends",
    "filters_named",
    "filters_page",
    "following_page",
    "found_by",
    "has_readers",
    "inbox_page",
    "item",
    "lets_follow",
    "may_follow",
    "may_see_effects",
    "muted",
    "newest",
    "objection",
    "pending_sends",
    "people",
    "people_on_lists",
    "people_page",
    "people_who_read",
    "pressed",
    "reach",
    "reach_of",
    "reader",
    "readers",
    "readers_of",
    "receipts_page",
    "require_readers",
    "send",
    "send_by_key",
    "sends_by_key",
    "series",
    "series_page",
    "silences_page",
    "size_when_published",
    "snapshot",
    "snapshots",
    "spans",
    "stance",
    "subject_names",
    "thread_items",
    "thread_page",
    "versions",
    "visitor_banners",
    "yet_to",
]
