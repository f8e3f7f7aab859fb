"""Deleted users, and how many of the messages that named them have been written."""

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from ..models import DeletedUser
from .base import ReadOnlyAdmin


class DeletedUserAdmin(ReadOnlyAdmin):
    list_display = ("user", "created_at", "done", "total", "percent", "finished_at")
    list_filter = (("finished_at", admin.EmptyFieldListFilter), "created_at")
    search_fields = ("user",)

    def has_delete_permission(self, request: HttpRequest, obj: DeletedUser | None = None) -> bool:
        """Without the row, the remaining messages would keep the user's key for ever."""
        return False

    @admin.display(description=_("progress"))
    def percent(self, row: DeletedUser) -> str:
        if row.finished_at:
            return "100 %"
        return f"{min(99, 100 * row.done // row.total)} %" if row.total else "0 %"
