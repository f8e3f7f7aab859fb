"""What the inbox's admin pages share: they stay quick on tables of millions, and show what code has written."""

from collections.abc import Iterable
from itertools import islice
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db.models import Model
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.translation import ngettext

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin

SHOWN = 100  # objects named on a deletion's confirmation page


def by_user_name(path: str) -> str:
    """The search field for the user behind `path`, whatever the user model calls its name."""
    return f"{path}__{get_user_model().USERNAME_FIELD}"


class LeanAdmin(ModelAdmin):
    """No count of the unfiltered table, the newest first by primary key, and deletions that do not list every row."""

    show_full_result_count = False
    ordering = ("-pk",)
    list_per_page = 50

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[str]]:
        """What the confirmation page says; Django's own loads every row that goes, and one query per kind of each."""
        count = objs.count() if hasattr(objs, "model") else len(objs)
        named: list[Any] = [str(obj) for obj in islice(objs, SHOWN)]
        if count > SHOWN:
            named.append(ngettext("and %d more", "and %d more", count - SHOWN) % (count - SHOWN))
        forbidden = {str(self.opts.verbose_name)} if self.is_deletion_forbidden(objs, request) else set()
        return named, {str(self.opts.verbose_name_plural): count, **self.count_dependents(objs)}, forbidden, []

    def is_deletion_forbidden(self, objs: Any, request: HttpRequest) -> bool:
        """Whether one of `objs` may not be deleted by whoever asks."""
        return not self.has_delete_permission(request)

    def count_dependents(self, objs: Iterable[Model]) -> dict[str, int]:
        """How many rows of other tables go with `objs`, by the name to show."""
        return {}


class ReadOnlyAdmin(LeanAdmin):
    """Rows that code writes: nothing to add or change; every column is shown."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @cached_property
    def _columns(self) -> list[str]:
        return [field.name for field in self.opts.concrete_fields]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self._columns

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return self._columns
