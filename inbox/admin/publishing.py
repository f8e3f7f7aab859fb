"""Publishing and withdrawing announcements: buttons of the form, and list actions."""

from collections import Counter
from collections.abc import Callable, Iterable

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from .. import selectors, services
from ..core.acting import acting
from ..errors import InboxError
from ..models import Broadcast, State
from .desk import DeskPages

Service = Callable[[Broadcast], None]


class Publishing(DeskPages):
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

    def get_urls(self) -> list[URLPattern]:
        return [*self.urls_of({"<path:object_id>/withdraw/": ("withdraw", self.withdraw_view)}), *super().get_urls()]

    @method_decorator(require_POST)
    def withdraw_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The button of the change page. It ignores the form, which may be invalid."""
        broadcast = self.get_object(request, object_id)
        if broadcast is None:
            raise Http404
        self._change_states(request, [broadcast], services.withdraw)
        return self.back_to(broadcast)

    def _change_states(self, request: HttpRequest, broadcasts: Iterable[Broadcast], service: Service) -> None:
        is_allowed = self.has_publish_permission if service is services.publish else self.has_withdraw_permission
        if not is_allowed(request):
            raise PermissionDenied
        changed: Counter[str] = Counter()
        with acting(request.user.pk):
            for broadcast in broadcasts:
                changed[self._change_state(request, broadcast, service)] += 1
        for state, count in changed.items():
            self._report(request, state, count)

    def _change_state(self, request: HttpRequest, broadcast: Broadcast, service: Service) -> str:
        """Returns the new state of the broadcast; "" if it has not changed."""
        before = broadcast.state
        try:
            if service is services.publish:
                selectors.require_readers(broadcast)
            service(broadcast)
        except InboxError as error:
            text = format_html("<bdi>{}</bdi>: {}", broadcast, error.detail)
            self.message_user(request, text, messages.ERROR)
            return "refused"
        if broadcast.state == before:
            return ""
        self.log_change(request, broadcast, f"{before} → {broadcast.state}")
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
