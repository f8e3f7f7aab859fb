"""What is no task, on the queue of a real worker: it goes on consuming, or is gone at once, to be started again."""

import base64
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import amqp
import pytest
import redis
from kombu import Connection

from tests.conftest import StartSite, started
from tests.servers import Databases, Process, Site, needs, wait_for
from tools import commands
from tools.brokers import RabbitMq, configured, quiet_port
from tools.stores import Valkey

SOON = 15.0  # seconds, of which a new worker takes some
NO_EMBED = {"callbacks": None, "errbacks": None, "chain": None, "chord": None}


def body(value: Any) -> str:
    return base64.b64encode(json.dumps(value).encode()).decode()


def entry(headers: Any = None, properties: Any = None, **changes: Any) -> bytes:
    """A sweep as Celery writes it, with changes; a key whose value is `None` is left out."""
    name = str(uuid4())
    sweep = {
        "lang": "py",
        "task": "push.tasks.sweep",
        "id": name,
        "root_id": name,
        "retries": 0,
        "timelimit": [None, None],
    }
    info = {"exchange": "", "routing_key": "celery"}
    sent = {
        "delivery_tag": str(uuid4()),
        "delivery_info": info,
        "body_encoding": "base64",
        "priority": 0,
        "correlation_id": name,
    }
    whole = {
        "body": body([[], {}, NO_EMBED]),
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": changed(sweep, headers),
        "properties": changed(sent, properties),
    }
    return json.dumps(changed(whole, changes)).encode()


def changed(fields: dict[str, Any], changes: Any) -> Any:
    if changes is not None and not isinstance(changes, dict):
        return changes
    return {key: value for key, value in {**fields, **(changes or {})}.items() if value is not None}


POISON: dict[str, bytes] = {
    "not JSON": b"not JSON",
    "nothing": b"",
    "no text": b"\xff\xfe\x00",
    "a list": b"[]",
    "null": b"null",
    "no members": b"{}",
    "nested": b"[" * 200_000,
    "no properties": entry(properties=[]),
    "no delivery tag": entry(properties={"delivery_tag": None}),
    "tag is a list": entry(properties={"delivery_tag": [1]}),
    "no delivery info": entry(properties={"delivery_info": None}),
    "delivery info is text": entry(properties={"delivery_info": "x"}),
    "headers are a list": entry(headers=["task"]),
    "headers are text": entry(headers="task"),
    "no headers": entry(headers=0),
    "no task": entry(headers={"task": None}),
    "task is a list": entry(headers={"task": ["push.tasks.sweep"]}),
    "unknown task": entry(headers={"task": "push.tasks.nothing"}),
    "unknown task without id": entry(headers={"task": "push.tasks.nothing", "id": None}),
    "no id": entry(headers={"id": None}),
    "id is a list": entry(headers={"id": [1]}),
    "wrong arguments": entry(body=body([[1, 2, 3], {"x": 1}, NO_EMBED])),
    "body is no JSON": entry(body=base64.b64encode(b"not JSON").decode()),
    "body is a number": entry(body=7),
    "unknown body encoding": entry(properties={"body_encoding": "rot13"}),
    "pickle": entry(
        body="gASVDQAAAAAAAAApfX2HlC4=",
        **{"content-type": "application/x-python-serialize", "content-encoding": "binary"},
    ),
    "unknown serializer": entry(**{"content-type": "application/x-nothing"}),
    "unknown charset": entry(**{"content-encoding": "nothing"}),
    "unknown compression": entry(headers={"compression": "nothing"}),
    "eta is text": entry(headers={"eta": "never"}),
    "eta is a list": entry(headers={"eta": [1]}),
    "expires is text": entry(headers={"expires": "never"}),
    "expires is a list": entry(headers={"expires": [1]}),
    "time limit is text": entry(headers={"timelimit": ["soon", "later"]}),
    "time limit is a number": entry(headers={"timelimit": 7}),
    "retries is text": entry(headers={"retries": "often"}),
    "huge": entry(body=body([["x" * 8_000_000], {}, NO_EMBED])),
}


ENDING: dict[str, bytes] = {
    "arguments are no list": entry(body=body({"x": 1})),
    "arguments are no base64": entry(body="%%%"),
}


@pytest.fixture(scope="module")
def stack(databases: Databases) -> Iterator[tuple[Site, Process, redis.Redis]]:
    with contextmanager(started)(Valkey) as valkey, redis.Redis.from_url(valkey.url) as client:
        site = Site(databases.sqlite(), valkey.url, worker=True)
        site.worker = site.process("worker", commands.worker(2))
        site.start()
        yield site, site.worker, client
        site.close()


