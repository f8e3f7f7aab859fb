"""What tests do inside a site (calls.py runs it there): small named actions, values of JSON in and out."""

import asyncio
import gc
import os
import signal
import threading
import time
from datetime import timedelta
from functools import cache
from importlib import import_module
from typing import Any
from unittest.mock import Mock, patch

from django.apps import apps
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.contrib.auth.models import Group
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from push import gate
from push.gate import lobby, shutouts
from push.gate.credentials import Credential

PEOPLE = ("admin", "alice", "bob", "carol")
PASSWORD = "reddot-demo"


# People


def people() -> dict[str, Any]:
    """The demo accounts without the demo data: {name: id}."""
    return {name: user(name, is_staff=name == "admin", is_superuser=name == "admin") for name in PEOPLE}


def user(name: str, **fields: Any) -> Any:
    """The id of the user `name`, made or changed to have `fields`."""
    found, made = get_user_model().objects.update_or_create(username=name, defaults=fields)
    if made:
        found.set_password(PASSWORD)
        found.save()
    return found.pk


def join(name: str, group: str) -> None:
    """Make the user a member of this group, which may be new."""
    found, _made = Group.objects.get_or_create(name=group)
    get_user_model().objects.get(username=name).groups.add(found)


def delete_user(name: str) -> None:
    get_user_model().objects.get(username=name).delete()


def session(name: str) -> str:
    """The value of a session cookie that is signed in as `name`; no password is checked."""
    found = get_user_model().objects.get(username=name)
    store = import_module(settings.SESSION_ENGINE).SessionStore()
    store[SESSION_KEY] = str(found.pk)
    store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[-1]
    store[HASH_SESSION_KEY] = found.get_session_auth_hash()
    store.save()
    return str(store.session_key)


def ticket(name: str, session_key: str | None = None, ttl: int = 300) -> str:
    """A ticket of `name`, minted in that session if given."""
    from inbox import services

    return services.mint_ticket(get_user_model().objects.get(username=name), session_key, ttl)[0]


def token(name: str = "shop", owner: str = "admin") -> str:
    """A service token with every scope."""
    from inbox import models, services

    return services.create_token(name, get_user_model().objects.get(username=owner), models.Scope.values)


def change_password(name: str) -> None:
    found = get_user_model().objects.get(username=name)
    found.set_password(PASSWORD)  # salted anew: another hash
    found.save()


def change_user(name: str, **values: Any) -> None:
    """Behind the signals' back."""
    get_user_model().objects.filter(username=name).update(**values)


def log_out(session_key: str) -> None:
    import_module(settings.SESSION_ENGINE).SessionStore(session_key).flush()


def expire_session(session_key: str) -> None:
    Session.objects.filter(pk=session_key).update(expire_date=timezone.now())


def delete_session(session_key: str) -> None:
    Session.objects.filter(pk=session_key).delete()


def token_ticket(name: str, shop: str) -> str:
    """A ticket of `name`, minted with a new service token that is called `shop`."""
    from inbox import models, services

    token(shop)
    minted_by = models.ServiceToken.objects.get(name=shop)
    return services.mint_ticket(get_user_model().objects.get(username=name), None, token=minted_by.pk)[0]


def end_token(shop: str, how: str) -> None:
    """`how` is "revoke", "expire" or "delete"."""
    from inbox import models, services

    ending = models.ServiceToken.objects.get(name=shop)
    if how == "revoke":
        services.revoke_token(ending)
    elif how == "expire":
        models.ServiceToken.objects.filter(pk=ending.pk).update(expires_at=timezone.now())
    else:
        ending.delete()


# The demo site


def post(author: str, text: str) -> int:
    """A post on the feed; its primary key."""
    from notify_site.demo import services

    return int(services.write_post(get_user_model().objects.get(username=author), text).pk)


def comment(author: str, post: int, text: str) -> int:
    """A comment under a post; its primary key."""
    from notify_site.demo import models, services

    by = get_user_model().objects.get(username=author)
    return int(services.write_comment(by, models.Post.objects.get(pk=post), text).pk)


# Messages and broadcasts


def send(event_type: str, to: list[str], actor: str | None = None, **columns: Any) -> int:
    """`inbox.services.sending` by names: event type ("comment") and users. Rows made."""
    from inbox import models, services

    by = get_user_model().objects.get(username=actor) if actor else None
    return services.send(ids(to), models.event_types()[event_type], actor=by, **columns)


def send_titles(to: str, titles: list[str]) -> None:
    """System messages, in one transaction."""
    with transaction.atomic():
        for title in titles:
            send("system", [to], title=title)


def refs(name: str) -> list[str]:
    """What is in the user's inbox, the newest first."""
    from inbox import selectors

    return [item.ref for item in selectors.inbox_page(ids([name])[0]).items]


def snooze(name: str, refs: list[str], seconds: float) -> None:
    from inbox import services

    services.snooze(ids([name])[0], refs, timezone.now() + timedelta(seconds=seconds))


def shorten_snoozes(name: str, seconds: float) -> None:
    """All of the user's snoozes now end so many seconds from now."""
    from inbox import selectors, services
    from inbox.core.choice import Choice

    [user] = ids([name])
    items = selectors.inbox_page(user, choice=Choice(snoozed=True)).items
    services.snooze(user, [item.ref for item in items], timezone.now() + timedelta(seconds=seconds))


