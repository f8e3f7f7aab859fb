"""The URLs of the inbox. A site that includes them (`path("", include("inbox.urls"))`) gets /inbox/ and /api/v1/."""

from django.urls import path

from .api import api
from .page.views import inbox_page
from .views import preferences_page, set_language, snooze_page, subjects

urlpatterns = [
    path("api/v1/", api.urls),
    path("inbox/", inbox_page, name="inbox"),
    path("inbox/preferences/", preferences_page, name="inbox-preferences"),
    path("inbox/snooze/", snooze_page, name="inbox-snooze"),
    path("inbox/subjects/", subjects, name="inbox-subjects"),
    path("inbox/language/", set_language, name="inbox-language"),
]
