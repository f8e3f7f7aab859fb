"""Run by test_abroad.py, in a process with that site's settings."""

from typing import Any

import pytest
from django.contrib.auth import get_user_model

from inbox import services
from inbox.core.snapshots import user_id
from inbox.models import FollowMessage
from push.channels.mqtt import access, publisher, subscribers, topics
from push.models import Subscriber
from tests.inbox.abroad.models import Numbered
from tests.mqtt.fakes import FakeBroker, swept, swept_later

pytestmark = pytest.mark.django_db(transaction=True)


def people() -> list[Any]:
    users = get_user_model()
    field = users.USERNAME_FIELD
    given = issubclass(users, Numbered)
    keys: list[dict[str, Any]] = [{"pk": 2**53 + number} if given else {} for number in range(3)]
    return [users._base_manager.create(**{field: f"person-{number}"}, **key) for number, key in enumerate(keys)]


def test_keys_that_are_no_numbers() -> None:
    one, two, gone = users = people()
    for user in users:
        assert subscribers.renew(user_id(user.pk))
        assert not subscribers.renew(user_id(user.pk))
    broker = FakeBroker()
    swept(broker)
    assert [broker.unread(user) for user in users] == [0, 0, 0]
    services.send([one], FollowMessage, actor=two)
    publisher.publish(subscribers.among([user_id(one.pk), user_id(two.pk)]), broker)
    assert [broker.unread(user) for user in users] == [1, 0, 0]
    services.send([two], FollowMessage, actor=one)
    key = user_id(gone.pk)
    gone.delete()
    swept_later(broker)
    assert [broker.unread(user) for user in (one, two)] == [1, 1]
    assert topics.unread(key) not in broker.topics
    assert Subscriber.objects.count() == 2


def test_a_ticket_admits_its_user() -> None:
    one, two, _ = people()
    ticket, _ = services.mint_ticket(one, None)
    assert access.admits(str(one.pk), ticket)
    assert not access.admits(str(two.pk), ticket)