def send_rolled_back(event_type: str, to: list[str], **columns: Any) -> None:
    """A send whose transaction ends in a rollback."""
    with transaction.atomic():
        send(event_type, to, **columns)
        transaction.set_rollback(True)


def create(event_type: str, to: str, **columns: Any) -> int:
    """A message by plain ORM use; its primary key."""
    from inbox import models

    recipient = get_user_model().objects.get(username=to)
    return int(models.event_types()[event_type].objects.create(recipient=recipient, **columns).pk)


def broadcast(title: str, audience: str = "everyone", **columns: Any) -> int:
    """A published broadcast; its primary key."""
    from inbox import models, services

    made = models.Broadcast.objects.create(title=title, audience=audience, **columns)
    services.publish(made)
    return int(made.pk)


def recur(title: str, seconds: float) -> int:
    """A broadcast that is due every day from so many seconds on; the primary key of the series."""
    from inbox import models, services

    first = timezone.now() + timedelta(seconds=seconds)
    values = {"rule": "FREQ=DAILY", "starts_on": first.date(), "at": first.time(), "time_zone": "UTC"}
    template = models.Broadcast.objects.create(title=title)
    author = get_user_model().objects.get(username="admin")
    series = services.create_series(author, values | {"template": template, "duration": None})
    services.start_series(series)
    return int(series.pk)


def bursts_of(commits: int) -> None:
    """How many the lab's button makes from now on."""
    import_string("notify_site.lab.services.start_burst").__defaults__ = (commits,)


def break_titles(event_type: str) -> None:
    """As a slip in this process's code or translations would."""
    from inbox import models

    models.event_types()[event_type].title_format = "{nobody}"


def withdraw(pk: int) -> None:
    from inbox import models, services

    services.withdraw(models.Broadcast.objects.get(pk=pk))


def change_broadcast(pk: int, *, show_again: bool = False, **values: Any) -> None:
    """As its author would, whatever its state."""
    from inbox import models, services

    services.change_broadcast(models.Broadcast.objects.get(pk=pk), values, show_again=show_again)


def edit(model: str, pk: int, **columns: Any) -> None:
    """Load, change and `save()` a row of "app.Model"."""
    row = apps.get_model(model)._default_manager.get(pk=pk)
    for name, value in columns.items():
        setattr(row, name, value)
    row.save()


def publish_mqtt(names: list[str], times: int) -> None:
    """As many times as this process's queue would after so many changes."""
    from push.channels.mqtt import publisher, subscribers
    from push.channels.mqtt.broker import Unreachable

    for _ in range(times):
        try:
            with kept_broker().broker() as broker:
                publisher.publish(subscribers.among(ids(names)), broker)
        except Unreachable:  # ended by another publisher, since we were frozen
            kept_broker().circuit.succeeded()


def publish_mqtt_frozen(name: str) -> None:
    """The same once, by a process that stops itself when it has read the state, and publishes it when it goes on.

    Where another process is just publishing it is left to that one, and so tried again.
    """
    from push.channels.mqtt.broker import Broker

    publish, stops = Broker.publish, list[int]()

    def publish_later(*args: Any, **kwargs: Any) -> None:
        if not stops:
            stops.append(os.getpid())
            os.kill(os.getpid(), signal.SIGSTOP)
        publish(*args, **kwargs)

    with patch.object(Broker, "publish", publish_later):
        while not stops:
            publish_mqtt([name], 1)


@cache
def kept_broker() -> Any:
    from push.channels.mqtt.broker import Kept

    return Kept()


def snapshot(name: str) -> Any:
    from inbox import selectors

    return selectors.snapshot(ids([name])[0]).as_dict()


def ids(names: list[str]) -> list[Any]:
    """In the order of `names`."""
    known = dict(get_user_model().objects.filter(username__in=names).values_list("username", "pk"))
    return [known[name] for name in names]


# The process


async def counts() -> dict[str, int]:
    """What the answering process holds: threads, and tasks of its event loop (this request's included)."""
    return {"threads": threading.active_count(), "tasks": len(asyncio.all_tasks())}


def is_left_out_of_collections(name: str) -> bool:
    """Whether the garbage collector looks no more at the object of that dotted name."""
    wanted = import_string(name)
    return gc.is_tracked(wanted) and all(found is not wanted for found in gc.get_objects())


def postpone_resyncs() -> None:
    """Connections opened from now on come into the resync late: 30 s with an interval of 60."""
    from push.hub.hub import _hubs

    for running in _hubs.values():
        running._numbers += 30


def waiting_connections() -> int:
    """Of this process, to its web server, and without a request."""
    return sum(map(len, list(lobby._lobbies.values())))


def shut_out(session_key: str, seconds: float) -> None:
    """Shut a session out for so long, as after many floods."""
    found = shutouts.shut_out(Credential("session", session_key), None)
    found.until = shutouts._latest = time.monotonic() + seconds


def is_shut_out(session_key: str) -> bool:
    return shutouts.of_credential(Credential("session", session_key)) is not None


def admissions() -> int:
    """How many connections have come to the gate since the first call."""
    if not isinstance(gate.admit, Mock):
        gate.admit = Mock(wraps=gate.admit)
    return int(gate.admit.call_count)


def delay(task: str) -> None:
    """Put the Celery task of that dotted name on the broker."""
    import_string(task).delay()


def sql(query: str) -> list[Any]:
    """The rows of one query."""
    with connection.cursor() as cursor:
        cursor.execute(query)
        return [list(row) for row in cursor.fetchall()] if cursor.description else []
