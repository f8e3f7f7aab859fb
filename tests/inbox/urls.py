"""A site that reuses the inbox as the README says, under the tests of REST API and admin."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, HttpResponseNotFound
from django.urls import include, path

urlpatterns = [path("admin/", admin.site.urls), path("", include("inbox.urls"))]


def handler404(request: HttpRequest, exception: Any) -> HttpResponse:
    """Not the demo site's page, which names addresses that are not here."""
    return HttpResponseNotFound("Not found")


def handler403(request: HttpRequest, exception: Any) -> HttpResponse:
    return HttpResponseForbidden("Forbidden")
