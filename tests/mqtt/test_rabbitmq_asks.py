"""The questions of RabbitMQ, one by one (the broker's own tests ask them for real)."""

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core import checks
from django.test import Client

from inbox import services
from push.models import Subscriber

pytestmark = pytest.mark.django_db


def ask(what: str, **fields: Any) -> str:
    answer = Client(enforce_csrf_checks=True).post(f"/push/mqtt/{what}", fields)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.fixture
def bob(settings: Any) -> Any:
    settings.MQTT_URL = "mqtt://service:secret@127.0.0.1:1"  # nobody listens there
    return get_user_model().objects.create(username="bob")


def test_a_ticket_is_the_password(bob: Any) -> None:
    ticket, _ = services.mint_ticket(bob, None)
    assert ask("user", username=str(bob.pk), password=ticket) == "allow"
    assert Subscriber.objects.filter(pk=bob.pk).exists()
    assert ask("user", username=str(bob.pk + 1), password=ticket) == "deny"
    assert ask("user", username=str(bob.pk), password=ticket[:-1]) == "deny"
    assert ask("user", username="service", password="secret") == "deny"
    assert ask("user") == "deny"
    get_user_model().objects.update(is_active=False)
    assert ask("user", username=str(bob.pk), password=ticket) == "deny"


def test_an_expired_one_is_not(bob: Any) -> None:
    ticket, _ = services.mint_ticket(bob, None, ttl=-1)
    assert ask("user", username=str(bob.pk), password=ticket) == "deny"


RESOURCES = [
    ("allow", {"resource": "queue", "name": "mqtt-subscription-7-phoneqos1", "permission": "configure"}),
    ("allow", {"resource": "exchange", "name": "amq.topic", "permission": "read"}),
    ("deny", {"resource": "queue", "name": "mqtt-subscription-77-phoneqos1", "permission": "read"}),
    ("deny", {"resource": "queue", "name": "mqtt-subscription-phoneqos1", "permission": "read"}),
    ("deny", {"resource": "queue", "name": "orders", "permission": "read"}),
    ("deny", {"resource": "exchange", "name": "amq.topic", "permission": "write"}),
    ("deny", {"resource": "exchange", "name": "amq.topic", "permission": "configure"}),
    ("deny", {"resource": "exchange", "name": "amq.direct", "permission": "read"}),
    ("deny", {}),
]


@pytest.mark.parametrize(("answer", "asked"), RESOURCES)
def test_resources(answer: str, asked: dict[str, str]) -> None:
    assert ask("resource", username="7", vhost="/", **asked) == answer
    assert ask("resource", username="7", vhost="other", **asked) == "deny"
    assert ask("resource", username="#", vhost="/", **asked) == "deny"


UUID = "0190b6f0-7e5c-7cc0-9d4f-6a1f5d1c2b3a"
TOPICS = [
    ("allow", "7", "read", "inbox.7.unread"),
    ("allow", UUID, "read", f"inbox.{UUID}.unread"),
    ("deny", "7", "write", "inbox.7.unread"),
    ("deny", "7", "read", "inbox.8.unread"),
    ("deny", "7", "read", "inbox.*.unread"),
    ("deny", "*", "read", "inbox.*.unread"),
    ("deny", "7", "read", "inbox.#"),
    ("deny", "7", "read", "inbox.swept"),
]


@pytest.mark.parametrize(("answer", "name", "permission", "key"), TOPICS)
def test_topics(answer: str, name: str, permission: str, key: str) -> None:
    fields = {"resource": "topic", "name": "amq.topic", "permission": permission, "routing_key": key}
    assert ask("topic", username=name, vhost="/", **fields) == answer


def test_vhosts() -> None:
    assert ask("vhost", username="7", vhost="/") == "allow"
    assert ask("vhost", username="7", vhost="other") == "deny"


def test_only_post() -> None:
    assert Client().get("/push/mqtt/user").status_code == 405


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("MQTT_URL", "http://host", "push.E005"),
        ("MQTT_URL", "mqtt://user:secret@host:x", "push.E005"),
        ("MQTT_WS_URL", "mqtt://host", "push.E006"),
    ],
)
def test_a_wrong_setting_is_said_without_its_password(settings: Any, name: str, value: str, error: str) -> None:
    setattr(settings, name, value)
    found = [message for message in checks.run_checks() if message.id == error]
    assert len(found) == 1
    assert "secret" not in str(found)
