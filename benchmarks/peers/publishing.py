"""How the peers tell their web processes: one message per user."""

import json
import os


def group_send(numbers: dict[int, int]) -> None:
    """The usual worker: one `group_send` per user."""
    from asgiref.sync import async_to_sync
    from channels_redis.pubsub import RedisPubSubChannelLayer

    async def send_all() -> None:
        layer = RedisPubSubChannelLayer(hosts=[os.environ["REDIS_URL"]])
        for user, number in numbers.items():
            await layer.group_send(f"user-{user}", {"type": "unread", "unread": number})
        await layer.flush()

    async_to_sync(send_all)()


def send_event(numbers: dict[int, int]) -> None:
    """What django-eventstream's `send_event` publishes for its other processes."""
    import redis

    with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
        for user, number in numbers.items():
            data = json.dumps({"unread": number})
            event = {"channel": f"user-{user}", "event_type": "unread", "data": data, "pub_id": None}
            client.publish("events_channel", json.dumps(event))
