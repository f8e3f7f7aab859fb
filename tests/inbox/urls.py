"""A site that reuses the inbox as the README says, under the tests of REST API and admin."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [path("admin/", admin.site.urls), path("", include("inbox.urls"))]
