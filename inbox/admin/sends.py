"""Sends of other services, their progress, and retries of failed ones."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from .. import services
from ..models import Send, SendStatus
from .base import ReadOnlyAdmin


class StatusFilter(admin.SimpleListFilter):
    title = _("status")
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(SendStatus.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Send]) -> QuerySet[Send] | None:
        columns = {
            SendStatus.PENDING: {"finished_at": None, "failed_at": None},
            SendStatus.DONE: {"finished_at__isnull": False},
            SendStatus.FAILED: {"failed_at__isnull": False},
        }
        return queryset.filter(**columns.get(self.value(), {}))  # type: ignore[call-overload]


class SendAdmin(ReadOnlyAdmin):
    list_display = ("pk", "type", "token", "created_at", "recipients", "created", "shown_status", "reason")
    list_select_related = ("token",)
    list_filter = (StatusFilter, "type", "created_at")
    search_fields = ("token__name",)
    actions = ("retry",)

    def has_delete_permission(self, request: HttpRequest, obj: Send | None = None) -> bool:
        """Deleting a send would not delete its messages, and the pending ones would never be written."""
        return False

    def has_retry_permission(self, request: HttpRequest) -> bool:
        """The permission to change sends, which the admin uses for nothing else."""
        return bool(request.user.has_perm("inbox.change_send"))

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return tuple(name for name in super().get_fields(request, obj) if name != "message")

    @admin.display(description=_("status"))
    def shown_status(self, send: Send) -> Any:
        return send.status.label

    @admin.action(description=_("Try failed sends again"), permissions=["retry"])
    def retry(self, request: HttpRequest, queryset: QuerySet[Send]) -> None:
        retried = sum(services.retry_send(pk) for pk in queryset.values_list("pk", flat=True))
        text = ngettext("%d message is tried again.", "%d messages are tried again.", retried) % retried
        self.message_user(request, text, messages.SUCCESS if retried else messages.WARNING)
