"""The connection that is kept, at a broker that was restarted: the first use of it finds that it is dead."""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, BinaryIO

import pytest
from django.contrib.auth import get_user_model

from inbox import services
from inbox.core.circuit import Circuit
from push.channels.mqtt import broker, dynsec, subscribers
from push.channels.mqtt.broker import Broker, Kept, Unreachable
from push.models import Subscriber

CONNECT, PUBLISH = 1, 3  # types of packets (MQTT 3.1.1, 2.2.1)
CONNACK, PUBACK = b"\x20\x02\x00\x00", b"\x40\x02"
PATIENCE = 600.0  # seconds: who waits so long for a connection that has ended never ends in a test


class Server:
    """As much of a broker as a publisher needs. It ends a connection at the `deadly`th message, without a PUBACK; 0: at
    once, without a CONNACK. Only the connections of `client` count: a queue that another test left sweeps here, too.
    """

    def __init__(self, listening: socket.socket, client: str) -> None:
        self.deadly, self.silent, self._client = 2, False, client.encode()
        self.connections, self.received = 0, list[bytes]()
        threading.Thread(target=self._serve, args=(listening,), daemon=True).start()

    def _serve(self, listening: socket.socket) -> None:
        with suppress(OSError):  # closed: the test has ended
            while True:
                connection, _ = listening.accept()
                threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with suppress(OSError), connection, connection.makefile("rwb", buffering=0) as stream:
            self._answer(stream)

    def _answer(self, stream: Any) -> None:
        messages = 0
        while (kind := stream.read(1)) and (body := read_rest(stream)):
            if kind[0] >> 4 == CONNECT:
                if self._client not in body:
                    return
                self.connections += 1
                if self.deadly == 0:
                    return
                stream.write(CONNACK)
            if kind[0] >> 4 != PUBLISH or self.silent:
                continue
            messages += 1
            if messages == self.deadly:
                return
            topic = 2 + int.from_bytes(body[:2], "big")
            self.received.append(body[topic + 2 :])
            stream.write(PUBACK + body[topic : topic + 2])


def read_rest(stream: BinaryIO) -> bytes:
    """A packet after its first byte (2.2.3)."""
    size = shift = 0
    while True:
        digit = stream.read(1)[0]
        size |= (digit & 0x7F) << shift
        shift += 7
        if not digit & 0x80:
            return stream.read(size)


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> Iterator[Kept]:
    made = Kept()
    monkeypatch.setattr(dynsec, "_kept", made)
    yield made
    made._close()


@pytest.fixture
def server(settings: Any, monkeypatch: pytest.MonkeyPatch, kept: Kept) -> Iterator[Server]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        settings.MQTT_URL, settings.MQTT_DYNSEC = f"mqtt://service:x@127.0.0.1:{listening.getsockname()[1]}", True
        monkeypatch.setattr(Kept, "circuit", Circuit("The MQTT broker"))
        yield Server(listening, kept.name)


def publish(kept: Kept, text: str) -> None:
    def work(connection: Broker) -> None:
        connection.publish([("inbox/1/unread", text)])

    kept.use(work)


@pytest.mark.timeout(PATIENCE / 2)
def test_what_was_not_published_is_published_on_a_new_connection(
    kept: Kept, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At once: nobody waits for the PUBACK of a connection that has ended."""
    monkeypatch.setattr(broker, "REMOTE_TIMEOUT", PATIENCE)
    for text in ("one", "two", "three"):
        publish(kept, text)
    assert (server.received, server.connections) == ([b"one", b"two", b"three"], 3)
    assert kept.circuit.allows()


def test_a_broker_that_ends_every_connection_is_tried_twice(kept: Kept, server: Server) -> None:
    server.deadly = 1
    with pytest.raises(Unreachable):
        publish(kept, "one")
    assert (server.received, server.connections) == ([], 2)
    assert not kept.circuit.allows()


@pytest.mark.timeout(PATIENCE / 2)
def test_nobody_waits_for_the_connack_of_a_connection_that_has_ended(
    kept: Kept, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broker, "REMOTE_TIMEOUT", PATIENCE)
    server.deadly = 0
    with pytest.raises(Unreachable):
        publish(kept, "one")
    assert (server.received, server.connections) == ([], 1)


def test_a_broker_that_is_silent_is_tried_once(kept: Kept, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker, "REMOTE_TIMEOUT", 0.5)
    server.silent = True
    with pytest.raises(Unreachable):
        publish(kept, "one")
    assert server.connections == 1
    assert not kept.circuit.allows()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("kept")
def test_a_restart_costs_the_next_device_no_connection(server: Server) -> None:
    """Its ticket is known to the broker when it has it."""
    bob = get_user_model().objects.create(username="bob")
    subscribers.renew(bob.pk)
    for number in (1, 2):
        dynsec.admit(bob.pk, services.mint_ticket(bob, None, 300)[0])
        assert Subscriber.objects.get(pk=bob.pk).told
        assert (len(server.received), server.connections) == (number, number)
