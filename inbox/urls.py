"""What a site includes: `path("", include("inbox.urls"))` gives it /inbox/ and /api/v1/."""

from django.urls import path

from .api import api
from .views import inbox_page, preferences_page

urlpatterns = [
    path("api/v1/", api.urls),
    path("inbox/", inbox_page, name="inbox"),
    path("inbox/preferences/", preferences_page, name="inbox-preferences"),
]
