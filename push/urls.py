"""Include it once: `path("push/", include("push.urls"))`. What is held is routed by push.asgi under the same names."""

from django.urls import include, path, re_path

from . import views

app_name = "push"

urlpatterns = [
    path("poll/", views.poll, name="poll"),
    path("events/", views.events, name="events"),
    path("banners/<slug:language>/", views.banners, name="banners"),
    path("sse/", views.needs_asgi, name="sse"),
    path("iframe/", views.needs_asgi, name="iframe"),
    path("changes/", views.needs_asgi, name="changes"),
    path("ws/", views.needs_asgi, name="websocket"),
    path("mqtt/", include("push.channels.mqtt.urls")),
    re_path("", views.nothing, name="not-found"),  # the last one
]
