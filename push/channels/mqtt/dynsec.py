"""Mosquitto's dynamic-security plugin: it knows only what it was told, so it is told about tickets.

A user is a *client* there, with one password: the newest ticket is the one that counts. Any change of a client ends its
open connections (`mosquitto_kick_client_by_username` in plugins/dynamic-security/clients.c of 2.0), so a new ticket and
the end of one do. The plugin's patterns know no user name (2.0), hence a role for each client; both are taken away with
the ticket, so that its file, which it writes anew at every change, stays as small as the tickets that count are few.

What it should know stands in `push.models.Subscriber`, with a mark on what it was told (`told`). Telling the same
ticket twice would end the connection that the device opened in between, so a process claims a row before it tells
(`telling_until`). What a broker has forgotten is created without a deletion: it changes no client that is there.
"""

import json
import logging
import os
from base64 import b64encode
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import pbkdf2_hmac
from typing import Any
from urllib.parse import unquote, urlsplit

from django.db.models import Q, QuerySet
from django.utils import timezone

from inbox.core.snapshots import UserId, user_id
from inbox.core.users import user_pk, user_pks
from inbox.credentials import tickets

from ...models import Subscriber
from . import conf, subscribers, topics
from .broker import Broker, Kept, Unreachable

logger = logging.getLogger(__name__)

CONTROL = "$CONTROL/dynamic-security/v1"
ITERATIONS = 101  # the plugin's own number
ROUNDS = 5  # in which the broker is told of rows that change meanwhile
CLAIM = timedelta(seconds=10)  # longer than telling takes; then another process may tell
UNTOLD: dict[str, Any] = {"told": False, "telling_until": None}

Command = dict[str, Any]
_kept = Kept()


def admit(user: UserId, ticket: str) -> None:
    """Let this ticket be the user's password. What the broker does not learn now, the next sweep tells it."""
    rows, until = Subscriber.objects.filter(pk=user_pk(user)), timezone.now() + CLAIM
    rows.update(ticket=ticket, told=False, telling_until=until)

    def tell(broker: Broker) -> None:
        _tell_claimed(broker, {user_pk(user): ticket})
        _tell(broker, rows)

    try:
        _kept.use(tell)
    except Unreachable as error:
        _release([user_pk(user)], until)
        logger.warning("Mosquitto was not told of a ticket of user %s (%s); the next sweep will do it", user, error)


def sweep(broker: Broker, forgotten: bool) -> Iterator[None]:
    """End what is no valid ticket any more, and tell what the broker does not know, a chunk at each step. Raises
    `Unreachable`.

    `forgotten`: it may have lost everything, so it is told about all tickets that count.
    """
    if not conf.dynsec():
        return
    yield from end(broker, None)
    if forgotten:
        yield from _restore(broker)


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
                given.filter(pk=key, ticket=ticket).update(ticket="", **UNTOLD)  # not a newer one
        yield
    for keys in subscribers.chunks(subject.filter(told=False)):
        _tell(broker, Subscriber.objects.filter(pk__in=keys))
        yield


def _restore(broker: Broker) -> Iterator[None]:
    """Create the clients that the broker does not have, a chunk at each step. Raises `Unreachable`."""
    given = Subscriber.objects.exclude(ticket="").filter(told=True)
    for keys in subscribers.chunks(given):
        rows = dict(given.filter(pk__in=keys).values_list("pk", "ticket"))
        _send(broker, (command for key, ticket in rows.items() for command in _creating(str(user_id(key)), ticket)))
        Subscriber.objects.filter(pk__in=keys, ticket="").update(**UNTOLD)  # ended meanwhile
        yield


def _tell(broker: Broker, rows: "QuerySet[Any]") -> None:
    """Make the broker know what these rows say now, but for those that another process tells. Raises `Unreachable`.

    A row that changes faster than it can be told is left to the next sweep.
    """
    for _round in range(ROUNDS):
        until = timezone.now() + CLAIM
        claimed = _claim(rows, until)
        if not claimed:
            return
        try:
            _tell_claimed(broker, claimed)
        except Unreachable:
            _release(claimed, until)
            raise


def _claim(rows: "QuerySet[Any]", until: datetime) -> dict[Any, str]:
    """The tickets that this process has to tell, by key."""
    free = rows.filter(Q(telling_until=None) | Q(telling_until__lte=timezone.now()), told=False)
    untold = dict(free.values_list("pk", "ticket"))
    return {
        key: ticket for key, ticket in untold.items() if free.filter(pk=key, ticket=ticket).update(telling_until=until)
    }


def _release(keys: Collection[Any], until: datetime) -> None:
    Subscriber.objects.filter(pk__in=list(keys), telling_until=until).update(telling_until=None)


def _tell_claimed(broker: Broker, claimed: Mapping[Any, str]) -> None:
    """Two processes may tell different tickets in the wrong order: who was overtaken finds another ticket in the row
    afterwards, and marks it as untold."""
    _send(broker, (command for each in claimed.items() for command in _saying(*each)))
    for key, ticket in claimed.items():
        if not Subscriber.objects.filter(pk=key, ticket=ticket).update(told=True, telling_until=None):
            Subscriber.objects.filter(pk=key).update(**UNTOLD)


def _saying(key: Any, ticket: str) -> Iterator[Command]:
    name = str(user_id(key))
    return _admitting(name, ticket) if ticket else _removing(name)


def _send(broker: Broker, commands: Iterable[Command]) -> None:
    """The PUBACK comes when they are done; what cannot be (a client that is not there) is no error here."""
    if listed := list(commands):
        broker.publish([(CONTROL, json.dumps({"commands": listed}))], retain=False)


def _admitting(name: str, ticket: str) -> Iterator[Command]:
    yield {"command": "deleteClient", "username": name}
    yield from _creating(name, ticket)


def _creating(name: str, ticket: str) -> Iterator[Command]:
    """The plugin refuses both commands for a name that it has, and ends no connection then."""
    role = f"user-{name}"
    acls = [
        {"acltype": kind, "topic": topics.unread(name), "allow": True}
        for kind in ("subscribeLiteral", "publishClientReceive")
    ]
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
