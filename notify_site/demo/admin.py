from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest

from .models import Comment, Post

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Post | Comment]
else:
    ModelAdmin = admin.ModelAdmin  # is generic in the stubs only


@admin.register(Post, Comment)
class MadeOnTheSiteAdmin(ModelAdmin):
    """Moderation: look, search, remove. Writing happens on the site, where it notifies."""

    list_display = ("__str__", "author", "created_at")
    list_select_related = ("author",)
    search_fields = ("text", "author__username")
    date_hierarchy = "created_at"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
