"""Recurring announcements: who may do what with them, the buttons that start and stop one, and the next dates."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from ... import services
from ...errors import BadValue, NotApproved
from ...models import BroadcastSeries
from ..base import View
from ..zones import zone_of
from .form import SeriesForm
from .rules import shown, wording

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin

Service = Callable[[BroadcastSeries], None]
NEXT = 5  # occurrences beside the form


class SeriesPages(ModelAdmin):
    # Permissions: those of announcements. A series that is active publishes, so it is for those who may

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, "view") or self._may(request, "change")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self._may(request, "add")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, "change") and (not _is_active(obj) or self.has_publish_permission(request))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, "delete") and (not _is_active(obj) or self.has_withdraw_permission(request))

    def has_publish_permission(self, request: HttpRequest) -> bool:
        return self._may(request, "publish")

    def has_withdraw_permission(self, request: HttpRequest) -> bool:
        return self._may(request, "withdraw")

    def _may(self, request: HttpRequest, action: str) -> bool:
        return bool(request.user.has_perm(f"inbox.{action}_broadcast"))

    # Starting and stopping

    def change_state(self, request: HttpRequest, obj: BroadcastSeries, service: Service) -> None:
        try:
            service(obj)
        except (BadValue, NotApproved) as error:
            self.message_user(request, error.detail, messages.ERROR)
            return
        self.log_change(request, obj, [{"changed": {"fields": ["state"]}}])  # in words when it is read
        sentence = str(_("No more occurrences are published."))
        if obj.next_at is not None:
            sentence = _("The next occurrence is published at: %s") % shown(obj.next_at, obj)
        self.message_user(request, sentence, messages.SUCCESS)

    def get_urls(self) -> list[URLPattern]:
        own: dict[str, tuple[str, View]] = {
            "next/": ("next", self.next_view),
            "<path:object_id>/stop/": ("stop", self.stop_view),
        }
        return [
            *(
                path(address, self.admin_site.admin_view(view), name=f"inbox_broadcastseries_{name}")
                for address, (name, view) in own.items()
            ),
            *super().get_urls(),
        ]

    @method_decorator(require_POST)
    def stop_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The button of the change page. It ignores the form, which may be invalid."""
        series = self.get_object(request, object_id)
        if series is None:
            raise BroadcastSeries.DoesNotExist
        if not self.has_withdraw_permission(request):
            raise PermissionDenied
        self.change_state(request, series, services.stop_series)
        return self.back_to(series)

    @method_decorator(require_POST)
    def next_view(self, request: HttpRequest) -> HttpResponse:
        """The posted form in words, its next dates, and what is wrong with it apart from what is still empty."""
        if not (self.has_add_permission(request) or self.has_change_permission(request)):
            raise PermissionDenied
        with zone_of(request):
            form = SeriesForm(request.POST)
            del form.fields["template"]
            if form.is_valid():
                return JsonResponse(_described(form.values, timezone.now()))
        errors = [error for found in form.errors.as_data().values() for error in found if error.code != "required"]
        return JsonResponse({"words": "", "next": [], "errors": [" ".join(error.messages) for error in errors]})

    def back_to(self, series: BroadcastSeries) -> HttpResponse:
        page = reverse("admin:inbox_broadcastseries_change", args=[series.pk], current_app=self.admin_site.name)
        return HttpResponseRedirect(page)


def _is_active(series: BroadcastSeries | None) -> bool:
    return series is not None and series.is_active


def _described(values: dict[str, Any], now: datetime) -> dict[str, Any]:
    series = BroadcastSeries(**values)
    moments = series.recurrence.after(now, NEXT)
    return {"words": wording(series), "next": [shown(moment, series) for moment in moments], "errors": []}
