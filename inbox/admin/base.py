"""Base classes of the inbox's admin pages: fast on tables with millions of rows, and read-only for rows that code
writes."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import wraps
from itertools import islice
from typing import Any

from django.apps import apps
from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.main import ChangeList
from django.contrib.auth import get_permission_codename, get_user_model
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import URLPattern, reverse
from django.utils.functional import cached_property
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ..errors import InboxError, NotFound
from ..models import ledger
from .zones import ZonedAdmin

View = Callable[..., HttpResponseBase]

SAFE = ("GET", "HEAD")
SHOWN = 100  # objects named on a deletion's confirmation page


def by_user_name(path: str) -> str:
    """The search field for the user name of the user at `path`, with any user model."""
    return f"{path}__{get_user_model().USERNAME_FIELD}"


def listed(model: type[Model]) -> Any:
    """What stands for this model in the admin: its proxy among the internals, if these are installed and have one."""
    with suppress(LookupError):
        if model._meta.app_label == "inbox":
            return apps.get_model("inbox_internals", model.__name__)
    return model


class SteadyAdmin(ZonedAdmin):
    """Redirects to the list, with a message, if the object of a page was deleted since the page was loaded, or if
    services refuse what the form allowed."""

    @property
    def urls(self) -> list[URLPattern]:
        """Those of subclasses, too."""
        for pattern in (patterns := super().urls):
            if pattern.callback is not None:
                pattern.callback = self._steady(pattern.callback)
        return patterns

    def _steady(self, view: View) -> View:
        @wraps(view)
        def run(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            try:
                return view(request, *args, **kwargs)
            except (InboxError, self.model.DoesNotExist, IntegrityError) as error:
                if (sentence := self._sentence_about(error, kwargs.get("object_id"))) is None:
                    raise
                if request.method in SAFE and "object_id" not in kwargs:
                    raise  # it may be the list itself
                return self.back_to_list(request, sentence)

        return run

    def _sentence_about(self, error: Exception, object_id: str | None) -> str | None:
        """None for a bug of ours. An IntegrityError is one, unless it was about a row that is no longer there."""
        is_bug = isinstance(error, IntegrityError) and (object_id is None or self._exists(unquote(object_id)))
        if isinstance(error, InboxError) and not isinstance(error, NotFound):
            return error.detail
        return None if is_bug else _("This was deleted meanwhile.")

    def _exists(self, pk: str) -> bool:
        try:
            return bool(self.model._base_manager.using(ledger.alias()).filter(pk=pk).exists())
        except (ValueError, ValidationError):  # no such key is possible
            return False

    def back_to_list(self, request: HttpRequest, sentence: str = "") -> HttpResponse:
        if sentence:
            self.message_user(request, sentence, messages.WARNING)
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"
        return HttpResponseRedirect(reverse(name, current_app=self.admin_site.name))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Django would create a deleted row anew."""
        if change:
            self.model._base_manager.using(ledger.alias()).select_for_update().only("pk").get(pk=obj.pk)
        super().save_model(request, obj, form, change)


class LeanAdmin(SteadyAdmin):
    """Does not count the unfiltered table, sorts by primary key, and does not list every row of a deletion."""

    change_list_template = "inbox/admin/list.html"
    show_full_result_count = False
    ordering = ("-pk",)
    list_per_page = 50

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """Headed by what it lists: Django's "Select … to change" is for those who choose one in a popup."""
        changelist = super().get_changelist_instance(request)
        if not changelist.is_popup:
            changelist.title = str(capfirst(self.opts.verbose_name_plural))
        return changelist

    def get_deleted_objects(
        self, objs: QuerySet[Model] | Sequence[Model], request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[str]]:
        """The content of the confirmation page. Django's own method loads every row, and the rows of each cascade."""
        count = objs.count() if isinstance(objs, QuerySet) else len(objs)
        named: list[Any] = [str(obj) for obj in islice(objs, SHOWN)]
        if count > SHOWN:
            named.append(ngettext("and %d more", "and %d more", count - SHOWN) % (count - SHOWN))
        forbidden = {str(self.opts.verbose_name)} if self.is_deletion_forbidden(objs, request) else set()
        return named, {str(self.opts.verbose_name_plural): count, **self.count_dependents(objs)}, forbidden, []

    def is_deletion_forbidden(self, objs: Iterable[Any], request: HttpRequest) -> bool:
        """Whether the user is not allowed to delete one of `objs`."""
        return not self.has_delete_permission(request)

    def count_dependents(self, objs: Iterable[Model]) -> dict[str, int]:
        """Name -> number of rows of other tables that are deleted with `objs`."""
        return {}


class ReadOnlyAdmin(LeanAdmin):
    """For rows that code writes: users can't add or change any. Shows every column.

    The permissions are those of the table, also if it is registered as a proxy.
    """

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_module_perms(self._table.app_label))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._has_permission(request, "view") or self._has_permission(request, "change")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._has_permission(request, "delete")

    def _has_permission(self, request: HttpRequest, action: str) -> bool:
        return bool(request.user.has_perm(f"{self._table.app_label}.{get_permission_codename(action, self._table)}"))

    @property
    def _table(self) -> Any:
        return (self.opts.concrete_model or self.model)._meta

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    @cached_property
    def _columns(self) -> tuple[str, ...]:
        return tuple(field.name for field in self.opts.concrete_fields)

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return self._columns

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[Any, ...]:
        return (*self.with_zones(self._columns),)
