"""RabbitMQ asks (rabbitmq_auth_backend_http): POST, answered with `allow` or `deny`, always 200.

The questions need no secret of their own: who may log in is told only to who shows a valid ticket, and the other
answers follow from the names alone. A proxy should nevertheless keep /push/mqtt/ to itself, as deploy/nginx.conf does.
The service user is RabbitMQ's own: its publishing would be a question for every topic.

RabbitMQ keeps a device's messages in a queue named by its client id, which another user might take over by connecting
with the same one, or end by it: so a client id must begin with the user's own id and a hyphen.
"""

import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.http.request import QueryDict

from ...gate.methods import View, only
from . import access, topics

VHOST, EXCHANGE = "/", "amq.topic"


def answers(question: Callable[[QueryDict], bool]) -> View:
    def view(request: HttpRequest) -> HttpResponse:
        allowed = request.POST.get("vhost", VHOST) == VHOST and question(request.POST)
        return HttpResponse("allow" if allowed else "deny", content_type="text/plain")

    return only("POST")(view)


@answers
def user(asked: QueryDict) -> bool:
    """Fields `username`, `password`, `client_id`."""
    name, password, client_id = (asked.get(field, "") for field in ("username", "password", "client_id"))
    return (not client_id or client_id.startswith(f"{name}-")) and access.admits(name, password, client_id)


@answers
def vhost(asked: QueryDict) -> bool:
    """Fields `username`, `vhost`, `ip`. Only who was let in gets here."""
    return topics.is_user_name(asked.get("username", ""))


@answers
def resource(asked: QueryDict) -> bool:
    """Fields `username`, `resource` (exchange or queue), `name`, `permission` (configure, write or read).

    To subscribe is to have a queue, and to read the exchange into it.
    """
    name, of, permission = (asked.get(field, "") for field in ("username", "name", "permission"))
    if not topics.is_user_name(name):
        return False
    if asked.get("resource") == "queue":
        return re.fullmatch(rf"mqtt-subscription-{re.escape(name)}-[^\n]*qos[01]", of) is not None
    return (asked.get("resource"), of, permission) == ("exchange", EXCHANGE, "read")


@answers
def topic(asked: QueryDict) -> bool:
    """Fields `username`, `name` (of the exchange), `permission`, `routing_key` (the topic, with `.` for `/`)."""
    name = asked.get("username", "")
    own = topics.unread(name).replace("/", ".")
    return (
        topics.is_user_name(name)
        and (asked.get("name"), asked.get("permission")) == (EXCHANGE, "read")
        and asked.get("routing_key") == own
    )
