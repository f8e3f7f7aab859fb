"""Publishing and withdrawing announcements: buttons of the form, and list actions."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from .. import selectors, services
from ..core.acting import acting
from ..errors import InboxError, NotFound
from ..models import Broadcast, State
from .base import SteadyAdmin, View
from .selected import SelectedPages

Service = Callable[[Broadcast], None]


GONE = "gone"


class Publishing(SelectedPages, SteadyAdmin):
    """Publishing and withdrawing are permissions of their own, like the scopes of the API."""

    actions = ("publish_selected", "withdraw_selected")

    def has_publish_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("inbox.publish_broadcast"))

    def has_withdraw_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("inbox.withdraw_broadcast"))

    @admin.action(description=_("Publish selected announcements"), permissions=["publish"])
    def publish_selected(self, request: HttpRequest, queryset: QuerySet[Broadcast]) -> None:
        self._change_states(request, queryset, services.publish)

    @admin.action(description=_("Withdraw selected announcements"), permissions=["withdraw"])
    def withdraw_selected(self, request: HttpRequest, queryset: QuerySet[Broadcast]) -> None:
        self._change_states(request, queryset, services.withdraw)

    def moves(self, request: HttpRequest, obj: Broadcast | None, may_save: bool) -> dict[str, Any]:
        """Which buttons the form has beside Django's, and what there is to know about them."""
        is_published = obj is not None and services.is_published(obj)
        may_publish = self.has_publish_permission(request) and not (obj is not None and services.has_its_people(obj))
        objection = selectors.objection(obj or Broadcast(author_id=request.user.pk), request.user.pk)
        return {
            "may_save": may_save,
            "can_publish": may_publish and may_save and not objection,
            "can_only_publish": may_publish and not may_save and not objection,  # the form is not saved
            "can_withdraw": self.has_withdraw_permission(request) and is_published,
            "can_duplicate": obj is not None and self.has_add_permission(request),
            "may_upload": obj is not None and may_save,
            "is_blocked": obj is not None and obj.state == State.BLOCKED,
            "is_draft": obj is None or obj.state == State.DRAFT,
            "note": objection if may_publish else services.frozen(obj) if obj else "",
            "size": _size_of(obj) if obj is not None and not may_save else 0,  # else the script asks while one types
            "readers": selectors.readers([obj.pk]).get(obj.pk, 0) if obj is not None else 0,
        }

    def get_urls(self) -> list[URLPattern]:
        own: dict[str, tuple[str, View]] = {
            "<path:object_id>/publish/": ("publish", self.publish_view),
            "<path:object_id>/withdraw/": ("withdraw", self.withdraw_view),
        }
        return [*self.urls_of(own), *super().get_urls()]

    # Buttons of the form that ignore what is typed in it, which may be invalid

    @method_decorator(require_POST)
    def publish_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._change_one(request, object_id, services.publish)

    @method_decorator(require_POST)
    def withdraw_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._change_one(request, object_id, services.withdraw)

    def _change_one(self, request: HttpRequest, object_id: str, service: Service) -> HttpResponse:
        broadcast = self.get_object(request, object_id)
        if broadcast is None:
            raise Broadcast.DoesNotExist
        return self.change_one(request, broadcast, service)

    def change_one(self, request: HttpRequest, broadcast: Broadcast, service: Service) -> HttpResponse:
        """Then its page or, if it was deleted meanwhile, the list."""
        changed = self._change_states(request, [broadcast], service)
        return self.back_to_list(request) if GONE in changed else self.back_to(broadcast)

    def _change_states(
        self, request: HttpRequest, broadcasts: Iterable[Broadcast], service: Service
    ) -> Collection[str]:
        """Returns the new states, as `_change_state`."""
        is_allowed = self.has_publish_permission if service is services.publish else self.has_withdraw_permission
        if not is_allowed(request):
            raise PermissionDenied
        changed: Counter[str] = Counter()
        with acting(request.user.pk):
            for broadcast in broadcasts:
                changed[self._change_state(request, broadcast, service)] += 1
        for state, count in changed.items():
            self._report(request, state, count)
        return changed

    def _change_state(self, request: HttpRequest, broadcast: Broadcast, service: Service) -> str:
        """Returns the new state of the broadcast; "" if it has not changed; GONE; or "refused"."""
        before = broadcast.state
        try:
            if service is services.publish:
                selectors.require_readers(broadcast)
            service(broadcast)
        except InboxError as error:
            is_gone = isinstance(error, NotFound)
            sentence = _("This announcement was deleted meanwhile.") if is_gone else error.detail
            self.message_user(request, format_html("<bdi>{}</bdi>: {}", broadcast, sentence), messages.ERROR)
            return GONE if is_gone else "refused"
        if broadcast.state == before:
            return ""
        self.log_change(request, broadcast, [{"changed": {"fields": ["state"]}}])  # in words when it is read
        return str(broadcast.state)

    def _report(self, request: HttpRequest, state: str, count: int) -> None:
        sentences = {
            State.LIVE: ngettext("%d announcement is live.", "%d announcements are live.", count),
            State.SCHEDULED: ngettext("%d announcement is scheduled.", "%d announcements are scheduled.", count),
            State.WITHDRAWN: ngettext("%d announcement is withdrawn.", "%d announcements are withdrawn.", count),
            "": ngettext("%d announcement stays as it is.", "%d announcements stay as they are.", count),
        }
        if state in sentences:
            self.message_user(request, sentences[state] % count, messages.SUCCESS if state else messages.WARNING)


def _size_of(broadcast: Broadcast) -> int:
    return selectors.size_when_published(broadcast)
