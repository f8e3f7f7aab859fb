"""The site's addresses, `POST /test/call/`, which runs an action (tests.site.actions) here, and `/test/page/404/`."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from notify_site.urls import handler500  # noqa: F401 (Django looks for it here)
from notify_site.urls import urlpatterns as site_urlpatterns
from tests.site.calls import perform_async


@csrf_exempt
async def call(request: HttpRequest) -> HttpResponse:
    return HttpResponse(await perform_async(request.body), content_type="application/json")


def page(request: HttpRequest, name: str) -> HttpResponse:
    """A page that the site shows when something goes wrong, as it is while DEBUG is off."""
    return render(request, f"{name}.html", {"minutes": 5})


urlpatterns = [path("test/call/", call), path("test/page/<path:name>/", page), *site_urlpatterns]
