"""Saved filters: people by when they registered and when they last signed in, for the audiences of announcements."""

from collections.abc import Iterable

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .. import selectors
from ..models import Audience, AudienceFilter, Broadcast
from ..models.filters import offered_conditions
from .base import LeanAdmin
from .wording import sentence_about


class FilterAdmin(LeanAdmin):
    """Shows only the conditions that the user model has columns for."""

    search_fields = ("name",)
    ordering = ("name",)
    readonly_fields = ("finds",)

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        return ("name", *offered_conditions())

    def get_fields(self, request: HttpRequest, obj: AudienceFilter | None = None) -> tuple[str, ...]:
        return ("name", *offered_conditions(), *(["finds"] if obj else []))

    @admin.display(description=gettext_lazy("finds now"))
    def finds(self, saved: AudienceFilter) -> str:
        people = (selectors.found_by([saved]),)
        return sentence_about(selectors.reach(selectors.Aim(Audience.SEVERAL, people=people)))

    def count_dependents(self, objs: Iterable[Model]) -> dict[str, int]:
        """The choices are deleted, not the announcements."""
        used = Broadcast.objects.filter(filters__in=[obj.pk for obj in objs]).distinct().count()
        return {_("choices of it in announcements, which keep the people whom it has found"): used}
