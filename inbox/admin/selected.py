"""The question before the selected announcements are published or withdrawn: how many, and for how many people.

selected.js shows it in a dialog. Without scripts the actions act at once, as the buttons of the form do.
"""

from collections.abc import Callable

from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, JsonResponse
from django.urls import URLPattern
from django.utils.decorators import method_decorator
from django.utils.formats import number_format
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from .. import selectors, services
from ..models import Broadcast, State
from .base import View
from .desk import DeskPages
from .wording import sentence_about

Question = Callable[[list[Broadcast]], tuple[str, str]]


class SelectedPages(DeskPages):
    def get_urls(self) -> list[URLPattern]:
        own: dict[str, tuple[str, View]] = {"selected/": ("selected", self.selected_view)}
        return [*self.urls_of(own), *super().get_urls()]

    @method_decorator(require_POST)
    def selected_view(self, request: HttpRequest) -> JsonResponse:
        """The question for the posted form of the list; empty if its action changes none of the selected rows."""
        ask = QUESTIONS.get(request.POST.get("action", ""))
        if ask is None or request.POST["action"] not in self.get_actions(request):
            raise PermissionDenied
        heading, sentence = ask(list(self._selected(request)))
        return JsonResponse({"heading": heading, "sentence": sentence})

    def _selected(self, request: HttpRequest) -> QuerySet[Broadcast]:
        """As Django's own actions choose: the ticked ones, or all that the list has found."""
        try:
            found: QuerySet[Broadcast] = self.get_changelist_instance(request).get_queryset(request)
        except IncorrectLookupParameters as error:  # Django's list shows all rows then
            raise BadRequest from error
        if request.POST.get("select_across") == "1":
            return found
        keys = [key for key in request.POST.getlist("_selected_action") if key.isdecimal() and len(key) < 19]
        return found.filter(pk__in=keys)


def _publishing(broadcasts: list[Broadcast]) -> tuple[str, str]:
    changing = [broadcast for broadcast in broadcasts if broadcast.state != State.LIVE]
    if not changing:
        return "", ""
    heading = ngettext("Publish %d announcement?", "Publish %d announcements?", len(changing)) % len(changing)
    return heading, sentence_about(selectors.reach_of(changing))


def _withdrawing(broadcasts: list[Broadcast]) -> tuple[str, str]:
    changing = [broadcast.pk for broadcast in broadcasts if services.is_published(broadcast)]
    if not changing:
        return "", ""
    heading = ngettext("Withdraw %d announcement?", "Withdraw %d announcements?", len(changing)) % len(changing)
    readers = selectors.people_who_read(changing)
    number = number_format(readers, use_l10n=True, force_grouping=True)
    read = ngettext("Read by %s person so far.", "Read by %s people so far.", readers) % number
    gone = ngettext("It disappears from every page.", "They disappear from every page.", len(changing))
    return heading, f"{read} {gone}"


QUESTIONS: dict[str, Question] = {"publish_selected": _publishing, "withdraw_selected": _withdrawing}
