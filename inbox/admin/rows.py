"""Messages, mailboxes, receipts, and what users follow and have silenced: searchable and read-only, but messages can be
deleted."""

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from .. import selectors
from ..core.snapshots import Snapshot, user_id
from ..models import BroadcastReceipt, Mailbox, Message
from ..models.base import MailboxRow
from ..selectors.items import title_of
from .base import ReadOnlyAdmin, by_user_name


class StatusFilter(admin.SimpleListFilter):
    """Filters by what the owner did with a row."""

    title = _("status")
    parameter_name = "status"
    CONDITIONS = {
        "unread": (_("Unread"), Q(read_at=None, deleted_at=None, snoozed_until=None)),
        "read": (_("Read"), Q(read_at__isnull=False, archived_at=None, deleted_at=None)),
        "archived": (_("Archived"), Q(archived_at__isnull=False, deleted_at=None)),
        "snoozed": (_("Snoozed"), Q(snoozed_until__isnull=False, deleted_at=None)),
        "starred": (_("Starred"), Q(starred_at__isnull=False, deleted_at=None)),
        "deleted": (_("Deleted"), Q(deleted_at__isnull=False)),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(value, label) for value, (label, _condition) in self.CONDITIONS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[MailboxRow]) -> QuerySet[MailboxRow]:
        chosen = self.CONDITIONS.get(self.value() or "")
        return queryset.filter(chosen[1]) if chosen else queryset


@admin.display(description=_("status"))
def status(row: MailboxRow) -> str:
    if row.deleted_at:
        return str(_("Deleted"))
    if row.snoozed_until:
        return str(_("Snoozed"))
    if row.archived_at:
        return str(_("Archived"))
    return str(_("Read") if row.read_at else _("Unread"))


class MessageAdmin(ReadOnlyAdmin):
    """The messages of one event type. Deleting uses the model and its queryset, which advance the versions."""

    list_display = ("reference", "recipient", "text", status, "created_at")
    list_select_related = ("recipient", "actor")

    @admin.display(description=_("reference"))
    def reference(self, message: Message) -> str:
        return message.ref

    @admin.display(description=_("message"))
    def text(self, message: Message) -> str:
        return title_of(message)

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        return [by_user_name("recipient")]

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        columns = {field.name for field in self.opts.concrete_fields}
        return [StatusFilter, "created_at", *({"level"} & columns)]


class NamedAdmin(ReadOnlyAdmin):
    """For rows that are called as their user, and what else they are of: it is read with them, for their pages, too."""

    list_select_related: ClassVar[tuple[str, ...]] = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        found: QuerySet[Any] = super().get_queryset(request)
        return found.select_related(*self.list_select_related)


class ReceiptAdmin(NamedAdmin):
    """What users have done with broadcasts."""

    list_display = ("broadcast", "recipient", status, "read_at", "banner_closed_at", "confirmed_at", "revision")
    list_select_related = ("broadcast", "recipient")
    list_filter = (StatusFilter, ("read_at", admin.EmptyFieldListFilter))

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        return [by_user_name("recipient"), "broadcast__title"]

    def has_delete_permission(self, request: HttpRequest, obj: BroadcastReceipt | None = None) -> bool:
        return False


class MailboxAdmin(NamedAdmin):
    """The version of each user, and the number on their badge."""

    list_display = ("user", "unread", "version")
    list_select_related = ("user",)

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        return [by_user_name("user")]

    def has_delete_permission(self, request: HttpRequest, obj: Mailbox | None = None) -> bool:
        return False

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """Reads the snapshots of all rows of the page in one query."""
        changelist = super().get_changelist_instance(request)
        snapshots = selectors.snapshots([user_id(mailbox.pk) for mailbox in changelist.result_list])
        for mailbox in changelist.result_list:
            mailbox.snapshot = snapshots.get(user_id(mailbox.pk))
        return changelist

    @admin.display(description=_("unread"))
    def unread(self, mailbox: Any) -> str:
        snapshot: Snapshot | None = mailbox.snapshot
        return f"{snapshot.unread}{'+' * snapshot.capped}" if snapshot else ""


class FollowingAdmin(NamedAdmin):
    """What users follow. It is theirs to choose."""

    list_display: tuple[str, ...] = ("subject", "user", "created_at")
    list_select_related = ("mailbox__user",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Names the user, not the mailbox."""
        return self.list_display

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[Any, ...]:
        return (*self.with_zones(self.list_display),)

    @admin.display(description=_("user"))
    def user(self, row: Any) -> Any:
        return row.mailbox.user

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        """A subject is searched by its beginning, which has an index."""
        return ["subject__startswith", by_user_name("mailbox__user")]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class SilenceAdmin(FollowingAdmin):
    """What users have silenced."""

    list_display = ("subject", "user", "until", "created_at")
