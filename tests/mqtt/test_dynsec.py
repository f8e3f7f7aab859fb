"""What Mosquitto's plugin is told (its own answers are in test_access.py)."""

import json
from collections.abc import Iterable
from typing import Any

import pytest
from django.contrib.auth import get_user_model

from inbox import tickets
from push.models import Subscriber
from push.outlets.mqtt import access, dynsec, subscribers
from push.outlets.mqtt.broker import Message

pytestmark = pytest.mark.django_db(transaction=True)


class Control:
    """Records the commands; `before` runs before each batch."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []
        self.before: Any = lambda: None

    def publish(self, messages: Iterable[Message], retain: bool = True) -> None:
        self.before()
        assert not retain
        for topic, payload in messages:
            assert topic == dynsec.CONTROL
            for command in json.loads(payload)["commands"]:
                self.said.append((command["command"], command.get("password", "")))


@pytest.fixture
def bob(settings: Any) -> Any:
    settings.MQTT_URL, settings.MQTT_DYNSEC = "mqtt://service:secret@127.0.0.1:1", True  # nobody listens there
    user = get_user_model().objects.create(username="bob")
    subscribers.renew(user.pk)
    return user


def ticket(user: Any, ttl: int = 300) -> str:
    return tickets.mint(user, None, ttl)[0]


def take_back(control: Control) -> list[tuple[str, str]]:
    control.said.clear()
    dynsec.take_back(control)  # type: ignore[arg-type]
    return control.said


REMOVED = [("deleteClient", ""), ("deleteRole", "")]


def test_only_what_has_ended_is_taken_back(bob: Any) -> None:
    control = Control()
    Subscriber.objects.update(ticket=ticket(bob))
    assert take_back(control) == []
    Subscriber.objects.update(ticket=ticket(bob, ttl=-1))
    assert take_back(control) == REMOVED
    assert take_back(control) == []
    Subscriber.objects.update(ticket=ticket(bob))
    get_user_model().objects.update(is_active=False)
    assert take_back(control) == REMOVED


def test_a_ticket_minted_meanwhile_is_given_back(bob: Any) -> None:
    """The old one's end removes the client, and the new one with it."""
    control, newer = Control(), ticket(bob)
    Subscriber.objects.update(ticket=ticket(bob, ttl=-1))
    control.before = lambda: Subscriber.objects.update(ticket=newer)
    said = take_back(control)
    assert said[:2] == REMOVED
    assert said[-1] == ("createClient", newer)
    control.before = lambda: None
    assert take_back(control) == []


def test_minting_does_not_fail_with_the_broker(bob: Any) -> None:
    text = ticket(bob)
    access.expect(bob.pk, text)
    assert Subscriber.objects.get(pk=bob.pk).ticket == text
