"""Mosquitto's dynamic-security plugin: it knows only what it was told, so it is told about tickets.

A user is a *client* there, with one password: the newest ticket is the one that counts. Any change of a client ends its
open connections (`mosquitto_kick_client_by_username` in plugins/dynamic-security/clients.c of 2.0), so a new ticket and
the end of one do. The plugin's patterns know no user name (2.0), hence a role for each client; both are taken away with
the ticket, so that its file, which it writes anew at every change, stays as small as the tickets that count are few.

What it should know stands in `push.models.Subscriber`, with a mark on what it was told (`told`).
"""

import json
import logging
import os
from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from hashlib import pbkdf2_hmac
from typing import Any
from urllib.parse import unquote, urlsplit

from django.db.models import QuerySet

from inbox import tickets
from inbox.snapshots import UserId, user_id
from inbox.users import user_pk, user_pks

from ...models import Subscriber
from . import conf, subscribers, topics
from .broker import Broker, Kept, Unreachable

logger = logging.getLogger(__name__)

CONTROL = "$CONTROL/dynamic-security/v1"
ITERATIONS = 101  # the plugin's own number
ROUNDS = 5  # in which the broker is told of rows that change meanwhile

Command = dict[str, Any]
_kept = Kept()


def admit(user: UserId, ticket: str) -> None:
    """Let this ticket be the user's password. What the broker does not learn now, the next sweep tells it."""
    rows = Subscriber.objects.filter(pk=user_pk(user))
    rows.update(ticket=ticket, told=False)
    try:
        with _kept.broker() as broker:
            _tell(broker, rows)
    except Unreachable:
        logger.warning("Mosquitto was not told of a ticket of user %s; the next sweep will do it", user)


def sweep(broker: Broker, forgotten: bool) -> Iterator[None]:
    """End what is no valid ticket any more, and tell what the broker does not know, a chunk at each step. Raises
    `Unreachable`.

    `forgotten`: it has lost everything, so it is told about all tickets that count.
    """
    if not conf.dynsec():
        return
    if forgotten:
        Subscriber.objects.exclude(ticket="").update(told=False)
    yield from end(broker, None)


def end(broker: Broker, users: Sequence[UserId] | None) -> Iterator[None]:
    """End the tickets of these users (None: of all) that count no more, and with them their connections, a chunk at
    each step. Raises `Unreachable`."""
    subject = Subscriber.objects.all() if users is None else Subscriber.objects.filter(pk__in=user_pks(users))
    given = subject.exclude(ticket="")
    for keys in subscribers.chunks(given):
        rows = dict(given.filter(pk__in=keys).values_list("pk", "ticket"))
        valid = tickets.users_of(rows.values(), opening=True)
        for key, ticket in rows.items():
            if ticket not in valid:
                given.filter(pk=key, ticket=ticket).update(ticket="", told=False)  # not a newer one
        yield
    for keys in subscribers.chunks(subject.filter(told=False)):
        _tell(broker, Subscriber.objects.filter(pk__in=keys))
        yield


def _tell(broker: Broker, rows: "QuerySet[Any]") -> None:
    """Make the broker know what these rows say now. Raises `Unreachable`.

    Two processes may tell it in the wrong order: who was overtaken finds another ticket in the row afterwards, and
    tells that one. A row that changes faster than it can be told is left to the next sweep.
    """
    for _round in range(ROUNDS):
        untold = dict(rows.filter(told=False).values_list("pk", "ticket"))
        if not untold:
            return
        _send(broker, (command for each in untold.items() for command in _saying(*each)))
        for key, ticket in untold.items():
            if not Subscriber.objects.filter(pk=key, ticket=ticket).update(told=True):
                Subscriber.objects.filter(pk=key).update(told=False)


def _saying(key: Any, ticket: str) -> Iterator[Command]:
    name = str(user_id(key))
    return _admitting(name, ticket) if ticket else _removing(name)


def _send(broker: Broker, commands: Iterable[Command]) -> None:
    """The PUBACK comes when they are done; what cannot be (a client that is not there) is no error here."""
    if listed := list(commands):
        broker.publish([(CONTROL, json.dumps({"commands": listed}))], retain=False)


def _admitting(name: str, ticket: str) -> Iterator[Command]:
    role = f"user-{name}"
    acls = [
        {"acltype": kind, "topic": topics.unread(name), "allow": True}
        for kind in ("subscribeLiteral", "publishClientReceive")
    ]
    yield {"command": "deleteClient", "username": name}
    yield {"command": "createRole", "rolename": role, "acls": acls}
    yield {"command": "createClient", "username": name, "password": ticket, "roles": [{"rolename": role}]}


def _removing(name: str) -> Iterator[Command]:
    yield {"command": "deleteClient", "username": name}
    yield {"command": "deleteRole", "rolename": f"user-{name}"}


def _renew() -> None:
    global _kept
    _kept = Kept()


os.register_at_fork(after_in_child=_renew)


# The plugin's file, before its first start


def first_state(url: str) -> dict[str, Any]:
    """Nobody may do anything but the service user of `url`, who may do everything."""
    parts = urlsplit(url)
    kinds = ("publishClientSend", "publishClientReceive", "subscribePattern")
    acls = [{"acltype": kind, "topic": topic, "allow": True} for kind in kinds for topic in ("#", "$CONTROL/#")]
    client = {"username": unquote(parts.username or ""), "roles": [{"rolename": "service"}]}
    return {
        "defaultACLAccess": {**dict.fromkeys((*kinds[:2], "subscribe"), False), "unsubscribe": True},
        "clients": [client | _password(unquote(parts.password or ""))],
        "roles": [{"rolename": "service", "acls": acls}],
    }


def _password(password: str) -> dict[str, Any]:
    """As the plugin stores it: PBKDF2 with SHA-512 (plugins/dynamic-security/auth.c)."""
    salt = os.urandom(12)
    hashed = pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS, 64)
    encoded = {name: b64encode(value).decode() for name, value in (("password", hashed), ("salt", salt))}
    return {**encoded, "iterations": ITERATIONS}
