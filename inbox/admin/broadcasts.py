"""Broadcasts: written and edited in a form, published and withdrawn by buttons and list actions."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.contrib.auth import get_permission_codename
from django.core.exceptions import PermissionDenied
from django.db.models import ManyToManyField, QuerySet
from django.forms import CheckboxSelectMultiple
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from .. import selectors, services
from ..errors import InboxError
from ..models import Broadcast, BroadcastReceipt, State, ledger
from .base import LeanAdmin
from .forms import LABELLED_TIMES, BroadcastForm
from .submit_once import OnceAdmin

SETTLED = ("state", "published_at", "clock")  # written by publishing, withdrawing and the clock; never by the form


class BroadcastAdmin(OnceAdmin, LeanAdmin):
    form = BroadcastForm
    change_form_template = "inbox/admin/broadcast_form.html"
    list_display = ("title", "badge", "audience", "published_at", "expires_at", "readers")
    list_filter = ("state", "audience", "level")
    search_fields = ("title", "body")
    formfield_overrides: ClassVar[dict[Any, Any]] = {
        **LABELLED_TIMES,
        ManyToManyField: {"widget": CheckboxSelectMultiple},
    }
    actions = ("publish_selected", "withdraw_selected")
    fieldsets = (
        (None, {"fields": ("title", "body", "level", "url")}),
        (_("Audience"), {"fields": ("audience", "groups")}),
        (_("Time"), {"fields": ("publish_at", "expires_at")}),
        (_("State"), {"fields": ("badge", "published_at", "author", "clock")}),
    )
    readonly_fields = ("badge", "published_at", "author", "clock")

    class Media:
        css = {"all": ("inbox/admin.css",)}
        js = ("inbox/admin/once.js",)

    # What the list and the form show

    @admin.display(description=_("state"), ordering="state")
    def badge(self, broadcast: Broadcast) -> str:
        label = broadcast.get_state_display()
        return format_html('<span class="inbox-state inbox-{}">{}</span>', broadcast.state, label)

    @admin.display(description=_("read by"))
    def readers(self, broadcast: Any) -> str:
        """As many as the list shows that it links to: whoever has read it, whatever they have done with it since."""
        receipts = reverse("admin:inbox_broadcastreceipt_changelist", current_app=self.admin_site.name)
        query = f"?broadcast__id__exact={broadcast.pk}&read_at__isempty=0"
        return format_html('<a href="{}{}">{}</a>', receipts, query, broadcast.readers)

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """One count of readers for the whole page, instead of one per row."""
        changelist = super().get_changelist_instance(request)
        counts = selectors.readers([row.pk for row in changelist.result_list])
        for broadcast in changelist.result_list:
            broadcast.readers = counts.get(broadcast.pk, 0)
        return changelist

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        started = obj is not None and obj.state == State.LIVE
        return (*self.readonly_fields, "publish_at") if started else self.readonly_fields

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        obj = kwargs.get("obj")
        out, may_move = obj is not None and services.is_published(obj), self.has_publish_permission(request)
        may_save = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        context |= {"can_publish": may_move and may_save and not out, "can_withdraw": may_move and out}
        return super().render_change_form(request, context, *args, **kwargs)

    def count_dependents(self, objs: Any) -> dict[str, int]:
        receipts = BroadcastReceipt.objects.filter(broadcast__in=[obj.pk for obj in objs]).count()
        return {str(BroadcastReceipt._meta.verbose_name_plural): receipts}

    # Who may change what is out

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and self._may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and self._may_touch(request, obj)

    def _may_touch(self, request: HttpRequest, obj: Any) -> bool:
        return obj is None or not services.is_published(obj) or self.has_publish_permission(request)

    def is_deletion_forbidden(self, objs: Any, request: HttpRequest) -> bool:
        return any(not self.has_delete_permission(request, obj) for obj in objs)

    def _demand(self, request: HttpRequest, broadcasts: Iterable[Any]) -> None:
        """Once more under the clock's lock: it may have come out since the permission was asked for."""
        if not all(self._may_touch(request, broadcast) for broadcast in broadcasts):
            raise PermissionDenied

    # Saving

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return super().changeform_view(request, *args, **kwargs)
        except Broadcast.DoesNotExist:
            return self._gone(request)

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return super().delete_view(request, *args, **kwargs)
        except Broadcast.DoesNotExist:
            return self._gone(request)

    def _gone(self, request: HttpRequest) -> HttpResponse:
        """Somebody has deleted it since the page was loaded."""
        self.message_user(request, _("This broadcast was deleted meanwhile."), messages.WARNING)
        return HttpResponseRedirect(reverse("admin:inbox_broadcast_changelist", current_app=self.admin_site.name))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        with ledger.locked_clock():
            if change:
                # It may have started, expired or been withdrawn since the form was loaded: that stays so.
                obj.refresh_from_db(fields=SETTLED)
                self._demand(request, [obj])
            super().save_model(request, obj, form, change)

    def create_model(self, request: HttpRequest, obj: Any, form: Any) -> None:
        obj.author = request.user
        super().create_model(request, obj, form)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        with ledger.locked_clock():
            obj.refresh_from_db(fields=SETTLED)
            self._demand(request, [obj])
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        with ledger.locked_clock():
            self._demand(request, queryset.all())
            super().delete_queryset(request, queryset)

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        return self._publishing(request, obj) or super().response_add(request, obj, post_url_continue)

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        return self._publishing(request, obj) or super().response_change(request, obj)

    def _publishing(self, request: HttpRequest, obj: Broadcast) -> HttpResponse | None:
        """The answer to "Save and publish", in the same transaction as the saving; None if that was not asked for."""
        if "_publish" not in request.POST:
            return None
        self._move(request, [obj], services.publish)
        return self._back_to(obj)

    # Publishing and withdrawing

    def has_publish_permission(self, request: HttpRequest) -> bool:
        codename = get_permission_codename("publish", self.opts)
        return bool(request.user.has_perm(f"{self.opts.app_label}.{codename}"))

    @admin.action(description=_("Publish selected broadcasts"), permissions=["publish"])
    def publish_selected(self, request: HttpRequest, queryset: QuerySet[Broadcast]) -> None:
        self._move(request, queryset, services.publish)

    @admin.action(description=_("Withdraw selected broadcasts"), permissions=["publish"])
    def withdraw_selected(self, request: HttpRequest, queryset: QuerySet[Broadcast]) -> None:
        self._move(request, queryset, services.withdraw)

    def get_urls(self) -> list[Any]:
        withdraw = self.admin_site.admin_view(self.withdraw_view)
        return [path("<path:object_id>/withdraw/", withdraw, name="inbox_broadcast_withdraw"), *super().get_urls()]

    @method_decorator(require_POST)
    def withdraw_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The object page's button. It ignores the form around it: withdrawing must not wait for a valid one."""
        broadcast = self.get_object(request, object_id)
        if broadcast is None:
            raise Http404
        self._move(request, [broadcast], services.withdraw)
        return self._back_to(broadcast)

    def _move(self, request: HttpRequest, broadcasts: Iterable[Any], service: Callable[[Broadcast], None]) -> None:
        if not self.has_publish_permission(request):
            raise PermissionDenied
        moved: Counter[str] = Counter()
        for broadcast in broadcasts:
            moved[self._move_one(request, broadcast, service)] += 1
        for state, count in moved.items():
            self._say(request, state, count)

    def _move_one(self, request: HttpRequest, broadcast: Any, service: Callable[[Broadcast], None]) -> str:
        """Returns the state that the broadcast has come to; "" if it stayed in its own."""
        before = broadcast.state
        try:
            service(broadcast)
        except InboxError as error:
            said = format_html("<bdi>{}</bdi>: {}", broadcast, error.detail)
            self.message_user(request, said, messages.ERROR)
            return "refused"
        if broadcast.state == before:
            return ""
        self.log_change(request, broadcast, f"{before} → {broadcast.state}")
        return str(broadcast.state)

    def _say(self, request: HttpRequest, state: str, count: int) -> None:
        sentences = {
            State.LIVE: ngettext("%d broadcast is live.", "%d broadcasts are live.", count),
            State.SCHEDULED: ngettext("%d broadcast is scheduled.", "%d broadcasts are scheduled.", count),
            State.WITHDRAWN: ngettext("%d broadcast is withdrawn.", "%d broadcasts are withdrawn.", count),
            "": ngettext("%d broadcast stays as it is.", "%d broadcasts stay as they are.", count),
        }
        if state in sentences:
            self.message_user(request, sentences[state] % count, messages.SUCCESS if state else messages.WARNING)

    def _back_to(self, broadcast: Broadcast) -> HttpResponse:
        page = reverse("admin:inbox_broadcast_change", args=[broadcast.pk], current_app=self.admin_site.name)
        return HttpResponseRedirect(page)
