"""The broker of `make run`: amqtt in a thread of the web process, on loopback, in memory.

What amqtt leaves open is closed here: it takes over sessions before it knows the password, publishes wills without
asking, sends the retained messages of everybody's subscriptions to whoever connects (`_handle_client_session`), and
keeps a client that has stopped pinging (`BrokerProtocolHandler.handle_read_timeout`).
"""

import asyncio
import logging
import threading
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from amqtt.broker import Broker
from amqtt.contexts import Action, BrokerConfig, ListenerConfig
from amqtt.session import Session

from ...threads import DatabaseThreads
from . import access, conf, outlet, topics

logger = logging.getLogger(__name__)

SERVICE = "service-"  # how the client ids that we give begin


class EmbeddedBroker(Broker):
    """Lets in the service user and tickets. The checks of topics never wait: amqtt walks its tables meanwhile."""

    def __init__(self, config: BrokerConfig) -> None:
        super().__init__(config)
        self._threads = DatabaseThreads("push-mqtt-access", 1)

    async def _authenticate(self, session: Session, _: ListenerConfig) -> bool:
        """Every connection gets a session of its own, so nobody inherits another's, nor ends it."""
        name, password = session.username or "", session.password or ""
        service = access.is_service(name, password)
        session.client_id = f"{SERVICE if service else 'user-'}{uuid4().hex}"
        session.clean_session = True
        if service:
            return True
        if session.will_flag:
            return False
        return await asyncio.wrap_future(self._threads.run(access.admits, name, password))

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


async def _serve(ready: threading.Event) -> None:
    await EmbeddedBroker(_config()).start()
    ready.set()
    outlet.sweep()  # it has nothing yet
    await asyncio.Event().wait()


def _config() -> BrokerConfig:
    listeners: dict[str, Any] = {"default": {"type": "tcp", "bind": _address(conf.url())}}
    if conf.websocket_url():
        listeners["websocket"] = {"type": "ws", "bind": _address(conf.websocket_url())}
    return BrokerConfig.from_dict({"listeners": listeners, "plugins": {}})


def _address(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port}"
