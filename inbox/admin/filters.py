"""Saved filters: people by when they registered, when they last signed in and their language, for audiences."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.db.models import DateField, Model, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .. import conf, selectors
from ..models import Audience, AudienceFilter, Broadcast, BroadcastSeries
from ..models.broadcasts.filters import MOST_DAYS, offered_conditions
from ..rendering.languages import languages
from .base import LeanAdmin
from .wording import sentence_about

if TYPE_CHECKING:
    ModelForm = forms.ModelForm[Any]
else:
    ModelForm = forms.ModelForm


class FilterForm(ModelForm):
    """Offers the languages of the site, and the one that it has if the site has lost that."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if (given := self.fields.get("language")) is None:
            return
        names = languages()
        if stored := self.instance.language:
            names.setdefault(stored, stored)
        self.fields["language"] = forms.ChoiceField(
            choices=[("", _("any")), *names.items()],
            required=False,
            label=capfirst(given.label),
            help_text=given.help_text,
        )


class FilterAdmin(LeanAdmin):
    """Shows only the conditions that the user model has columns for."""

    form = FilterForm
    list_per_page = 20  # the people of each are counted
    search_fields = ("name",)
    ordering = ("name",)
    readonly_fields = ("language_name", "finds")

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        return ("name", *_named(offered_conditions()), "finds")

    def get_fields(self, request: HttpRequest, obj: AudienceFilter | None = None) -> tuple[str, ...]:
        is_editable = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        conditions = offered_conditions() if is_editable else _named(offered_conditions())
        return ("name", *conditions, *(["finds"] if obj else []))

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Its days begin at midnight in the zone of the site, whoever looks."""
        if isinstance(db_field, DateField):
            zone = _("Time zone: {}").format(timezone.get_default_timezone_name())
            kwargs.setdefault("help_text", f"{db_field.help_text} {zone}")
        if db_field.name == "active_since_days":
            kwargs |= {"min_value": 1, "max_value": MOST_DAYS}  # else the page of refused values counts with them
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    @admin.display(description=gettext_lazy("chosen language"), ordering="language")
    def language_name(self, saved: AudienceFilter) -> str:
        return languages().get(saved.language, saved.language)

    @admin.display(description=gettext_lazy("finds now"))
    def finds(self, saved: AudienceFilter) -> str:
        people = (selectors.found_by([saved]),)
        return sentence_about(selectors.reach(selectors.Aim(Audience.SEVERAL, people=people)))

    def has_change_permission(self, request: HttpRequest, obj: AudienceFilter | None = None) -> bool:
        """Who changes one that an active series uses decides who sees what comes out without further action."""
        is_allowed: bool = super().has_change_permission(request, obj)
        if obj is None or not is_allowed or not obj.is_recurring:
            return is_allowed
        return bool(request.user.has_perm("inbox.publish_broadcast")) and not conf.four_eyes()

    def get_deleted_objects(
        self, objs: QuerySet[Model] | Sequence[Model], request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[str]]:
        named, counts, forbidden, _protected = super().get_deleted_objects(objs, request)
        used = Q(template__filters__in=objs) | Q(template__excluded_filters__in=objs)
        active = BroadcastSeries.objects.active().filter(used).select_related("template").distinct()
        name = BroadcastSeries._meta.verbose_name
        return named, counts, forbidden, [f"{name}: {series}" for series in active]

    def count_dependents(self, objs: Iterable[Model]) -> dict[str, int]:
        """The choices are deleted, not the announcements."""
        keys = [obj.pk for obj in objs]
        used = Broadcast.objects.filter(Q(filters__in=keys) | Q(excluded_filters__in=keys)).distinct().count()
        return {_("choices of it in announcements, which keep the people whom it has found"): used} if used else {}


def _named(conditions: Iterable[str]) -> list[str]:
    """With the name of the language instead of its code."""
    return ["language_name" if name == "language" else name for name in conditions]
