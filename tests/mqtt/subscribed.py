"""Subscribers of a test, and what a fake broker received of their states."""

import json
from typing import Any

from django.contrib.auth import get_user_model

from inbox import services
from inbox.models import CommentMessage
from push.channels.mqtt import subscribers, topics
from push.models import Subscriber
from tests.mqtt.fakes import FakeBroker


def subscriber(name: str = "bob", **fields: Any) -> Any:
    user = get_user_model().objects.create(username=name)
    subscribers.renew(user.pk)
    Subscriber.objects.filter(pk=user.pk).update(**fields)
    return user


def receives(user: Any) -> None:
    services.send([user], CommentMessage, target_title="Tea", excerpt="Yes")


def row(user: Any) -> Subscriber:
    return Subscriber.objects.get(pk=user.pk)


def versions(broker: FakeBroker, user: Any) -> list[int]:
    """Of this user's states, in the order in which the broker had them."""
    return [json.loads(payload)["version"] for topic, payload in broker.received if topic == topics.unread(user.pk)]
