"""Announcements: the list, and the form that writes and edits them."""

from collections.abc import Iterable
from functools import partial
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import ManyToManyField, Model, QuerySet
from django.db.models.functions import Coalesce
from django.forms import CheckboxSelectMultiple
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from .. import selectors, services
from ..core.acting import acting
from ..models import Broadcast, BroadcastReceipt, State, ledger
from ..rendering.languages import languages
from ..services.broadcasts.copies import PLACES
from .as_read import texts_as_read
from .base import LeanAdmin, listed
from .buttons import NUMBERS, label_field, link_field
from .forms import LABELLED_TIMES, BroadcastForm, body_field, title_field, translation_fields
from .history import ShownChange
from .people import may_see_addresses
from .publishing import Publishing
from .selected import QUESTIONS
from .submit_once import OnceAdmin
from .timeline import timeline
from .zones import moment, rendered_now, zone_of

HISTORY = 100  # changes shown on the page of a broadcast
SETTLED = ("state", "published_at", "clock")  # the fields that only services write, never the form


class Saved(HttpResponseRedirect):
    """This broadcast is saved. It is published after that transaction, which has held the clock: the people of its
    filters are found before the clock is locked."""

    def __init__(self, to: str, broadcast: Broadcast) -> None:
        super().__init__(to)
        self.broadcast = broadcast


