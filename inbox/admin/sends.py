"""What other services have sent, and how far it has come."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from ..models import Send
from .base import ReadOnlyAdmin


class SendAdmin(ReadOnlyAdmin):
    list_display = ("pk", "type", "token", "created_at", "recipients", "created", "is_done")
    list_select_related = ("token",)
    list_filter = ("type", ("finished_at", admin.EmptyFieldListFilter), "created_at")
    search_fields = ("token__name",)

    def has_delete_permission(self, request: HttpRequest, obj: Send | None = None) -> bool:
        """Its messages would stay, or never come."""
        return False

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [name for name in super().get_fields(request, obj) if name != "message"]

    @admin.display(description=_("done"), boolean=True)
    def is_done(self, send: Send) -> bool:
        return send.finished_at is not None
