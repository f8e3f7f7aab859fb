"""A server that takes connections and says nothing keeps one caller waiting, not everybody behind it."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from inbox.core.circuit import Circuit
from push.channels.mqtt import dynsec
from push.channels.mqtt.broker import PATIENCE, Kept, Unreachable
from push.conf import REMOTE_TIMEOUT

CALLERS = 6


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of a server that takes connections, as a frozen one does."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def waits(call: Callable[[], Any]) -> list[float]:
    """Seconds that each of several callers waits, all at once; sorted."""
    found: list[float] = []
    start = threading.Barrier(CALLERS)

    def run() -> None:
        start.wait()
        began = time.monotonic()
        call()
        found.append(time.monotonic() - began)

    threads = [threading.Thread(target=run) for _ in range(CALLERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(found)


@pytest.fixture
def kept(settings: Any, silent: int, monkeypatch: pytest.MonkeyPatch) -> Kept:
    settings.MQTT_URL = f"mqtt://service:x@127.0.0.1:{silent}"
    monkeypatch.setattr(Kept, "circuit", Circuit("The MQTT broker"))
    kept = Kept()
    monkeypatch.setattr(dynsec, "_kept", kept)
    return kept


def use(kept: Kept) -> None:
    with pytest.raises(Unreachable), kept.broker():
        pass


def test_a_silent_mqtt_broker_keeps_one_waiting(kept: Kept) -> None:
    *others, longest = waits(lambda: use(kept))
    assert REMOTE_TIMEOUT <= longest < 2 * REMOTE_TIMEOUT
    assert max(others) < REMOTE_TIMEOUT / 2
    print(f"\nsix requests to a silent broker waited {sum(others) + longest:.1f} s in all, the longest {longest:.1f} s")


def test_while_it_is_left_alone_nobody_waits(kept: Kept) -> None:
    use(kept)
    assert max(waits(lambda: use(kept))) < PATIENCE


def test_a_connection_in_good_order_is_waited_for(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("push.channels.mqtt.broker.Broker", lambda *args: SimpleNamespace(alive=True))
    served = []

    def briefly() -> None:
        with kept.broker():
            served.append(1)

    waits(briefly)
    assert len(served) == CALLERS
