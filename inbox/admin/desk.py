"""What the admin of broadcasts has beyond Django's list and form: preview, size of the audience, effect, copies."""

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST

from .. import selectors, services
from ..core.acting import acting
from ..errors import BadValue, InboxError, NotApproved
from ..models import Broadcast, BroadcastSeries, ledger
from . import effect, preview
from .aim import AimPages, posted_aim
from .base import View
from .series.rules import wording
from .submit_once import FIELD
from .uploads import steps
from .uploads.form import UploadForm, add
from .uploads.form import page as upload_page
from .wording import sentence_about
from .zones import rendered_now, zone_of

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin

# Translated when the log is read.
COPY_OF, REMINDER_OF = gettext_noop("copy of"), gettext_noop("reminder of")


class DeskPages(AimPages):
    @admin.display(description=gettext_lazy("recurs"))
    def recurs(self, broadcast: Broadcast) -> str:
        """Links to the series that has made it, and to those that repeat it."""
        if broadcast.pk is None:
            return ""
        found = [broadcast.series] if broadcast.series else [*broadcast.repeated_by.select_related("template")]
        links = [(self._page_of_series(series), wording(series)) for series in found]
        return format_html_join(", ", '<a href="{}">{}</a>', links)

    def _page_of_series(self, series: BroadcastSeries) -> str:
        return reverse("admin:inbox_broadcastseries_change", args=[series.pk], current_app=self.admin_site.name)

    def get_urls(self) -> list[URLPattern]:
        own: dict[str, tuple[str, View]] = {
            "preview/": ("preview", self.preview_view),
            "preview/try/": ("preview_try", self.preview_try_view),
            "preview/<slug:language>/": ("preview_frame", self.preview_frame_view),
            "preview/<slug:language>/catalog.js": ("preview_catalog", self.preview_catalog_view),
            "reach/": ("reach", self.reach_view),
            "people/": ("people", self.people_view),
            "<path:object_id>/lists/": ("lists", self.lists_view),
            "<path:object_id>/effect/": ("effect", self.effect_view),
            "<path:object_id>/effect/now/": ("effect_now", self.effect_now_view),
            "<path:object_id>/remind/": ("remind", self.remind_view),
            "<path:object_id>/effect.csv": ("effect_csv", self.csv_view),
            "<path:object_id>/duplicate/": ("duplicate", self.duplicate_view),
        }
        return [*self.urls_of(own), *super().get_urls()]

    def urls_of(self, views: Mapping[str, tuple[str, View]]) -> list[URLPattern]:
        """Address -> the last part of the name, and the view."""
        return [
            path(address, self.admin_site.admin_view(view), name=f"inbox_broadcast_{name}")
            for address, (name, view) in views.items()
        ]

    def back_to(self, broadcast: Broadcast) -> HttpResponse:
        return HttpResponseRedirect(self._address_of("change", broadcast))

    def effect_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        broadcast = self._to_look_at(request, object_id)
        with zone_of(request):
            return rendered_now(effect.page(request, broadcast, self.admin_site, self.has_add_permission(request)))

    def effect_now_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        try:
            broadcast = self._to_look_at(request, object_id)
        except Broadcast.DoesNotExist as error:
            raise Http404 from error  # a script asks
        with zone_of(request):
            return rendered_now(effect.now(request, broadcast, self.has_add_permission(request)))

    def csv_view(self, request: HttpRequest, object_id: str) -> StreamingHttpResponse:
        return effect.download(request, self._to_look_at(request, object_id))

    @method_decorator(require_POST)
    def remind_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """A draft for those who have not read or confirmed it; then its page. A second click leads there, too."""
        broadcast = self._to_look_at(request, object_id)
        if not self.has_add_permission(request):
            raise PermissionDenied
        try:
            with transaction.atomic(using=ledger.alias()), acting(request.user.pk):
                claim = services.claim_form(request.POST.get(FIELD, ""), [object_id])
                reminder = services.remind(request.user, broadcast)  # type: ignore[arg-type]  # is signed in
                services.settle_form(claim, str(reminder.pk))
        except services.AlreadySubmitted as again:
            return self.back_to(Broadcast(pk=again.result))
        except BadValue as error:
            self.message_user(request, error.detail, messages.WARNING)
            return HttpResponseRedirect(self._address_of("effect", broadcast))
        self.log_addition(request, reminder, [{"added": {"name": REMINDER_OF, "object": str(broadcast)}}])
        self.message_user(request, _("This reminder is a draft. Publish it when it is right."), messages.SUCCESS)
        return self.back_to(reminder)

    def _address_of(self, name: str, broadcast: Broadcast) -> str:
        return reverse(f"admin:inbox_broadcast_{name}", args=[broadcast.pk], current_app=self.admin_site.name)

    def _to_look_at(self, request: HttpRequest, object_id: str) -> Broadcast:
        """Raises DoesNotExist, to which `SteadyAdmin` has an answer."""
        broadcast: Broadcast | None = self.get_object(request, object_id)
        if broadcast is None:
            raise Broadcast.DoesNotExist
        if not self.has_view_permission(request, broadcast):
            raise PermissionDenied
        return broadcast

    def lists_view(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """Not in one transaction with anything else: the rows of a long list are written before the clock is locked."""
        broadcast = self._to_look_at(request, object_id)
        check = partial(self._require_editor, request)
        check(broadcast)
        form, report = UploadForm(request.POST or None, request.FILES or None), None
        if steps.are_asked_for(request):
            return steps.streamed(request, broadcast, form, check)
        try:
            with acting(request.user.pk):
                if "_remove" in request.POST:
                    services.remove_list(broadcast, is_excluded=bool(request.POST.get("is_excluded")), check=check)
                    return HttpResponseRedirect(request.path)
                if request.method == "POST" and form.is_valid():
                    report = add(broadcast, form, check)
        except (BadValue, NotApproved) as error:
            self.message_user(request, error.detail, messages.ERROR)
        return upload_page(request, broadcast, form, report, self.admin_site)

    def _require_editor(self, request: HttpRequest, broadcast: Broadcast) -> None:
        if not self.has_change_permission(request, broadcast):
            raise PermissionDenied

    @method_decorator(require_POST)
    def duplicate_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """A draft with the same texts and audience; then its page."""
        broadcast = self._to_look_at(request, object_id)
        if not self.has_add_permission(request):
            raise PermissionDenied
        with acting(request.user.pk):
            copy = services.duplicate_broadcast(request.user, broadcast)  # type: ignore[arg-type]  # is signed in
        self.log_addition(request, copy, [{"added": {"name": COPY_OF, "object": str(broadcast)}}])
        self.message_user(request, _("This is the copy, a draft without dates."), messages.SUCCESS)
        return self.back_to(copy)

    @method_decorator(require_POST)
    def reach_view(self, request: HttpRequest) -> HttpResponse:
        """How many people the posted audience has, as a number and as a sentence."""
        self._require_author(request)
        found = selectors.reach(posted_aim(request.POST))
        return JsonResponse({"size": found.size, "sentence": sentence_about(found)})

    def _require_author(self, request: HttpRequest) -> None:
        if not (self.has_add_permission(request) or self.has_change_permission(request)):
            raise PermissionDenied

    @method_decorator(require_POST)
    def preview_view(self, request: HttpRequest) -> HttpResponse:
        """What readers of each language will see of the posted form, and what is left out (`preview.described`)."""
        self._require_author(request)
        return JsonResponse(preview.described(request.POST.dict()))

    @method_decorator(require_POST)
    def preview_try_view(self, request: HttpRequest) -> HttpResponse:
        """Show the posted form to its author alone; 400 with `detail` if that is not possible."""
        self._require_author(request)
        try:
            preview.try_out(request.user, request.POST.dict())  # type: ignore[arg-type]  # is signed in
        except InboxError as error:
            return JsonResponse({"detail": error.detail}, status=400)
        return HttpResponse(status=204)

    @method_decorator(xframe_options_sameorigin)
    def preview_frame_view(self, request: HttpRequest, language: str) -> HttpResponse:
        self._require_author(request)
        return preview.frame(request, language)

    def preview_catalog_view(self, request: HttpRequest, language: str) -> HttpResponseBase:
        return preview.catalog(request, language)
