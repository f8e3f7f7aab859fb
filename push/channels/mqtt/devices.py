"""Devices that the broker has let in. A connection ends with the credential that opened it.

How a connection is ended depends on the broker. Mosquitto's plugin is told (`dynsec`), the embedded broker does it
itself (`embedded`), and RabbitMQ, which has told us the client id when it asked (`views`), ends a connection when
another comes with that client id (MQTT 3.1.1, 3.1.4).
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta

from django.db.models import QuerySet
from django.utils import timezone

from inbox.core.snapshots import UserId, user_id
from inbox.core.users import user_pk, user_pks
from inbox.credentials import tickets

from ...models import Device
from . import conf, dynsec, subscribers
from .broker import Broker

MAX_CLIENT_ID = 200  # characters
# After that a connection is ended, whether it still exists or not: nobody tells us, and a page that was closed would be
# looked after for as long as its session lives. A device that is still there comes back with a new ticket.
KEPT = timedelta(days=1, seconds=tickets.MAX_TTL)

# What ends the connections of a broker that runs in this process (`embedded`).
brokers_in_process: list[Callable[[], None]] = []


def admitted(user: UserId, client_id: str, ticket: str) -> None:
    """A device with this client id has been let in by this ticket."""
    row = Device(client_id=client_id, user_id=user_pk(user), ticket=ticket, seen_at=timezone.now())
    fields = ["user", "ticket", "seen_at"]
    Device.objects.bulk_create([row], update_conflicts=True, unique_fields=["client_id"], update_fields=fields)


def recheck(broker: Broker, users: Sequence[UserId] | None) -> Iterator[None]:
    """End the connections of these users (None: of all) whose credentials have ended, a chunk at each step. Raises
    `Unreachable`."""
    if conf.dynsec():
        yield from dynsec.end(broker, users)
    yield from _recheck(
        broker, Device.objects.all() if users is None else Device.objects.filter(user__in=user_pks(users))
    )


def recheck_all(broker: Broker) -> Iterator[None]:
    """The same of all, where the plugin of a Mosquitto has been told already."""
    yield from _recheck(broker, Device.objects.all())


def _recheck(broker: Broker, rows: "QuerySet[Device]") -> Iterator[None]:
    for recheck_own in brokers_in_process:
        recheck_own()
    for keys in subscribers.chunks(rows):
        yield from _end_invalid(broker, list(Device.objects.filter(pk__in=keys)))
        yield


def _end_invalid(broker: Broker, devices: Sequence[Device]) -> Iterator[None]:
    """To end one takes a connection to the broker, so each is a step."""
    valid = tickets.users_of([device.ticket for device in devices], opening=False)
    for device in devices:
        if valid.get(device.ticket) != user_id(device.user_id) or device.seen_at < timezone.now() - KEPT:
            broker.fence(device.client_id)
            same = Device.objects.filter(pk=device.pk, ticket=device.ticket, seen_at=device.seen_at)
            same.delete()  # not one that has been let in again
            yield
