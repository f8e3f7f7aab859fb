"""Include it at the root: `path("", include("push.operations.urls"))`, and keep it from the outside."""

from django.urls import path

from . import views

app_name = "operations"

urlpatterns = [path(name, view, name=name) for name, view in views.ALL.items()]
