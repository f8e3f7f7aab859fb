"""The audience in the form of a broadcast: a union of parts, without others."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.http import HttpRequest, JsonResponse, QueryDict
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .. import selectors, services
from ..core.users import user_pk_or_none
from ..models import Audience, AudienceFilter, Broadcast, BroadcastMember, Source, State, ledger
from ..models.broadcasts.filters import offered_conditions
from .people import PeopleField, may_see_addresses, posted_keys, suggested

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
    ModelForm = forms.ModelForm[Any]
else:
    ModelAdmin, ModelForm = admin.ModelAdmin, forms.ModelForm

PARTS = ("audience", "with_staff", "groups", "people", "filters", "late_joiners")
EXCLUSIONS = ("excludes_staff", "without_groups", "without_people", "excluded_filters")
# Audience -> the parts of it that count beside it, for those who only look at the announcement.
COUNTED: dict[str, tuple[str, ...]] = {
    Audience.GROUPS: ("groups",),
    Audience.SEVERAL: ("with_staff", "groups", "listed_people", "filters"),
}
OF_FILTERS = {"filters", "excluded_filters"}
# The fields of the form that are no fields of the model -> the name of the set for the services. Django's admin takes
# no field with the name of a many-to-many field that has a table of its own.
SETS = {"people": "people", "without_groups": "excluded_groups", "without_people": "excluded_people"}
# Audience -> whom it reaches.
REACHES = {
    Audience.EVERYONE: gettext_lazy("All users of this site."),
    Audience.STAFF: gettext_lazy("Those who may sign in to this administration."),
    Audience.GROUPS: gettext_lazy("Members of at least one of the groups that you choose."),
    Audience.SEVERAL: gettext_lazy("Staff, groups, chosen people, uploaded lists and saved filters together."),
}


class AudienceSelect(forms.RadioSelect):
    """Radio buttons, each with a sentence that says whom it reaches."""

    template_name = "inbox/admin/audience.html"

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        return super().create_option(name, value, *args, **kwargs) | {"reaches": REACHES.get(value, "")}


class AimForm(ModelForm):
    people = PeopleField(label=gettext_lazy("People"), required=False)
    without_groups = forms.ModelMultipleChoiceField(
        Group.objects.order_by("name"),
        label=gettext_lazy("Groups"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    without_people = PeopleField(label=gettext_lazy("People"), required=False)

    finds_addresses = False  # the admin derives a class for each request

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("people", "without_people"):
            if name in self.fields:
                self.fields[name].widget.finds_addresses = self.finds_addresses
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
        return _people(broadcast, is_excluded=False) or self.get_empty_value_display()

    @admin.display(description=gettext_lazy("groups"))
    def left_out_groups(self, broadcast: Broadcast) -> str:
        names = ", ".join(group.name for group in broadcast.excluded_groups.using(ledger.alias()))
        return names or self.get_empty_value_display()

    @admin.display(description=gettext_lazy("people"))
    def left_out_people(self, broadcast: Broadcast) -> str:
        return _people(broadcast, is_excluded=True) or self.get_empty_value_display()

    def aim_fieldsets(self, obj: Broadcast | None, is_editable: bool) -> list[Any]:
        if obj is None or is_editable:
            return [
                (_("Audience"), {"fields": _offered(PARTS), "classes": ("inbox-aim",)}),
                (_("But not for"), {"fields": _offered(EXCLUSIONS), "classes": ("collapse", "inbox-without")}),
            ]
        parts = ("audience", *COUNTED.get(obj.audience, ()), "late_joiners")
        exclusions = ("excludes_staff", "left_out_groups", "left_out_people", "excluded_filters")
        return [
            (_("Audience"), {"fields": _offered(parts)}),
            (_("But not for"), {"fields": _offered(exclusions)}),
        ]

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        services.write_sets(form.instance, form.parts())
        if "_publish" not in request.POST and _is_for_nobody_yet(form.instance):
            page = reverse("admin:inbox_broadcast_lists", args=[form.instance.pk], current_app=self.admin_site.name)
            sentence = _(
                'Nobody is in the audience yet: choose staff, groups or people, or <a href="{}">upload a list</a>.'
            )
            self.message_user(request, format_html(sentence, page), messages.WARNING)

    def people_view(self, request: HttpRequest) -> JsonResponse:
        """Users whom an author may mean by what was typed."""
        self._require_author(request)  # type: ignore[attr-defined]
        found = suggested(request.GET.get("q", ""), with_addresses=may_see_addresses(request.user))
        return JsonResponse({"people": found})


def _offered(parts: tuple[str, ...]) -> tuple[str, ...]:
    """Without the filters, if the user model has no columns for any."""
    return parts if offered_conditions() else tuple(part for part in parts if part not in OF_FILTERS)


def _is_for_nobody_yet(broadcast: Broadcast) -> bool:
    is_open = broadcast.state == State.DRAFT and broadcast.audience == Audience.SEVERAL
    return is_open and not selectors.has_readers(broadcast)


def _people(broadcast: Broadcast, is_excluded: bool) -> str:
    """A line for each source: how many people it has, and the names of the first few."""
    if broadcast.pk is None:
        return ""
    found = selectors.people_on_lists(broadcast.pk, is_excluded=is_excluded)
    return format_html_join("", "<div>{} ({}): {}</div>", [(each.source.label, *_told(each)) for each in found])


def _told(people: selectors.PeopleOnList) -> tuple[str, str]:
    names = format_html_join(", ", "<bdi>{}</bdi>", [(name,) for name in people.sample])
    more = format_html("{}, …", names) if people.size > len(people.sample) else names
    return number_format(people.size, use_l10n=True, force_grouping=True), more


def posted_aim(posted: QueryDict) -> selectors.Aim:
    """The audience of a form that is not saved. `broadcast`: its primary key, if it is stored: then the people on its
    other lists belong to it."""
    stored = Broadcast.objects.filter(pk__in=_keys(posted, "broadcast")).first()
    return selectors.Aim(
        posted.get("audience", ""),
        _keys(posted, "groups"),
        bool(posted.get("with_staff")),
        (_users(posted, "people"), *_on_lists(posted, stored, "filters")),
        bool(posted.get("excludes_staff")),
        _keys(posted, "without_groups"),
        (_users(posted, "without_people"), *_on_lists(posted, stored, "excluded_filters")),
        None if stored is None or posted.get("late_joiners") else stored.first_clock,
    )


def _on_lists(posted: QueryDict, stored: Broadcast | None, name: str) -> tuple[Any, ...]:
    """The people on the other lists of one side, and those whom the filters of this field find."""
    members = BroadcastMember.objects.exclude(source=Source.PEOPLE).filter(broadcast=stored)
    lists = members.filter(is_excluded=name == "excluded_filters")
    if stored is not None and services.has_its_people(stored):
        return (lists.values("user"),)  # the filters have found theirs
    chosen = list(AudienceFilter.objects.filter(pk__in=_keys(posted, name)))
    if chosen or (stored is not None and getattr(stored, name).using(ledger.alias()).exists()):
        lists = lists.exclude(source=Source.FILTER)  # but those of a deleted filter stay
    return lists.values("user"), selectors.found_by(chosen).values("pk")


def _keys(posted: QueryDict, name: str) -> list[int]:
    return [int(key) for key in posted.getlist(name) if key.isdecimal() and len(key) < 19]


def _users(posted: QueryDict, name: str) -> list[Any]:
    return [pk for key in posted_keys(posted, name) if (pk := user_pk_or_none(key)) is not None]
