"""Who may connect to the broker: the service user of MQTT_URL, and users with a ticket for password."""

from urllib.parse import unquote, urlsplit

from django.utils.crypto import constant_time_compare

from inbox.core.snapshots import UserId
from inbox.credentials import purposes, tickets

from . import conf, devices, dynsec, queue, subscribers, topics

PURPOSE = "mqtt"  # of a ticket


def register_purpose() -> None:
    """Let users mint tickets for the broker."""
    purposes.register(PURPOSE, "your snapshot is published to the broker too, for the next 30 days")


def expect(user: UserId, ticket: str) -> None:
    """Prepare for a connection of this user: publish their state from now on; tell Mosquitto the ticket."""
    if conf.url():
        _publish_for(user)
        if conf.dynsec():
            dynsec.admit(user, ticket)


def admits(name: str, password: str, client_id: str = "") -> bool:
    """Whether the password is a ticket of the user with that id, and still counts. They are published for then.

    With a client id, which the broker tells, the connection ends with the ticket's session, password or token.
    """
    try:
        user = tickets.verify(password).user
    except tickets.BadTicket:
        return False
    if str(user) != name or not topics.is_user_name(name) or not tickets.users_of([password], opening=True):
        return False
    if client_id:
        if len(client_id) > devices.MAX_CLIENT_ID:
            return False
        devices.admitted(user, client_id, password)
    _publish_for(user)
    return True


def is_service(name: str | None, password: str | None) -> bool:
    """Whether this is the user of MQTT_URL."""
    known = urlsplit(conf.url())
    names = constant_time_compare(name or "", unquote(known.username or ""))
    secrets = constant_time_compare(password or "", unquote(known.password or ""))
    return bool(name and password) and names and secrets


def _publish_for(user: UserId) -> None:
    if subscribers.renew(user):
        queue.changed([user])
