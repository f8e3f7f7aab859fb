"""Sends of other services, their progress, and retries of failed ones."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from .. import services
from ..errors import NotCorrectable
from ..models import Correction, Send, SendStatus, event_types
from ..models.message import type_name
from .base import ReadOnlyAdmin

MOST = 100  # sends or corrections, in one request


def _retried(correction: int) -> bool:
    """False if it had not failed, or a later one counts."""
    try:
        return services.retry_correction(correction)
    except NotCorrectable:
        return False


def _failed(rows: QuerySet[Any]) -> list[int]:
    """The keys of the first that have failed. The others are still listed as failed, and can be chosen again."""
    return list(rows.filter(failed_at__isnull=False).order_by("pk").values_list("pk", flat=True)[:MOST])


def _recalled(send: Send) -> bool:
    """False if it was sent before messages could be recalled."""
    try:
        services.recall(send.pk)
    except NotCorrectable:
        return False
    return True


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


class TypeFilter(admin.SimpleListFilter):
    title = _("type")
    parameter_name = "type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(name, type_name(name)) for name in event_types()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Send]) -> QuerySet[Send]:
        return queryset.filter(type=self.value()) if self.value() else queryset


class SendAdmin(ReadOnlyAdmin):
    list_display = (
        *(
            "id",
            "shown_type",
            "service",
            "key",
            "created_at",
            "recipients",
            "created",
            "shown_status",
            "recalled_at",
            "reason",
        ),
    )
    list_select_related = ("service", "token")
    list_filter = (StatusFilter, TypeFilter, "created_at")
    search_fields = ("token__name", "service__name", "=key")
    actions = ("retry", "recall")

    def has_delete_permission(self, request: HttpRequest, obj: Send | None = None) -> bool:
        """Deleting a send would not delete its messages, and the pending ones would never be written."""
        return False

    def has_retry_permission(self, request: HttpRequest) -> bool:
        """The permission to change sends, which the admin uses for nothing else."""
        return bool(request.user.has_perm("inbox.change_send"))

    def has_recall_permission(self, request: HttpRequest) -> bool:
        """The permission to delete sends, which the admin uses for nothing else."""
        return bool(request.user.has_perm("inbox.delete_send"))

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        names = super().get_fields(request, obj)
        return tuple("shown_type" if name == "type" else name for name in names if name != "message")

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[Any, ...]:
        return (*super().get_readonly_fields(request, obj), "shown_type")

    @admin.display(description=_("type"), ordering="type")
    def shown_type(self, send: Send) -> str:
        return type_name(send.type)

    @admin.display(description=_("status"))
    def shown_status(self, send: Send) -> Any:
        return send.status.label

    @admin.action(description=_("Recall selected messages"), permissions=["recall"])
    def recall(self, request: HttpRequest, queryset: QuerySet[Send]) -> HttpResponse | None:
        """Asks first, with the number of messages."""
        sends = list(queryset.filter(recalled_at=None).order_by("pk")[:MOST])
        if request.POST.get("confirmed") != "yes":
            return self._ask(request, sends)
        found = [_recalled(send) for send in sends]
        for send in (send for send, is_done in zip(sends, found, strict=True) if is_done):
            self.log_change(request, send, [{"changed": {"fields": ["recalled at"]}}])
        done = sum(found)
        text = ngettext("%d message is recalled.", "%d messages are recalled.", done) % done
        self.message_user(request, text, messages.SUCCESS if done == len(found) else messages.WARNING)
        return None

    def _ask(self, request: HttpRequest, sends: list[Send]) -> HttpResponse:
        copies = sum(send.created for send in sends)
        question = ngettext("Remove it from %d mailbox?", "Remove it from %d mailboxes?", copies) % copies
        own = {"title": _("Recall"), "opts": self.opts, "keys": [str(send.pk) for send in sends], "question": question}
        return TemplateResponse(request, "inbox/admin/recall.html", {**self.admin_site.each_context(request), **own})

    @admin.action(description=_("Try failed sends again"), permissions=["retry"])
    def retry(self, request: HttpRequest, queryset: QuerySet[Send]) -> None:
        retried = sum(services.retry_send(pk) for pk in _failed(queryset))
        text = ngettext("%d message is tried again.", "%d messages are tried again.", retried) % retried
        self.message_user(request, text, messages.SUCCESS if retried else messages.WARNING)


class CorrectionAdmin(ReadOnlyAdmin):
    list_display = ("id", "kind", "send", "subject", "created_at", "found", "read", "shown_status", "reason")
    list_select_related = ("send",)
    actions = ("retry",)
    list_filter = ("kind", "created_at")
    search_fields = ("=subject",)

    def has_delete_permission(self, request: HttpRequest, obj: Correction | None = None) -> bool:
        return False

    def has_retry_permission(self, request: HttpRequest) -> bool:
        """The permission to change recalls and rewrites, which the admin uses for nothing else."""
        return bool(request.user.has_perm("inbox.change_correction"))

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return tuple(name for name in super().get_fields(request, obj) if name != "values")

    @admin.action(description=_("Try failed recalls and rewrites again"), permissions=["retry"])
    def retry(self, request: HttpRequest, queryset: QuerySet[Correction]) -> None:
        retried = sum(_retried(pk) for pk in _failed(queryset))
        text = ngettext("%d recall or rewrite is tried again.", "%d recalls and rewrites are tried again.", retried)
        text %= retried
        self.message_user(request, text, messages.SUCCESS if retried else messages.WARNING)

    @admin.display(description=_("status"))
    def shown_status(self, correction: Correction) -> Any:
        return SendStatus(correction.status).label
