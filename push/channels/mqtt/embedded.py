"""The broker of `make run`: amqtt in a thread of the web process, on loopback, in memory.

What amqtt leaves open is closed here: it waits for a CONNECT for ever, leaves one of MQTT 5 without an answer
(`ConnectPacket.from_stream`), takes over sessions before it knows the password, keeps two connections of one client id,
publishes wills without asking, sends the retained messages of everybody's subscriptions to whoever connects
(`_handle_client_session`), and keeps a client that has stopped pinging (`BrokerProtocolHandler.handle_read_timeout`).

It speaks MQTT 3.1.1 and keeps no sessions: each CONNACK says that none is present. Devices that need more use a broker
of their own.
"""

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any, ParamSpec, TypeVar
from urllib.parse import urlsplit
from uuid import uuid4

from amqtt.adapters import ReaderAdapter, WriterAdapter
from amqtt.broker import Broker
from amqtt.contexts import Action, BrokerConfig, ListenerConfig
from amqtt.session import Session

from inbox.credentials import tickets

from ...concurrency.threads import DatabaseThreads
from . import access, conf, connect, devices, queue, topics

logger = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")

SERVICE = "service-"  # how the client ids that we give begin
MAX_CONNECTIONS = 1000  # of each listener
BOUNDS = {"max_connections": MAX_CONNECTIONS}

Named = tuple[str, str]  # user name and client id, as the client gave them


class EmbeddedBroker(Broker):
    """Lets in the service user and tickets. The checks of topics never wait: amqtt walks its tables meanwhile."""

    def __init__(self, config: BrokerConfig) -> None:
        super().__init__(config)
        self.loop = asyncio.get_running_loop()
        self._threads = DatabaseThreads("push-mqtt-access", 1)
        self._named: dict[Named, Session] = {}
        self._waiting = 0

    async def _client_connected(self, listener_name: str, reader: ReaderAdapter, writer: WriterAdapter) -> None:
        """Read the CONNECT before amqtt does, and answer here what it can't."""
        if self._waiting >= MAX_CONNECTIONS:
            await writer.close()
            return
        self._waiting += 1
        try:
            begun = await connect.expected(reader)
        except connect.Refused as refused:
            writer.write(refused.answer)
            await writer.close()
            return
        finally:
            self._waiting -= 1
        await super()._client_connected(listener_name, begun, writer)

    async def _authenticate(self, session: Session, _: ListenerConfig) -> bool:
        """Every connection gets a session of its own, so nobody inherits another's, nor ends it."""
        name, password, given = session.username or "", session.password or "", session.client_id or ""
        service = access.is_service(name, password)
        session.client_id = f"{SERVICE if service else 'user-'}{uuid4().hex}"
        session.clean_session = True
        if not service and (session.will_flag or not await self._in_thread(access.admits, name, password)):
            return False
        await self._take_over((name, given), session)
        return True

    async def _take_over(self, named: Named, session: Session) -> None:
        """The same client id of the same user ends the connection that had it (MQTT 3.1.1, 3.1.4)."""
        for gone in [key for key, known in self._named.items() if known.transitions.is_disconnected()]:
            del self._named[gone]
        if (before := self._named.get(named)) is not None:
            await self._end(before)
        self._named[named] = session

    async def _end(self, session: Session) -> None:
        if known := self._sessions.get(session.client_id or ""):
            await known[1].handle_connection_closed()

    async def recheck(self) -> None:
        """End the connections whose tickets count no more."""
        people = [
            session for session, _ in self._sessions.values() if not (session.client_id or "").startswith(SERVICE)
        ]
        passwords = [session.password or "" for session in people]
        valid = await self._in_thread(partial(tickets.users_of, passwords, opening=False))
        for session in people:
            if str(valid.get(session.password or "")) != session.username:
                await self._end(session)

    async def _in_thread(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await asyncio.wrap_future(self._threads.run(call, *args, **kwargs))

    async def _initialize_client_session(self, *args: Any, **kwargs: Any) -> tuple[Any, Session]:
        """A client that says nothing for one and a half times its keep-alive is gone (MQTT 3.1.1, 3.1.2.10)."""
        made: tuple[Any, Session] = await super()._initialize_client_session(*args, **kwargs)
        handler, session = made
        session.keep_alive = session.keep_alive * 3 // 2
        handler.handle_read_timeout = lambda: asyncio.ensure_future(handler.handle_connection_closed())
        return handler, session

    async def _topic_filtering(self, session: Session, topic: str, action: Action) -> bool:
        if (session.client_id or "").startswith(SERVICE):
            return True
        return action != Action.PUBLISH and topics.may_subscribe(session.username or "", topic)

    async def _publish_retained_messages_for_subscription(
        self, subscription: tuple[str, int], session: Session
    ) -> None:
        if any(subscribed is session for subscribed, _ in self.subscriptions.get(subscription[0], ())):
            await super()._publish_retained_messages_for_subscription(subscription, session)


def start() -> None:
    """Be the broker of MQTT_URL and MQTT_WS_URL until this process ends. Returns when it listens, or cannot."""
    devices.brokers_in_process.append(recheck)
    ready = threading.Event()
    threading.Thread(target=_run, args=(ready,), name="push-mqtt-broker", daemon=True).start()
    ready.wait(10)


def _run(ready: threading.Event) -> None:
    try:
        asyncio.run(_serve(ready))
    except Exception:
        logger.exception("The embedded MQTT broker ended")
    finally:
        ready.set()


def recheck() -> None:
    """Credentials may have ended: have the broker look, if it is in this process."""
    for broker in _brokers:
        asyncio.run_coroutine_threadsafe(broker.recheck(), broker.loop).add_done_callback(_log_failure)


def _log_failure(rechecked: "Future[None]") -> None:
    if not rechecked.cancelled() and (error := rechecked.exception()):
        logger.error("Ending the connections of ended credentials failed; the sweep tries again", exc_info=error)


_brokers: list[EmbeddedBroker] = []


async def _serve(ready: threading.Event) -> None:
    broker = EmbeddedBroker(_config())
    await broker.start()
    _brokers.append(broker)
    ready.set()
    queue.sweep()  # it has nothing yet
    await asyncio.Event().wait()


def _config() -> BrokerConfig:
    listeners: dict[str, Any] = {"default": {"type": "tcp", "bind": _address(conf.url()), **BOUNDS}}
    if conf.websocket_url():
        listeners["websocket"] = {"type": "ws", "bind": _address(conf.websocket_url()), **BOUNDS}
    return BrokerConfig.from_dict({"listeners": listeners, "plugins": {}})


def _address(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port}"
