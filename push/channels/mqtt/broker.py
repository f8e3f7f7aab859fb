"""The connection to the broker, as the service user. Nothing here waits longer than `REMOTE_TIMEOUT` without a sign."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from socket import SHUT_RDWR
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import uuid4

from paho.mqtt.client import Client, MQTTMessage, MQTTMessageInfo
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode

from inbox.core.circuit import Circuit

from ...conf import REMOTE_TIMEOUT
from . import conf

PORTS = {"mqtt": 1883, "mqtts": 8883}
KEEP_ALIVE = 20  # seconds
PATIENCE = 0.2  # seconds to wait for a connection that another thread uses
LOOK_EVERY = 0.1  # seconds: how soon the end of a connection is noticed while a PUBACK is awaited
QOS = 1

Message = tuple[str, str]  # topic and payload; an empty payload clears what is retained


class Unreachable(Exception):
    """The broker does not answer, or does not let us in."""


class TakenOver(Unreachable):
    """It works, but another process has ended this connection, since a lease of ours ran out."""


class Skipped(Unreachable):
    """It was not even tried."""


class Broker:
    """One connection. Not made again when it ends: whoever keeps it makes another."""

    def __init__(self, url: str, name: str = "") -> None:
        """`name` is the client id: a broker ends the connection that has it already (MQTT 3.1.1, 3.1.4)."""
        self.name, self._url = name or new_name(), url
        self._client = Client(CallbackAPIVersion.VERSION2, client_id=self.name, reconnect_on_failure=False)
        self._client.max_inflight_messages_set(0)  # a whole chunk is on its way at once
        self._client.connect_timeout = REMOTE_TIMEOUT
        self._answers: SimpleQueue[Any] = SimpleQueue()
        self._client.on_connect = self._client.on_disconnect = lambda *args: self._answers.put(args[3])
        self._client.on_message = lambda client, userdata, message: self._answers.put(message)
        try:
            self._connect(url)
        except (OSError, ValueError, Unreachable) as error:
            self.close()
            raise Unreachable(str(error)) from error

    def _connect(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.username is not None:
            self._client.username_pw_set(unquote(parts.username), unquote(parts.password or ""))
        if parts.scheme == "mqtts":
            self._client.tls_set()
        self._client.connect(parts.hostname or "localhost", parts.port or PORTS[parts.scheme], KEEP_ALIVE)
        self._client.loop_start()
        reason = self._answer()
        if reason.is_failure:
            raise Unreachable(f"refused, or ended: {reason}")

    def fence(self, name: str) -> None:
        """Have the broker end the connection with this client id: what has not arrived yet never will. Raises
        `Unreachable`."""
        Broker(self._url, name).close()

    @property
    def alive(self) -> bool:
        return self._client.is_connected()

    def publish(
        self, messages: Iterable[Message], retain: bool = True, on_progress: Callable[[], None] = lambda: None
    ) -> None:
        """Publish them all at once with QoS 1, and return when each has its PUBACK. Raises `Unreachable`.

        `on_progress` is called after each PUBACK, so about every `REMOTE_TIMEOUT` at least.
        """
        sent = [self._client.publish(topic, payload, QOS, retain) for topic, payload in messages]
        for info in sent:
            self._acknowledged(info)
            on_progress()

    def retained(self, topic: str) -> str | None:
        """What is retained there. Raises `Unreachable`.

        A broker says nothing where nothing is retained, so a message of our own is sent after the SUBSCRIBE: what is
        retained comes before it.
        """
        mark, found = uuid4().hex, None
        self._client.subscribe(topic, QOS)
        self._client.publish(topic, mark, QOS)
        end = time.monotonic() + REMOTE_TIMEOUT  # in all: others may write there without pause
        while (message := self._message()).retain or message.payload.decode() != mark:
            if message.retain:
                found = message.payload.decode()
            if time.monotonic() > end:
                raise Unreachable(f"our own message did not come back within {REMOTE_TIMEOUT:g} s")
        self._client.unsubscribe(topic)
        return found

    def close(self) -> None:
        """At once: a frozen broker would keep a polite DISCONNECT, and who waits for it, for long."""
        connected: Any = self._client.socket()
        if connected is not None:
            with suppress(OSError):
                connected.shutdown(SHUT_RDWR)

    def _acknowledged(self, info: MQTTMessageInfo) -> None:
        """Each has its own patience: what counts is that the broker goes on answering."""
        if info.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise Unreachable(f"not sent: {info.rc.name}")
        end = time.monotonic() + REMOTE_TIMEOUT
        while not info.is_published():
            if not self.alive:
                raise Unreachable("the connection has ended")
            if time.monotonic() > end:
                raise Unreachable(f"no PUBACK within {REMOTE_TIMEOUT:g} s")
            info.wait_for_publish(LOOK_EVERY)

    def _message(self) -> MQTTMessage:
        message = self._answer()
        if not isinstance(message, MQTTMessage):
            raise Unreachable(f"disconnected: {message}")
        return message

    def _answer(self) -> Any:
        try:
            return self._answers.get(timeout=REMOTE_TIMEOUT)
        except Empty as error:
            raise Unreachable(f"no answer within {REMOTE_TIMEOUT:g} s") from error


def new_name() -> str:
    """A client id of the service's own."""
    return f"reddot-{uuid4().hex}"


class Kept:
    """A connection that is kept: made when first used, so after fork, and anew after it failed.

    It always has the same client id, so what a connection before it has left on its way is dropped by the broker.
    """

    circuit = Circuit("The MQTT broker")

    def __init__(self) -> None:
        self.name = new_name()
        self._lock = threading.Lock()
        self._broker: Broker | None = None

    @contextmanager
    def broker(self) -> Iterator[Broker]:
        """For one thread at a time. Raises `Unreachable`, at once if it has just failed; raised inside, it ends it.

        Whoever finds it in use waits no longer than an answer takes: one that waits for a silent broker is enough.
        """
        if not conf.url():
            raise Unreachable("there is none")
        if not self._lock.acquire(timeout=PATIENCE):
            raise Unreachable("in use, and not answering")
        try:
            if not self.circuit.allows():  # asked under the lock: whoever had it may have found out just now
                raise Skipped("failed a moment ago")
            yield self._open()
            self.circuit.succeeded()
        except Skipped:
            raise
        except TakenOver:
            self._close()
            raise
        except Unreachable:
            self.circuit.trip()
            self._close()
            raise
        finally:
            self._lock.release()

    def use(self, work: Callable[[Broker], None]) -> None:
        """Do the work with the connection, and once more with a new one if it has ended meanwhile: that a kept
        connection is dead (the broker was restarted) may be noticed by its first use only. Raises `Unreachable`."""
        with self.broker() as broker:
            try:
                work(broker)
            except Unreachable:
                if broker.alive:
                    raise
                self._close()
                work(self._open())

    def _open(self) -> Broker:
        if self._broker is not None and not self._broker.alive:
            self._close()
        if self._broker is None:
            self._broker = Broker(conf.url(), self.name)
        return self._broker

    def _close(self) -> None:
        if self._broker is not None:
            self._broker.close()
            self._broker = None
