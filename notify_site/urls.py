"""Every address of the site that goes through Django; push.asgi adds the held transports beside it."""

from django.contrib import admin
from django.contrib.auth import views as auth
from django.urls import include, path

from .logins import guesses_limited
from .words import catalog_of

handler500 = "notify_site.errors.server_error"

urlpatterns = [
    path("accounts/login/", auth.LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("accounts/logout/", auth.LogoutView.as_view(), name="logout"),
    path("admin/password_change/", guesses_limited(admin.site.admin_view(admin.site.password_change, cacheable=True))),
    path("admin/", admin.site.urls),
    path("jsi18n/", catalog_of("inbox", "push"), name="javascript-catalog"),
    path("push/", include("push.urls")),
    path("", include("inbox.urls")),  # /inbox/ and /api/v1/
    path("", include("push.operations.urls")),  # /healthz, /readyz, /metrics
    path("", include("notify_site.lab.urls")),
    path("", include("notify_site.demo.urls")),
]
