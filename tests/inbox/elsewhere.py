"""A site that puts the inbox below a path and into a namespace of its own."""

from django.urls import include, path

urlpatterns = [path("mail/", include(("inbox.urls", "mail"), namespace="mail"))]
