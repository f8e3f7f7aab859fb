"""Service tokens: created here, shown once, then read-only; they can be revoked."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from .. import services
from ..models import Scope, Service, ServiceToken
from .base import LeanAdmin, by_user_name
from .forms import LABELLED_TIMES, ServiceTokenForm
from .submit_once import OnceAdmin

SCOPES = dict(Scope.choices)


class ServiceAdmin(OnceAdmin, LeanAdmin):
    list_display = ("name", "valid_tokens", "created_at")
    search_fields = ("name",)
    fields = ("name",)

    @admin.display(description=_("valid tokens"))
    def valid_tokens(self, service: Service) -> str:
        return ", ".join(str(token) for token in ServiceToken.objects.valid().filter(service=service).order_by("pk"))

    def is_deletion_forbidden(self, objs: Iterable[Any], request: HttpRequest) -> bool:
        """A service with tokens stays: delete the tokens first."""
        return super().is_deletion_forbidden(objs, request) or ServiceToken.objects.filter(service__in=objs).exists()


class ServiceTokenAdmin(OnceAdmin, LeanAdmin):
    form = ServiceTokenForm
    formfield_overrides = LABELLED_TIMES
    list_display = ("name", "service", "owner", "allowed", "state", "expires_at", "last_used_at")
    list_select_related = ("owner", "service")
    raw_id_fields = ("owner",)
    actions = ("revoke_selected",)
    fields: ClassVar[tuple[str, ...]] = ("name", "service", "owner", "scopes", "expires_at")
    already_saved = _("This form was sent twice: one token was made, and shown once. If you missed it, revoke it here.")
    shown_fields = (
        "name",
        "service",
        "owner",
        "allowed",
        "state",
        "created_at",
        "expires_at",
        "revoked_at",
        "last_used_at",
    )

    class Media:
        js = ("inbox/admin/once.js",)

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        return ["name", by_user_name("owner")]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"owner": request.user.pk, **super().get_changeform_initial_data(request)}

    def get_fields(self, request: HttpRequest, obj: ServiceToken | None = None) -> tuple[str, ...]:
        return self.shown_fields if obj else self.fields

    def get_form(
        self, request: HttpRequest, obj: ServiceToken | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        if obj:  # what helps to fill in a field says nothing about its value
            kwargs["help_texts"] = dict.fromkeys(self.fields, "")
        form = super().get_form(request, obj, change, **kwargs)
        return type(form.__name__, (form,), {"granting_user": request.user})

    def has_change_permission(self, request: HttpRequest, obj: ServiceToken | None = None) -> bool:
        """A token can't be changed; create another one. (Without an object, the permission is for list actions.)"""
        return obj is None and super().has_change_permission(request)

    def create_model(self, request: Any, obj: ServiceToken, form: ServiceTokenForm) -> None:
        request.new_token = services.issue_token(obj)

    def response_add(self, request: Any, obj: ServiceToken, post_url_continue: str | None = None) -> HttpResponse:
        """The only page that shows the text. No redirect, because the text would have to be stored until then."""
        own = {"title": _("The new token"), "opts": self.opts, "object": obj, "token": request.new_token}
        context = {**self.admin_site.each_context(request), **own}
        page = TemplateResponse(request, "inbox/admin/token_made.html", context)
        add_never_cache_headers(page)
        return page

    @admin.display(description=_("scopes"))
    def allowed(self, token: ServiceToken) -> str:
        return ", ".join(str(SCOPES.get(scope, scope)) for scope in token.scopes)

    @admin.display(description=_("valid"), boolean=True)
    def state(self, token: ServiceToken) -> bool:
        return token.is_valid

    @admin.action(description=_("Revoke selected tokens"), permissions=["change"])
    def revoke_selected(self, request: HttpRequest, queryset: QuerySet[ServiceToken]) -> None:
        tokens = [token for token in queryset if token.is_valid]
        for token in tokens:
            services.revoke_token(token)
            self.log_change(request, token, [{"changed": {"fields": ["revoked at"]}}])
        text = ngettext("%d token is revoked.", "%d tokens are revoked.", len(tokens)) % len(tokens)
        self.message_user(request, text, messages.SUCCESS if tokens else messages.WARNING)
