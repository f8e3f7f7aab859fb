"""Times of the admin in the time zone of its user: the one that they chose, else that of the browser, which zone.js
tells in a cookie, else that of the site.

A form says which zone its times are in, and brings it along: choice and cookie may have changed since.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import DateTimeField, Model
from django.http import HttpRequest, HttpResponse
from django.template.response import SimpleTemplateResponse
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext as _

from .. import selectors
from ..core.zones import zone_named
from ..errors import BadValue

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin

COOKIE = "reddot_timezone"
FIELD = "form_timezone"


@contextmanager
def zone_of(request: HttpRequest) -> Iterator[None]:
    """The zone in which the times of the request are meant."""
    zone = next(_valid(_names(request)), None)
    if zone is None:
        yield
        return
    with timezone.override(zone):
        yield


def _names(request: HttpRequest) -> Iterator[str]:
    yield request.POST.get(FIELD, "")
    if request.user.is_authenticated:
        yield selectors.chosen(request.user).time_zone
    yield request.COOKIES.get(COOKIE, "")


def _valid(names: Iterator[str]) -> "Iterator[ZoneInfo]":
    for name in names:
        try:
            yield zone_named(name)
        except BadValue:
            continue


def moment(value: datetime | None, *, short: bool = False) -> str:
    """With the abbreviation of the zone, as in “Nov. 28, 2026, 3 a.m. CET”, or in short “11/28/2026 3 a.m. CET”."""
    if value is None:
        return ""
    local = timezone.localtime(value)
    return f"{date_format(local, 'SHORT_DATETIME_FORMAT' if short else 'DATETIME_FORMAT')} {local.tzname()}"


def zone_named_here() -> str:
    """The active zone by its name, with a link to where it is chosen if the site has that page."""
    sentence = _("Time zone: {}").format(timezone.get_current_timezone_name())
    try:
        page = reverse("inbox-preferences")
    except NoReverseMatch:
        return sentence
    return format_html('{} (<a href="{}#id_time_zone" target="_blank">{}</a>)', sentence, page, _("change"))


def rendered_now(response: HttpResponse) -> HttpResponse:
    """Now, while the time zone of the user is active; Django renders templates later."""
    if isinstance(response, SimpleTemplateResponse):
        response.render()
    return response


@cache
def _column(field: "DateTimeField[Any, Any]") -> Callable[[Model], str]:
    """What shows the times of this field with their zone."""

    @admin.display(description=field.verbose_name, ordering=field.name)
    def shown(row: Model) -> str:
        return moment(getattr(row, field.attname)) or "-"  # Django's own sign; a form would show None as a word

    shown.__name__ = field.name  # the name of its CSS class
    return shown


class ZonedAdmin(ModelAdmin):
    """Its pages are in the time zone of the user. All times have one: columns and what can't be changed an
    abbreviation, fields its name."""

    object_history_template = "inbox/admin/object_history.html"

    class Media:
        css = {"all": ("inbox/admin/pages.css", "inbox/admin/zone.css")}
        js = ("inbox/admin/zone.js",)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        with zone_of(request):
            return rendered_now(super().changelist_view(request, extra_context))

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with zone_of(request):
            return rendered_now(super().changeform_view(request, *args, **kwargs))

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        with zone_of(request):
            context = {"zone": zone_named_here(), **(extra_context or {})}
            return rendered_now(super().history_view(request, object_id, context))

    def get_list_display(self, request: HttpRequest) -> Any:
        return self.with_zones(super().get_list_display(request))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[Any, ...]:
        return (*self.with_zones(super().get_readonly_fields(request, obj)),)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        is_editable = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        shown = {*self.get_readonly_fields(request, obj)} if is_editable else {*map(_column, self._times())}
        return [
            (name, {**options, "fields": [self._shown(field, shown) for field in options["fields"]]})
            for name, options in super().get_fieldsets(request, obj)
        ]

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if isinstance(db_field, DateTimeField):
            kwargs.setdefault("help_text", zone_named_here())
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def with_zones(self, names: Iterable[Any]) -> list[Any]:
        """Names of fields with times become what shows them with their zone."""
        columns = {field.name: _column(field) for field in self._times()}
        return [columns.get(name, name) if isinstance(name, str) else name for name in names]

    def _shown(self, name: Any, shown: set[Any]) -> Any:
        [column] = self.with_zones([name])
        return column if column in shown else name

    def _times(self) -> list[Any]:
        return [field for field in self.opts.concrete_fields if isinstance(field, DateTimeField)]
