"""Every read. Outside any transaction, on the primary, so that a state is never older than its version."""

from .arrivals import newest
from .pages import Page, inbox_page, item
from .preferences import muted
from .snapshots import snapshot, snapshots, versions

__all__ = ["Page", "inbox_page", "item", "muted", "newest", "snapshot", "snapshots", "versions"]
