"""Every write. Each service is one transaction (or one per thousand users). It advances the version of each user whose
state it changes, and sends the signals (`inbox.signals`) after the commit."""

from .access.idempotency import claim_key, finish, settle
from .access.session_ends import end_session, name_session
from .access.tickets import mint_ticket
from .access.tokens import (
    create_token,
    grantable_scopes,
    issue_token,
    keep_handed_over,
    open_services,
    revoke_token,
    scoped_key,
    use_token,
)
from .acts.bulk import change_chosen, change_some, mark_all_read
from .acts.journal import Act, recording
from .acts.marks import (
    archive,
    change,
    close_banner,
    confirm,
    delete,
    mark_read,
    mark_unread,
    snooze,
    star,
    unarchive,
    undelete,
    unsnooze,
    unstar,
)
from .acts.presses import press
from .acts.seeing import see
from .acts.undo import Undone, undo
from .broadcasts.aims import leaves_out_list, sets_of, write_sets
from .broadcasts.due import apply_due
from .broadcasts.edits import change_broadcast, check_broadcast, create_broadcast, duplicate_broadcast, locked_broadcast
from .broadcasts.filters import freeze, publish
from .broadcasts.lists import has_list, set_people
from .broadcasts.names import text_of_file
from .broadcasts.preparing import prepare_occurrences
from .broadcasts.reminders import remind
from .broadcasts.series import (
    SERIES_FIELDS,
    change_series,
    check_series,
    create_series,
    locked_series,
    require_series,
    start_series,
    stop_series,
    stored_values,
)
from .broadcasts.states import (
    bump_clock,
    expire,
    frozen,
    has_its_people,
    is_for_publishers,
    is_published,
    publish_frozen,
    raise_clock,
    withdraw,
)
from .broadcasts.trials import try_out
from .broadcasts.uploads import Progress, Upload, remove_list, upload_list, uploading
from .choices.preferences import set_language, set_muted, set_preferences, set_time_zone
from .choices.subjects import follow, silence, unfollow, unsilence
from .choices.visits import read_about, visit
from .corrections.recall import recall
from .corrections.rewrite import rewrite
from .corrections.targets import register_target
from .corrections.work import retry_correction
from .corrections.workers import finish_corrections, work_off_correction
from .departures import (
    empty_mailboxes,
    forget_deleted_users,
    is_departing,
    is_forgetting_stalled,
    lock_mailboxes,
)
from .engagement import Event, note_events
from .erasure import erasable, erase
from .mending import mend, touch
from .retention import purge, purge_deleted, purgeable
from .sending import Order, draft, send
from .sends import finish_stalled, retry_send, start_sends, work_off
from .snoozes import wake_due
from .submissions import AlreadySubmitted, claim_form, new_form_key, settle_form
from .threads import count_threads, forget_counts, note_installed_types

__all__ = [
    "SERIES_FIELDS",
    "Act",
    "AlreadySubmitted",
    "Event",
    "Order",
    "Progress",
    "Undone",
    "Upload",
    "apply_due",
    "archive",
    "bump_clock",
    "change",
    "change_broadcast",
    "change_chosen",
    "change_series",
    "change_some",
    "check_broadcast",
    "check_series",
    "claim_form",
    "claim_key",
    "close_banner",
    "confirm",
    "count_threads",
    "create_broadcast",
    "create_series",
    "create_token",
    "delete",
    "draft",
    "duplicate_broadcast",
    "empty_mailboxes",
    "end_session",
    "erasable",
    "erase",
    "expire",
    "finish",
    "finish_corrections",
    "finish_stalled",
    "follow",
    "forget_counts",
    "forget_deleted_users",
    "freeze",
    "frozen",
    "grantable_scopes",
    "has_its_people",
    "has_list",
    "is_departing",
    "is_for_publishers",
    "is_forgetting_stalled",
    "is_published",
    "issue_token",
    "keep_handed_over",
    "leaves_out_list",
    "lock_mailboxes",
    "locked_broadcast",
    "locked_series",
    "mark_all_read",
    "mark_read",
    "mark_unread",
    "mend",
    "mint_ticket",
    "name_session",
    "new_form_key",
    "note_events",
    "note_installed_types",
    "open_services",
    "prepare_occurrences",
    "press",
    "publish",
    "publish_frozen",
    "purge",
    "purge_deleted",
    "purgeable",
    "raise_clock",
    "read_about",
    "recall",
    "recording",
    "register_target",
    "remind",
    "remove_list",
    "require_series",
    "retry_correction",
    "retry_send",
    "revoke_token",
    "rewrite",
    "scoped_key",
    "see",
    "send",
    "set_language",
    "set_muted",
    "set_people",
    "set_preferences",
    "set_time_zone",
    "sets_of",
    "settle",
    "settle_form",
    "silence",
    "snooze",
    "star",
    "start_sends",
    "start_series",
    "stop_series",
    "stored_values",
    "text_of_file",
    "touch",
    "try_out",
    "unarchive",
    "undelete",
    "undo",
    "unfollow",
    "unsilence",
    "unsnooze",
    "unstar",
    "upload_list",
    "uploading",
    "use_token",
    "visit",
    "wake_due",
    "withdraw",
    "work_off",
    "work_off_correction",
    "write_sets",
]
