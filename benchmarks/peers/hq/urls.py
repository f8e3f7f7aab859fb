from django.urls import include, path

from . import views

urlpatterns = [
    path("inbox/notifications/", include("notifications.urls", namespace="notifications")),
    path("api/messages/", views.Send.as_view()),
    path("api/messages/batch/", views.SendBatch.as_view()),
]