class BroadcastAdmin(Publishing, OnceAdmin, LeanAdmin):
    form = BroadcastForm
    change_list_template = "inbox/admin/broadcast_list.html"
    change_form_template = "inbox/admin/broadcast_form.html"
    list_display = ("title", "badge", "audience", "published", "expires", "readers")
    list_filter = ("state", "audience", "level")
    search_fields = ("title", "body")
    formfield_overrides: ClassVar[dict[Any, Any]] = {
        **LABELLED_TIMES,
        ManyToManyField: {"widget": CheckboxSelectMultiple},
    }
    fieldsets = (
        (None, {"fields": ("title", "body", "language", "level", "url")}),
        (_("Where it shows"), {"fields": (*PLACES, "for_visitors"), "classes": ("inbox-places",)}),
        (_("Time"), {"fields": ("publish_at", "expires_at")}),
        (_("State"), {"fields": ("badge", "published_at", "author", "recurs")}),
        (_("History"), {"fields": ("history",)}),
    )
    readonly_fields = (
        *("badge", "published_at", "author", "recurs", "history", "as_read", "language_name"),
        *("listed_people", "left_out_groups", "left_out_people"),
    )

    class Media:
        css = {"all": ("inbox/admin.css", "inbox/admin/desk.css")}
        js = (
            "inbox/admin/once.js",
            "inbox/admin/editor.js",
            "inbox/admin/shown.js",
            "inbox/admin/people.js",
            "inbox/admin/publish.js",
            "inbox/admin/selected.js",
        )

    # The list and the form

    @admin.display(description=_("state"), ordering="state")
    def badge(self, broadcast: Broadcast) -> str:
        label = broadcast.get_state_display()
        return format_html('<span class="inbox-state inbox-{}">{}</span>', broadcast.state, label)

    @admin.display(description=_("published at"), ordering=Coalesce("published_at", "publish_at"))
    def published(self, broadcast: Broadcast) -> str:
        """When it was, or when it will be if it is scheduled."""
        planned = broadcast.publish_at if broadcast.state == State.SCHEDULED else None
        return moment(broadcast.published_at or planned)

    @admin.display(description=_("expires at"), ordering="expires_at")
    def expires(self, broadcast: Broadcast) -> str:
        return moment(broadcast.expires_at)

    @admin.display(description=_("read by"))
    def readers(self, broadcast: Broadcast) -> str:
        """The number of receipts with `read_at`, also of those archived or dismissed since, but not from before it was
        shown again. Links to their list."""
        table = listed(BroadcastReceipt)._meta.label_lower.replace(".", "_")
        receipts = reverse(f"admin:{table}_changelist", current_app=self.admin_site.name)
        query = f"?broadcast__id__exact={broadcast.pk}&read_at__isempty=0&revision__gte={broadcast.again}"
        return format_html('<a href="{}{}">{}</a>', receipts, query, broadcast.readers)

    @admin.display(description=_("what happened"))
    def history(self, broadcast: Broadcast) -> str:
        """The newest changes, each with its time, who made it, and the values before and after; "" if there is none."""
        if broadcast.pk is None:
            return ""
        changes = [ShownChange(change) for change in broadcast.history.select_related("by")[:HISTORY]]
        return render_to_string("inbox/admin/history.html", {"changes": changes}) if changes else ""

    @admin.display(description=_("language"))
    def language_name(self, broadcast: Broadcast) -> str:
        return languages().get(broadcast.language, broadcast.language)

    @admin.display(description=_("text"))
    def as_read(self, broadcast: Broadcast) -> str:
        return texts_as_read(broadcast)

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """Counts the readers of all rows of the page in one query."""
        changelist = super().get_changelist_instance(request)
        counts = selectors.readers([row.pk for row in changelist.result_list])
        for broadcast in changelist.result_list:
            broadcast.readers = counts.get(broadcast.pk, 0)
        return changelist

    def get_readonly_fields(self, request: HttpRequest, obj: Broadcast | None = None) -> tuple[Any, ...]:
        started = obj is not None and obj.state == State.LIVE
        return (*super().get_readonly_fields(request, obj), *(self.with_zones(["publish_at"]) if started else ()))

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """With fields for each language of the site."""
        own = {**translation_fields(), "finds_addresses": may_see_addresses(request.user)}
        kwargs["form"] = type("BroadcastForm", (self.form,), own)
        return super().get_form(request, obj, change=change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Broadcast | None = None) -> Any:
        first, places, *rest = super().get_fieldsets(request, obj)
        if obj is None:
            del rest[-2:]  # neither state nor history yet
        is_editable = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        rest = [places, *self.aim_fieldsets(obj, is_editable), *rest]
        if not is_editable:
            only_to_look_at = (_("What readers will see"), {"fields": ("as_read",)})
            return [(None, {"fields": ("title", "language_name", "level", "url")}), only_to_look_at, *rest]
        links = [(label_field(number), link_field(number)) for number in NUMBERS]
        again = [(None, {"fields": ("show_again",)})] if obj is not None and obj.published_at is not None else []
        return [first, (_("Buttons"), {"fields": links, "classes": ("inbox-buttons",)}), *_texts(), *again, *rest]

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        obj = kwargs.get("obj")
        may_save = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        context |= {"shown_languages": languages(), **self.moves(request, obj, may_save)}
        # The template has a button that saves, of which the name says what happens.
        context |= dict.fromkeys(("show_save", "show_save_and_add_another", "show_save_and_continue"), False)
        return super().render_change_form(request, context, *args, **kwargs)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """With what services have recorded, which templates read after the permissions were checked."""
        recorded = partial(self._recorded, request, object_id)
        return super().history_view(request, object_id, {"recorded": recorded, **(extra_context or {})})

    def _recorded(self, request: HttpRequest, object_id: str) -> str:
        found = self.get_object(request, unquote(object_id))
        return self.history(found) if found else ""

    def count_dependents(self, objs: Iterable[Model]) -> dict[str, int]:
        receipts = BroadcastReceipt.objects.filter(broadcast__in=[obj.pk for obj in objs]).count()
        return {str(BroadcastReceipt._meta.verbose_name_plural): receipts}

    # Permissions: as for the API's scopes, what users see or will see is edited by those who may publish it, and
    # deleted by those who may withdraw it.

    def has_change_permission(self, request: HttpRequest, obj: Broadcast | None = None) -> bool:
        return super().has_change_permission(request, obj) and self._may_edit(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Broadcast | None = None) -> bool:
        return super().has_delete_permission(request, obj) and self._may_delete(request, obj)

    def _may_edit(self, request: HttpRequest, obj: Broadcast | None) -> bool:
        if obj is None:
            return True
        is_allowed = not services.is_for_publishers(obj) or self.has_publish_permission(request)
        return is_allowed and not services.frozen(obj)

    def _may_delete(self, request: HttpRequest, obj: Broadcast | None) -> bool:
        return obj is None or not services.is_for_publishers(obj) or self.has_withdraw_permission(request)

    def is_deletion_forbidden(self, objs: Iterable[Broadcast], request: HttpRequest) -> bool:
        return any(not self.has_delete_permission(request, obj) for obj in objs)

    # Saving

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with acting(request.user.pk), zone_of(request):
            response = super().changeform_view(request, *args, **kwargs)
            if isinstance(response, Saved):
                response = self.change_one(request, response.broadcast, services.publish)
            return rendered_now(response)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The first page opens with the timeline; a search, a filter and another page show what was asked for."""
        with zone_of(request):
            overview = {} if request.GET else {"timeline": timeline(self.admin_site.name)}
            asked = [name for name in QUESTIONS if name in self.get_actions(request)]
            context = {"asked_actions": asked, **overview, **(extra_context or {})}
            return rendered_now(super().changelist_view(request, context))

    def save_model(self, request: HttpRequest, obj: Broadcast, form: BroadcastForm, change: bool) -> None:
        self._require("_publish" not in request.POST or self.has_publish_permission(request))
        for sentence in obj.left_out:
            self.message_user(request, sentence, messages.WARNING)
        if missing := [name for code, name in languages().items() if code not in {obj.language, *obj.other_texts}]:
            sentence = _("No text in: %s. Readers of these languages see the original.") % ", ".join(missing)
            self.message_user(request, sentence, messages.INFO)
        if obj.state == State.DRAFT and "_publish" not in request.POST:
            self.message_user(request, _("Saved as draft, not published."), messages.INFO)
        with ledger.locked_clock():
            if change:
                # It may have started, expired or been withdrawn since the form was loaded; saving must not undo that.
                obj.refresh_from_db(using=ledger.alias(), fields=SETTLED)
                self._require(self._may_edit(request, obj))
            super().save_model(request, obj, form, change)

    def create_model(self, request: HttpRequest, obj: Broadcast, form: BroadcastForm) -> None:
        obj.author_id = request.user.pk
        super().create_model(request, obj, form)

    def _require(self, is_allowed: bool) -> None:
        """Asked again under the clock's lock: a broadcast may have been published meanwhile."""
        if not is_allowed:
            raise PermissionDenied

    def delete_model(self, request: HttpRequest, obj: Broadcast) -> None:
        with ledger.locked_clock():
            obj.refresh_from_db(using=ledger.alias(), fields=SETTLED)
            self._require(self._may_delete(request, obj))
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Broadcast]) -> None:
        with ledger.locked_clock():
            self._require(all(self._may_delete(request, obj) for obj in queryset.all()))
            super().delete_queryset(request, queryset)

    def response_add(self, request: HttpRequest, obj: Broadcast, post_url_continue: str | None = None) -> HttpResponse:
        return self._publish_if_asked(request, obj) or super().response_add(request, obj, post_url_continue)

    def response_change(self, request: HttpRequest, obj: Broadcast) -> HttpResponse:
        return self._publish_if_asked(request, obj) or super().response_change(request, obj)

    def _publish_if_asked(self, request: HttpRequest, obj: Broadcast) -> HttpResponse | None:
        """The response to "Publish"; None for the other buttons."""
        return Saved(self._address_of("change", obj), obj) if "_publish" in request.POST else None


def _texts() -> list[Any]:
    """A fieldset for each language of the site."""
    return [
        (
            name,
            {
                "fields": (title_field(code), body_field(code), tuple(label_field(number, code) for number in NUMBERS)),
                "classes": ("inbox-language", f"inbox-{code}"),
            },
        )
        for code, name in languages().items()
    ]
