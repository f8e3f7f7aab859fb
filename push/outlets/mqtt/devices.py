"""Devices that the broker has let in, and their end: a connection lives no longer than the credential that opened it.

How a connection is ended depends on the broker. Mosquitto's plugin is told (`dynsec`), the embedded broker does it
itself (`embedded`), and RabbitMQ, which has told us the client id when it asked (`views`), ends a connection when
another comes with that client id (MQTT 3.1.1, 3.1.4).
"""

from collections.abc import Sequence
from datetime import timedelta

from django.db.models import QuerySet
from django.utils import timezone

from inbox import tickets
from inbox.snapshots import UserId, user_id
from inbox.users import user_pk, user_pks

from ...models import Device
from . import conf, dynsec, subscribers
from .broker import Broker

MAX_CLIENT_ID = 200  # characters
KEPT = timedelta(days=conf.KEEP_DAYS)  # longer than that no connection is looked after


def admitted(user: UserId, client_id: str, ticket: str) -> None:
    """A device with this client id has been let in by this ticket."""
    row = Device(client_id=client_id, user_id=user_pk(user), ticket=ticket, seen_at=timezone.now())
    fields = ["user", "ticket", "seen_at"]
    Device.objects.bulk_create([row], update_conflicts=True, unique_fields=["client_id"], update_fields=fields)


def recheck(broker: Broker, users: Sequence[UserId] | None) -> None:
    """End the connections of these users (None: of all) whose credentials have ended. Raises `Unreachable`."""
    if conf.embedded():
        from . import embedded  # amqtt, which only the process that is the broker needs

        embedded.recheck()
    if conf.dynsec():
        dynsec.end(broker, users)
    rows = Device.objects.all() if users is None else Device.objects.filter(user__in=user_pks(users))
    for keys in subscribers.chunks(rows):
        _end_invalid(broker, Device.objects.filter(pk__in=keys))
    Device.objects.filter(seen_at__lt=timezone.now() - KEPT).delete()


def _end_invalid(broker: Broker, rows: "QuerySet[Device]") -> None:
    devices = list(rows)
    valid = tickets.users_of([device.ticket for device in devices], opening=False)
    for device in devices:
        if valid.get(device.ticket) != user_id(device.user_id):
            broker.fence(device.client_id)
            Device.objects.filter(pk=device.pk, ticket=device.ticket).delete()  # not of one that is let in again
