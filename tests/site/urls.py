"""The site's addresses, and `POST /test/call/`, which runs an action (tests.site.actions) here."""

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from notify_site.urls import handler500  # noqa: F401 (Django looks for it here)
from notify_site.urls import urlpatterns as site_urlpatterns
from tests.site.calls import perform_async


@csrf_exempt
async def call(request: HttpRequest) -> HttpResponse:
    return HttpResponse(await perform_async(request.body), content_type="application/json")


urlpatterns = [path("test/call/", call), *site_urlpatterns]
