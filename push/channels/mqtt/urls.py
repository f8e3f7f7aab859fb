"""What RabbitMQ is configured to ask (deploy/rabbitmq/rabbitmq.conf)."""

from django.urls import path

from . import views

urlpatterns = [
    path("user", views.user, name="mqtt-user"),
    path("vhost", views.vhost, name="mqtt-vhost"),
    path("resource", views.resource, name="mqtt-resource"),
    path("topic", views.topic, name="mqtt-topic"),
]
