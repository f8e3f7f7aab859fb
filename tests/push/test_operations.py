"""Probes: green, and red for what is really broken."""

import gc
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from channels_redis.pubsub import RedisPubSubChannelLayer
from django.db import OperationalError as DatabaseError
from django.db.backends.utils import CursorWrapper
from django.http import HttpResponse
from django.test import AsyncClient, Client, override_settings
from django.urls import include, path
from django.utils import timezone
from kombu import Connection
from kombu.exceptions import OperationalError

from push import checks, tasks
from push.models import Heartbeat
from push.nudges import bus, enqueue, heartbeats
from push.nudges.bus import Publisher
from push.nudges.heartbeats import BEAT, worker
from push.operations import consumer, readiness
from tests.servers import free_port, wait_for

SECRET = "hush-hush"
PATHS = ["/healthz", "/readyz", "/metrics"]
WORKERS = {worker(queue): queue for queue in ("nudges", "sends", "housekeeping")}  # as our settings name them
OURS = {"database", "channel_layer", "broker", "worker", "beat"}

committed = pytest.mark.django_db(transaction=True)  # a check reads on a thread of its own


def redis_url(port: int) -> str:
    return f"redis://:{SECRET}@127.0.0.1:{port}/0"


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Of a server that takes connections and says nothing, as a frozen one."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def use_broker(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    def use(url: str) -> None:
        monkeypatch.setattr(tasks.fan_out.app.conf, "broker_url", url)

    return use


@pytest.fixture
def use_layer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    publisher = Publisher()
    monkeypatch.setattr(bus, "_publisher", publisher)

    def use(url: str) -> None:
        layer = RedisPubSubChannelLayer(hosts=[{"address": url, "socket_timeout": 2, "socket_connect_timeout": 2}])
        monkeypatch.setattr(bus, "get_channel_layer", lambda: layer)

    yield use
    if (loop := publisher._loop) is not None:
        loop.call_soon_threadsafe(loop.stop)
        wait_for(lambda: not loop.is_running())
        loop.close()


def probe(client: Client, query: str = "") -> tuple[int, dict[str, Any]]:
    answer = client.get(f"/readyz{query}")
    assert SECRET not in answer.text
    document = answer.json()
    assert document["ok"] is (answer.status_code == 200)
    return answer.status_code, document["checks"]


def red(found: dict[str, Any]) -> set[str]:
    return {name for name, finding in found.items() if not finding["ok"]}


class TestProbes:
    def test_alive_touches_nothing(self, client: Client) -> None:
        answer = client.get("/healthz")
        assert (answer.status_code, answer.text) == (200, "ok")
        assert not answer.cookies
        assert "no-store" in answer["Cache-Control"]

    @pytest.mark.parametrize("path", PATHS)
    @override_settings(SECURE_SSL_REDIRECT=True, ALLOWED_HOSTS=["example.org"])
    def test_asked_from_within(self, client: Client, path: str) -> None:
        """By the address of the pod, in plain HTTP. Everything else is still refused that."""
        from_within = {"HTTP_HOST": "10.0.0.7:8000"}
        assert client.get(path, **from_within).status_code not in (301, 400)
        assert client.get("/accounts/login/", **from_within).status_code in (301, 400)

    @pytest.mark.parametrize("path", PATHS)
    async def test_asked_by_asgi(self, async_client: AsyncClient, path: str) -> None:
        answer = await async_client.get(path, headers={"host": "10.0.0.7"})
        assert answer.status_code in (200, 503)

    @pytest.mark.parametrize("path", PATHS)
    def test_only_reading(self, client: Client, path: str) -> None:
        assert client.post(path).status_code == 405


