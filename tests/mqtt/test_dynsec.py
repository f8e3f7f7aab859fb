"""What Mosquitto's plugin is told (its own answers are in test_access.py)."""

import json
from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone

from inbox import services
from push.channels.mqtt import access, dynsec, subscribers
from push.channels.mqtt.broker import Message
from push.models import Subscriber

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
    return services.mint_ticket(user, None, ttl)[0]


def sweep(control: Control, forgotten: bool = False) -> list[tuple[str, str]]:
    control.said.clear()
    list(dynsec.sweep(control, forgotten))  # type: ignore[arg-type]
    return control.said


def given(text: str) -> list[tuple[str, str]]:
    return [("deleteClient", ""), ("createRole", ""), ("createClient", text)]


REMOVED = [("deleteClient", ""), ("deleteRole", "")]


def test_only_what_has_ended_is_taken_back(bob: Any) -> None:
    control = Control()
    Subscriber.objects.update(ticket=ticket(bob))
    assert sweep(control) == []
    Subscriber.objects.update(ticket=ticket(bob, ttl=-1))
    assert sweep(control) == REMOVED
    assert sweep(control) == []
    Subscriber.objects.update(ticket=ticket(bob))
    get_user_model().objects.update(is_active=False)
    assert sweep(control) == REMOVED


def test_minting_does_not_fail_with_the_broker_which_is_told_later(bob: Any) -> None:
    control, text = Control(), ticket(bob)
    access.expect(bob.pk, text)
    assert sweep(control) == given(text)
    assert sweep(control) == []


def test_a_broker_that_has_forgotten_everything_is_told_what_still_counts(bob: Any) -> None:
    control, text = Control(), ticket(bob)
    Subscriber.objects.update(ticket=text)
    subscribers.renew(get_user_model().objects.create(username="alice").pk)  # who has no ticket
    assert sweep(control, forgotten=True) == created(text)  # and ended are no connections that came since


def created(text: str) -> list[tuple[str, str]]:
    return [("createRole", ""), ("createClient", text)]


def test_what_ends_while_it_is_restored_is_taken_back(bob: Any) -> None:
    control, text = Control(), ticket(bob)
    Subscriber.objects.update(ticket=text)

    def meanwhile() -> None:
        control.before = lambda: None
        Subscriber.objects.update(ticket="", told=True)

    control.before = meanwhile
    assert sweep(control, forgotten=True) == created(text)
    assert sweep(control) == REMOVED


@pytest.fixture
def admitting(monkeypatch: pytest.MonkeyPatch) -> Control:
    """The connection that tells of new tickets."""
    control = Control()
    kept = SimpleNamespace(use=lambda work: work(control))
    monkeypatch.setattr(dynsec, "_kept", kept)
    return control


def test_a_ticket_is_told_once_so_what_it_opens_stays_open(bob: Any, admitting: Control) -> None:
    sweeping, text, said = Control(), ticket(bob), list[tuple[str, str]]()
    admitting.before = lambda: said.extend(sweep(sweeping))
    access.expect(bob.pk, text)
    assert (said, admitting.said) == ([], given(text))
    assert sweep(sweeping) == []


def test_what_a_sweep_tells_no_other_sweep_tells(bob: Any) -> None:
    first, second, text = Control(), Control(), ticket(bob)
    Subscriber.objects.update(ticket=text, told=False)
    first.before = lambda: sweep(second)
    assert sweep(first) == given(text)
    assert second.said == []


def test_whoever_died_telling_is_replaced(bob: Any) -> None:
    control, text = Control(), ticket(bob)
    now = timezone.now()
    Subscriber.objects.update(ticket=text, told=False, telling_until=now + dynsec.CLAIM)
    assert sweep(control) == []
    Subscriber.objects.update(telling_until=now)
    assert sweep(control) == given(text)


def test_an_end_waits_for_nobody_who_tells(bob: Any, admitting: Control) -> None:
    sweeping, text, said = Control(), ticket(bob), list[tuple[str, str]]()

    def ended() -> None:
        admitting.before = lambda: None
        get_user_model().objects.update(is_active=False)
        said.extend(sweep(sweeping))

    admitting.before = ended
    access.expect(bob.pk, text)
    assert said == REMOVED
    assert admitting.said == given(text) + REMOVED  # as it may have come last


@pytest.mark.parametrize("before", ["", "another"])
def test_whoever_is_overtaken_says_the_newer_one_last(bob: Any, before: str) -> None:
    """Between the reading of a row and the telling, another process has told of a newer ticket."""
    control, newer = Control(), ticket(bob)
    Subscriber.objects.update(ticket=before and ticket(bob, ttl=200), told=False)

    def meanwhile() -> None:
        control.before = lambda: None
        Subscriber.objects.update(ticket=newer, told=True)

    control.before = meanwhile
    assert sweep(control)[-3:] == given(newer)
    assert sweep(control) == []


def test_who_is_deleted_loses_the_password_before_the_row(bob: Any) -> None:
    control, key = Control(), bob.pk
    Subscriber.objects.update(ticket=ticket(bob))
    bob.delete()
    subscribers.forget([key])
    assert sweep(control) == REMOVED
    subscribers.forget([key])
    assert not Subscriber.objects.exists()
