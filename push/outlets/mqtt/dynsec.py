"""Mosquitto's dynamic-security plugin: it knows only what it was told, so it is told about tickets.

A user is a *client* there, with one password: the newest ticket is the one that counts. Any change of a client ends its
open connections (`mosquitto_kick_client_by_username` in plugins/dynamic-security/clients.c of 2.0), so a new ticket and
the end of one do. The plugin's patterns know no user name (2.0), hence a role for each client; both are taken away with
the ticket, so that its file, which it writes anew at every change, stays as small as the tickets that count are few.
"""

import json
import logging
import os
from base64 import b64encode
from collections.abc import Iterable, Iterator
from hashlib import pbkdf2_hmac
from typing import Any
from urllib.parse import unquote, urlsplit

from inbox import tickets
from inbox.snapshots import UserId, user_id
from inbox.users import user_pk

from ...conf import BULK
from ...models import Subscriber
from . import conf, topics
from .broker import Broker, Kept, Unreachable

logger = logging.getLogger(__name__)

CONTROL = "$CONTROL/dynamic-security/v1"
ITERATIONS = 101  # the plugin's own number

Command = dict[str, Any]
_kept = Kept()


def admit(user: UserId, ticket: str) -> None:
    """Let this ticket be the user's password. What the broker does not learn, the next ticket will tell it."""
    Subscriber.objects.filter(pk=user_pk(user)).update(ticket=ticket)
    try:
        with _kept.broker() as broker:
            _send(broker, _admitting(str(user), ticket))
    except Unreachable:
        logger.warning("Mosquitto was not told of a ticket of user %s", user)


def take_back(broker: Broker) -> None:
    """End the passwords that are no valid tickets any more. Raises `Unreachable`."""
    if conf.dynsec():
        rows = dict(Subscriber.objects.exclude(ticket="").values_list("pk", "ticket"))
        keys = list(rows)
        for start in range(0, len(keys), BULK):
            _take_back(broker, {key: rows[key] for key in keys[start : start + BULK]})


def _take_back(broker: Broker, given: dict[Any, str]) -> None:
    valid = tickets.users_of(given.values(), opening=True)
    ended = {key: ticket for key, ticket in given.items() if ticket not in valid}
    _send(broker, (command for key in ended for command in _removing(str(user_id(key)))))
    for key, ticket in ended.items():
        row = Subscriber.objects.filter(pk=key)
        if not row.filter(ticket=ticket).update(ticket=""):  # a new one came meanwhile: it was removed as well
            for newer in row.exclude(ticket="").values_list("ticket", flat=True):
                _send(broker, _admitting(str(user_id(key)), newer))


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