def test_the_worker_outlives_what_is_no_task(stack: tuple[Site, Process, redis.Redis]) -> None:
    site, worker, queue = stack
    for poison in POISON.values():
        queue.lpush("celery", poison)
    wait_for(lambda: waiting(queue) == (0, 0) or not worker.alive, SOON, "nothing left that comes again")
    done = worker.logs().count("succeeded")
    site.agent.call("delay", "push.periodic.sweep")
    wait_for(lambda: worker.logs().count("succeeded") > done, SOON, worker.logs()[-3000:])
    assert worker.logs().count(" ready.") == 1


def waiting(queue: redis.Redis) -> tuple[int, int]:
    """Entries on the queue, and those that the worker has not acknowledged."""
    return queue.llen("celery"), queue.hlen("unacked")


@pytest.mark.parametrize(
    "poison", ["arguments are no list", pytest.param("arguments are no base64", marks=pytest.mark.soak)]
)
def test_what_may_have_cost_a_slot_ends_the_worker_once(stack: tuple[Site, Process, redis.Redis], poison: str) -> None:
    """Soon, whatever its pool is at: frozen, it will not even end. The next worker does not meet it again."""
    site, worker, queue = stack
    wait_for(lambda: waiting(queue) == (0, 0), SOON, "an idle pool")
    worker.freeze_children()
    queue.lpush("celery", ENDING[poison])
    wait_for(lambda: not worker.alive, SOON, worker.logs()[-3000:])
    worker.start()
    done = worker.logs().count("succeeded")
    site.agent.call("delay", "push.periodic.sweep")
    wait_for(lambda: worker.logs().count("succeeded") > done, SOON)
    assert worker.alive


@pytest.fixture
def idle(stack: tuple[Site, Process, redis.Redis]) -> tuple[Site, Process, redis.Redis]:
    """With a new worker, which has nothing to do for some seconds."""
    _, worker, queue = stack
    worker.kill()
    queue.flushall()
    before = len(re.findall(STARTED, worker.logs()))
    worker.start()
    worker.wait_ready(lambda: len(re.findall(STARTED, worker.logs())) >= before + 4)
    return stack


STARTED = r"tasks\.(seen|work_off_all)\[.*succeeded"  # what a worker that starts asks for


WRONG_TYPE, NO_PERMISSION = ("SET", "sends", "x"), ("ACL", "SETUSER", "default", "-brpop")


@pytest.mark.parametrize(
    ("harm", "pool"), [(WRONG_TYPE, "frozen"), (NO_PERMISSION, "idle")], ids=["type, frozen pool", "acl"]
)
def test_a_queue_that_cannot_be_read_ends_the_worker(
    idle: tuple[Site, Process, redis.Redis], harm: tuple[str, ...], pool: str
) -> None:
    """Not alive and idle, with a thousand log records a second. It waits for no task that never ends, either."""
    _, worker, queue = idle
    if pool == "frozen":
        worker.freeze_children()
    queue.execute_command(*harm)
    try:
        wait_for(lambda: not worker.alive, SOON, worker.logs()[-3000:])
    finally:
        queue.execute_command("ACL", "SETUSER", "default", "+@all")


@pytest.mark.soak
def test_on_rabbitmq(start_site: StartSite) -> None:
    """Any bytes are a message there. The headers are Celery's, and so is what they can do to it."""
    port = quiet_port()
    with needs():
        broker = RabbitMq(quiet_port())
    configuration = broker.directory / "rabbitmq.conf"
    text = configuration.read_text()
    configuration.write_text(configured(text, {"listeners.tcp = none": f"listeners.tcp.default = 127.0.0.1:{port}"}))
    url = f"amqp://service:{broker.password}@127.0.0.1:{port}//"
    try:
        broker.start()
        site = start_site(worker=True, CELERY_BROKER_URL=url)
        worker = site.worker
        assert worker is not None
        with Connection(url) as connection:
            channel = connection.default_channel
            for poison in POISON.values():
                publish(channel, poison)
            wait_for(lambda: not channel.queue_declare("celery", passive=True).message_count, SOON, "an empty queue")
        done = worker.logs().count("succeeded")
        site.agent.call("delay", "push.periodic.sweep")
        wait_for(lambda: worker.logs().count("succeeded") > done, SOON, worker.logs()[-3000:])
        assert worker.logs().count(" ready.") == 1
    finally:
        broker.close()


def publish(channel: Any, raw: bytes) -> None:
    """What is in an entry of Redis, as far as AMQP can say it."""
    try:
        whole = json.loads(raw)
        headers = whole["headers"] if isinstance(whole["headers"], dict) else {}
        kind, encoding, text = whole["content-type"], whole["content-encoding"], base64.b64decode(whole["body"])
    except (ValueError, LookupError, TypeError, RecursionError):
        kind, encoding, text, headers = "application/json", "utf-8", raw, {}
    message = amqp.Message(text, content_type=kind, content_encoding=encoding, application_headers=headers)
    channel.basic_publish(message, routing_key="celery")
