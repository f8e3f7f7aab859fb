"""Recurring announcements: the list, and the form with the next dates beside it."""

from collections.abc import Iterable
from contextlib import suppress
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from ... import services
from ...core.acting import acting
from ...errors import NotFound
from ...models import Broadcast, BroadcastSeries, State
from ..base import LeanAdmin
from ..submit_once import OnceAdmin
from ..zones import rendered_now, zone_of
from .form import SeriesForm
from .pages import SeriesPages
from .rules import shown, wording

NEXT = 5  # occurrences beside the form


class SeriesAdmin(SeriesPages, OnceAdmin, LeanAdmin):
    form = SeriesForm
    change_form_template = "inbox/admin/series_form.html"
    list_display = ("announcement", "when", "next_one", "badge", "made")
    list_display_links = ("announcement",)
    list_select_related = ("template",)
    fieldsets = (
        (None, {"fields": ("template",)}),
        (
            _("Recurs"),
            {
                "fields": (
                    ("every", "unit"),
                    "weekdays",
                    ("day", "weekday"),
                    "rule",
                    ("starts_on", "at"),
                    "time_zone",
                    ("ends", "count", "until"),
                    ("lasts", "lasts_unit"),
                )
            },
        ),
        (_("State"), {"fields": ("badge", "made", "author")}),
    )
    readonly_fields = ("announcement", "when", "next_one", "badge", "made", "author")

    class Media:
        css: ClassVar[dict[str, tuple[str, ...]]] = {"all": ("inbox/admin.css",)}
        js = ("inbox/admin/once.js", "inbox/admin/series.js")

    # The list and the form

    @admin.display(description=_("announcement"))
    def announcement(self, series: BroadcastSeries) -> str:
        return str(series)

    @admin.display(description=_("when"))
    def when(self, series: BroadcastSeries) -> str:
        return wording(series)

    @admin.display(description=_("next occurrence"), ordering="next_at", empty_value="–")
    def next_one(self, series: BroadcastSeries) -> str | None:
        return None if series.next_at is None else shown(series.next_at, series)

    @admin.display(description=_("state"))
    def badge(self, series: BroadcastSeries) -> str:
        names = {"live": _("Active"), "expired": _("Over"), "draft": _("Stopped")}
        state = "draft" if not series.is_active else "live" if series.next_at else "expired"
        found = format_html('<span class="inbox-state inbox-{}">{}</span>', state, names[state])
        problem = series.problem or (_("The latest one could not be published.") if self._is_blocked(series) else "")
        return format_html('{} <span class="inbox-problem">{}</span>', found, problem) if problem else found

    def _is_blocked(self, series: BroadcastSeries) -> bool:
        return getattr(series, "latest_state", "") == State.BLOCKED

    @admin.display(description=_("occurrences"))
    def made(self, series: BroadcastSeries) -> str:
        """Their number, with a link to them."""
        page = reverse("admin:inbox_broadcast_changelist", current_app=self.admin_site.name)
        count = getattr(series, "occurrence_count", None)
        number = series.occurrences.count() if count is None else count
        return format_html('<a href="{}?series__id__exact={}">{}</a>', page, series.pk, number)

    def get_queryset(self, request: HttpRequest) -> QuerySet[BroadcastSeries]:
        found: QuerySet[BroadcastSeries] = super().get_queryset(request)
        latest = Broadcast.objects.filter(series=OuterRef("pk")).order_by("-occurrence").values("state")
        latest = latest.exclude(state=State.PREPARING)[:1]
        is_made = ~Q(occurrences__state=State.PREPARING)
        return found.annotate(occurrence_count=Count("occurrences", filter=is_made), latest_state=Subquery(latest))

    def get_fieldsets(self, request: HttpRequest, obj: BroadcastSeries | None = None) -> Any:
        first, times, state = super().get_fieldsets(request, obj)
        if obj is None:
            return [first, times]  # it has no state yet
        if not self.has_change_permission(request, obj):  # only to look at
            return [(None, {"fields": ("announcement", "when", "next_one")}), state]
        return [(None, {"fields": ("announcement",)}), times, state]

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        series = kwargs.get("obj")
        is_active = series is not None and series.is_active
        may_save = self.has_change_permission(request, series) if series else self.has_add_permission(request)
        if may_save:  # its buttons have names that say what happens
            context |= dict.fromkeys(("show_save", "show_save_and_add_another", "show_save_and_continue"), False)
        context |= {
            "may_save": may_save,
            "is_active": is_active,
            "can_start": may_save and not is_active and self.has_publish_permission(request),
            "can_stop": is_active and self.has_withdraw_permission(request),
        }
        return super().render_change_form(request, context, *args, **kwargs)

    def count_dependents(self, objs: Iterable[Any]) -> dict[str, int]:
        return {}

    # Saving

    def is_deletion_forbidden(self, objs: Iterable[BroadcastSeries], request: HttpRequest) -> bool:
        return any(not self.has_delete_permission(request, obj) for obj in objs)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with acting(request.user.pk), zone_of(request):
            return rendered_now(super().changeform_view(request, *args, **kwargs))

    def create_model(self, request: HttpRequest, obj: BroadcastSeries, form: SeriesForm) -> None:
        obj.pk = services.create_series(request.user, form.values).pk  # type: ignore[arg-type]  # is signed in
        obj.refresh_from_db()

    def save_model(self, request: HttpRequest, obj: BroadcastSeries, form: SeriesForm, change: bool) -> None:
        if not change:
            super().save_model(request, obj, form, change)
            return
        with services.locked_series(obj.pk) as series:
            if not self.has_change_permission(request, series):  # it may have been started meanwhile
                raise PermissionDenied
            services.change_series(obj, form.values)

    def delete_model(self, request: HttpRequest, obj: BroadcastSeries) -> None:
        with services.locked_series(obj.pk) as series:
            if not self.has_delete_permission(request, series):
                raise PermissionDenied
            series.delete()

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[BroadcastSeries]) -> None:
        for series in queryset:
            with suppress(NotFound):
                self.delete_model(request, series)

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        self._start_if_asked(request, obj)
        return self.back_to(obj)

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        self._start_if_asked(request, obj)
        return self.back_to(obj)

    def _start_if_asked(self, request: HttpRequest, obj: BroadcastSeries) -> None:
        """After "Save and start", in the same transaction as the saving."""
        if "_start" in request.POST:
            if not self.has_publish_permission(request):
                raise PermissionDenied
            self.change_state(request, obj, services.start_series)
        else:
            self.message_user(request, _("Saved."), messages.SUCCESS)
