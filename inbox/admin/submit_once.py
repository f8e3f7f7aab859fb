"""Admin forms that create their object once, however often "Save" is clicked (`services.submissions`)."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from .. import services

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin

FIELD = "form_key"


class OnceAdmin(ModelAdmin):
    """A second submission of the same form redirects to the object that the first one has created."""

    change_form_template = "inbox/admin/once_form.html"
    already_saved = _("This form was sent twice: it has been saved once.")

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        context = {**(extra_context or {}), FIELD: request.POST.get(FIELD) or services.new_form_key()}
        try:
            return super().changeform_view(request, object_id, form_url, context)
        except services.AlreadySubmitted as again:
            self.message_user(request, self.already_saved, messages.WARNING)
            return HttpResponseRedirect(self._page_of(again.result))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Runs in the transaction that Django's admin opens for the whole request."""
        if change:
            super().save_model(request, obj, form, change)
            return
        values = sorted(pair for pair in request.POST.lists() if pair[0] != "csrfmiddlewaretoken")
        claim = services.claim_form(request.POST.get(FIELD, ""), values)
        self.create_model(request, obj, form)
        services.settle_form(claim, str(obj.pk))

    def create_model(self, request: HttpRequest, obj: Any, form: Any) -> None:
        """Save a new row."""
        super().save_model(request, obj, form, change=False)

    def _page_of(self, pk: str) -> str:
        name = f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}"
        return reverse(f"{name}_change", args=[pk]) if pk else reverse(f"{name}_changelist")