class TestReadiness:
    @committed
    def test_all_in_one_process(self, client: Client) -> None:
        status, found = probe(client)
        assert status == 200
        assert found.keys() == OURS
        assert {name: finding["detail"] for name, finding in found.items()} == {
            "database": "ok", **dict.fromkeys(OURS - {"database"}, "not used")
        }  # fmt: skip

    @committed
    def test_nobody_listens(self, client: Client, use_broker: Any, use_layer: Any) -> None:
        use_broker(redis_url(free_port()))
        use_layer(redis_url(free_port()))
        status, found = probe(client)
        assert status == 503
        assert red(found) == OURS - {"database"}
        assert found["broker"]["detail"] == found["channel_layer"]["detail"] == "failed"

    @pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="counts open files as Linux lists them")
    def test_a_broker_that_is_away_costs_no_files(self, use_broker: Any) -> None:
        use_broker(redis_url(free_port()))
        gc.disable()
        try:
            before = len(os.listdir("/proc/self/fd"))
            for _ in range(20):
                with pytest.raises(OperationalError):
                    readiness.ask_broker()
            assert len(os.listdir("/proc/self/fd")) < before + 5
        finally:
            gc.enable()

    @committed
    def test_frozen(self, client: Client, use_broker: Any, use_layer: Any, silent_port: int) -> None:
        use_broker(redis_url(silent_port))
        use_layer(redis_url(silent_port))
        before = time.monotonic()
        status, found = probe(client)
        assert time.monotonic() - before < 4
        assert status == 503
        assert {"broker", "channel_layer"} <= red(found)

    @committed
    def test_no_database(
        self, client: Client, use_broker: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        use_broker("memory://")

        def fail(*args: Any) -> None:
            raise DatabaseError(f"connection to postgres://reddot:{SECRET}@db failed")

        with monkeypatch.context() as broken:
            broken.setattr(CursorWrapper, "execute", fail)
            status, found = probe(client)
            probe(client)
        assert (status, red(found)) == (503, {"database", "worker", "beat"})
        assert found["database"]["detail"] == "failed"
        assert found["worker"]["detail"] == "unknown"
        assert caplog.text.count("Not ready: database") == 1
        assert "Service Unavailable" not in caplog.text
        Heartbeat.objects.bulk_create([Heartbeat(name=name) for name in (*WORKERS, BEAT)])
        assert probe(client)[0] == 200

    @committed
    def test_a_frozen_database(self, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        """It has no time limit of its own: one thread hangs, however often it is asked, and nobody waits for it."""
        thaw, asked = threading.Event(), []

        def hang(*args: Any) -> None:
            asked.append(args)
            thaw.wait(20)
            raise DatabaseError("gone")

        before = time.monotonic()
        with monkeypatch.context() as frozen:
            frozen.setattr(CursorWrapper, "execute", hang)
            found = [probe(client) for _ in range(2)]
        assert time.monotonic() - before < 6
        assert len(asked) == 1
        assert [checks["database"]["detail"] for _, checks in found] == ["no answer in 2 s"] * 2
        thaw.set()
        wait_for(lambda: probe(client)[0] == 200)

    @committed
    @pytest.mark.parametrize("name", [*WORKERS, BEAT])
    def test_a_process_not_seen(self, client: Client, use_broker: Any, name: str) -> None:
        use_broker("memory://")
        for well in (*WORKERS, BEAT):
            heartbeats.note(well)
        assert probe(client)[0] == 200
        Heartbeat.objects.filter(name=name).update(seen_at=timezone.now() - heartbeats.patience())
        status, found = probe(client)
        kind = name.split()[0]
        assert (status, red(found)) == (503, {kind})
        assert found[kind]["detail"] == f"not seen lately{f' on {WORKERS[name]}' if name in WORKERS else ''}"
        assert probe(client, f"?exclude={kind}")[0] == 200
        heartbeats.note(name)
        assert probe(client)[0] == 200
        Heartbeat.objects.filter(name=name).delete()
        assert red(probe(client)[1]) == {kind}

    @committed
    def test_a_site_without_queues_of_its_own(
        self, client: Client, use_broker: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        use_broker("memory://")
        monkeypatch.setattr(enqueue, "queue_of", lambda task: "celery")
        heartbeats.note(BEAT)
        assert red(probe(client)[1]) == {"worker"}
        heartbeats.note(worker("celery"))
        assert probe(client)[0] == 200


@pytest.mark.parametrize(("value", "found"), [("line", []), ("json", []), ("xml", ["push.E007"])])
def test_the_format_of_logs_is_checked(value: str, found: list[str]) -> None:
    with override_settings(LOG_FORMAT=value):
        assert [error.id for error in checks.check_log_format()] == found


PUBSUB = {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer", "CONFIG": {"hosts": ["redis://nowhere"]}}
IN_MEMORY = {"BACKEND": "channels.layers.InMemoryChannelLayer"}


@pytest.mark.parametrize(
    ("layers", "broker", "found"),
    [
        ({}, "", []),
        ({}, "redis://nowhere", ["push.W001"]),
        ({"default": IN_MEMORY}, "", []),
        ({"default": IN_MEMORY}, "redis://nowhere", ["push.W001"]),
        ({"other": PUBSUB}, "redis://nowhere", ["push.W001"]),
        ({"default": PUBSUB}, "redis://nowhere", []),
        ({"default": {"BACKEND": "channels_redis.Nothing"}}, "", ["push.E008"]),
        ({"default": {"CONFIG": {}}}, "", ["push.E008"]),
        ({"default": {**IN_MEMORY, "CONFIG": {"hosts": []}}}, "", ["push.E008"]),
    ],
)
def test_the_channel_layer_is_checked(layers: Any, broker: str, found: list[str], use_broker: Any) -> None:
    use_broker(broker)
    with override_settings(CHANNEL_LAYERS=layers):
        assert [message.id for message in checks.check_channel_layer()] == found


@pytest.mark.parametrize("url", ["redis://", "rediss://", "sentinel://", "amqp://", "memory://", "filesystem://"])
def test_a_worker_may_have_any_broker(url: str) -> None:
    transport = Connection(url).transport
    consumer.forgive(transport)
    readers = [name for name in consumer.READERS if hasattr(getattr(transport, "Channel", None), name)]
    assert readers == (list(consumer.READERS) if "redis" in url or "sentinel" in url else [])


@pytest.mark.parametrize(("prefix", "found"), [("push/", []), ("de/push/", []), ("", ["push.W003"])])
def test_a_site_is_told_that_its_own_addresses_are_taken(prefix: str, found: list[str]) -> None:
    class Site:
        urlpatterns = [path(prefix, include("push.urls")), path("shop/", lambda request: HttpResponse())]

    with override_settings(ROOT_URLCONF=Site):
        assert [message.id for message in checks.check_addresses()] == found
        assert Client().get("/shop/").status_code == (404 if found else 200)
