"""The audience in the form of a broadcast: a union of parts, without others."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import Group
from django.http import HttpRequest, JsonResponse, QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .. import selectors, services
from ..core.users import user_pk_or_none
from ..models import Broadcast, BroadcastMember, Source, ledger
from .people import PeopleField, suggested

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
    ModelForm = forms.ModelForm[Any]
else:
    ModelAdmin, ModelForm = admin.ModelAdmin, forms.ModelForm

PARTS = ("audience", "with_staff", "groups", "people", "late_joiners")
EXCLUSIONS = ("excludes_staff", "without_groups", "without_people")
# The fields of the form that are no fields of the model -> the name of the set for the services. Django's admin takes
# no field with the name of a many-to-many field that has a table of its own.
SETS = {"people": "people", "without_groups": "excluded_groups", "without_people": "excluded_people"}


class AimForm(ModelForm):
    people = PeopleField(label=gettext_lazy("People"), required=False)
    without_groups = forms.ModelMultipleChoiceField(
        Group.objects.all(), label=gettext_lazy("Groups"), required=False, widget=forms.CheckboxSelectMultiple
    )
    without_people = PeopleField(label=gettext_lazy("People"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is not None:
            stored = services.sets_of(self.instance)
            self.initial.update({name: list(stored[part]) for name, part in SETS.items()})

    def parts(self) -> dict[str, Any]:
        """The values of those of these fields that have changed, for the services."""
        changed = {name: self.cleaned_data[name] for name in SETS if name in self.changed_data}
        if "without_groups" in changed:
            changed["without_groups"] = {group.pk for group in changed["without_groups"]}
        return {SETS[name]: value for name, value in changed.items()}


class AimPages(ModelAdmin):
    """Needs `_require_author` of `DeskPages`."""

    @admin.display(description=gettext_lazy("people"))
    def listed_people(self, broadcast: Broadcast) -> str:
        return _count(broadcast, is_excluded=False)

    @admin.display(description=gettext_lazy("groups"))
    def left_out_groups(self, broadcast: Broadcast) -> str:
        return ", ".join(group.name for group in broadcast.excluded_groups.using(ledger.alias()))

    @admin.display(description=gettext_lazy("people"))
    def left_out_people(self, broadcast: Broadcast) -> str:
        return _count(broadcast, is_excluded=True)

    def aim_fieldsets(self, is_editable: bool) -> list[Any]:
        parts, exclusions = PARTS, EXCLUSIONS
        if not is_editable:  # only to look at
            parts = ("audience", "with_staff", "groups", "listed_people", "late_joiners")
            exclusions = ("excludes_staff", "left_out_groups", "left_out_people")
        return [
            (_("Audience"), {"fields": parts, "classes": ("inbox-aim",)}),
            (_("But not for"), {"fields": exclusions, "classes": ("collapse", "inbox-without")}),
        ]

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        services.write_sets(form.instance, form.parts())

    def people_view(self, request: HttpRequest) -> JsonResponse:
        """Users whom an author may mean by what was typed."""
        self._require_author(request)  # type: ignore[attr-defined]
        return JsonResponse({"people": suggested(request.GET.get("q", ""))})


def _count(broadcast: Broadcast, is_excluded: bool) -> str:
    if broadcast.pk is None:
        return ""
    rows = BroadcastMember.objects.filter(broadcast=broadcast.pk, is_excluded=is_excluded)
    return str(rows.values("user").distinct().count())


def posted_aim(posted: QueryDict) -> selectors.Aim:
    """The audience of a form that is not saved. `broadcast`: its primary key, if it is stored: then the people on its
    other lists belong to it."""
    lists = BroadcastMember.objects.exclude(source=Source.PEOPLE).filter(broadcast__in=_keys(posted, "broadcast"))
    is_for_later = bool(posted.get("late_joiners"))
    clocks = Broadcast.objects.filter(pk__in=_keys(posted, "broadcast")).values_list("first_clock", flat=True)
    return selectors.Aim(
        posted.get("audience", ""),
        _keys(posted, "groups"),
        bool(posted.get("with_staff")),
        (_users(posted, "people"), lists.filter(is_excluded=False).values("user")),
        bool(posted.get("excludes_staff")),
        _keys(posted, "without_groups"),
        (_users(posted, "without_people"), lists.filter(is_excluded=True).values("user")),
        None if is_for_later else clocks.first(),
    )


def _keys(posted: QueryDict, name: str) -> list[int]:
    return [int(key) for key in posted.getlist(name) if key.isdecimal() and len(key) < 19]


def _users(posted: QueryDict, name: str) -> list[Any]:
    return [pk for key in posted.getlist(name) if (pk := user_pk_or_none(key)) is not None]
