from django.urls import path

from ..words import catalog_of
from . import views

urlpatterns = [
    path("lab/", views.lab, name="lab"),
    path("lab/jsi18n/", catalog_of("notify_site.lab"), name="lab-catalog"),
    path("lab/clock/", views.clock, name="lab-clock"),
    path("lab/event/", views.event, name="lab-event"),
    path("lab/burst/", views.burst, name="lab-burst"),
    path("lab/burst/<int:pk>/", views.burst_progress, name="lab-burst-progress"),
    path("lab/broadcast/", views.broadcast, name="lab-broadcast"),
    path("lab/disconnect/", views.disconnect, name="lab-disconnect"),
]
