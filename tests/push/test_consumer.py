"""Whose workers have our consumer, and where they send probes: other workers of the site are not ours to change."""

import os
import signal
from collections.abc import Iterator
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from celery import Celery, current_app
from celery.exceptions import WorkerShutdown
from celery.platforms import EX_FAILURE

from push.operations import consumer


@pytest.fixture
def host() -> Iterator[Celery]:
    """The Celery application of a site that has queues of its own."""
    ours = current_app._get_current_object()
    app = Celery("host")
    app.set_current()
    yield app
    ours.set_current()


OURS, THEIRS = "push.operations.consumer:Consumer", "their.own:Consumer"


@pytest.mark.parametrize(
    ("routed_to", "taken", "before", "after"),
    [
        ("nudges", ["nudges"], consumer.CELERYS, OURS),
        ("nudges", ["nudges"], THEIRS, THEIRS),
        ("nudges", ["mail"], consumer.CELERYS, consumer.CELERYS),
        ("nudges", [], consumer.CELERYS, consumer.CELERYS),  # an empty list: the default queue alone
        (None, [], consumer.CELERYS, OURS),
        (None, ["mail"], consumer.CELERYS, consumer.CELERYS),
    ],
)
def test_only_workers_that_take_from_our_queues_have_our_consumer(
    routed_to: str | None, taken: list[str], before: str, after: str, host: Celery
) -> None:
    """And no worker takes from a queue that it was not told to take from."""
    host.conf.task_routes = {"push.tasks.*": {"queue": routed_to}} if routed_to else {}
    host.amqp.queues.select(taken)
    consumed = list(host.amqp.queues.consume_from)
    worker = SimpleNamespace(consumer_cls=before)
    consumer.on_worker_init(worker)
    assert worker.consumer_cls == after
    assert list(host.amqp.queues.consume_from) == consumed


def test_probes_go_to_our_queues_alone_and_expire(host: Celery, monkeypatch: pytest.MonkeyPatch) -> None:
    host.conf.task_routes = {"push.tasks.*": {"queue": "nudges"}}
    host.amqp.queues.select(["mail", "nudges"])
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(host, "send_task", lambda *args, **options: sent.append(options))
    consumer.send_probes()
    assert [(options["queue"], options["expires"]) for options in sent] == [("nudges", 30.0)]


def test_running_tasks_have_a_moment_before_they_are_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some may be the site's, which nobody would do again. A pool that never ends must not keep the worker, though."""
    later: list[tuple[float, partial[None]]] = []
    monkeypatch.setattr(consumer, "_after", lambda seconds, call: later.append((seconds, call)))
    with pytest.raises(WorkerShutdown):  # warm
        consumer.Consumer._end(consumer.Consumer.__new__(consumer.Consumer))
    assert [(seconds, call.func, call.args[-1]) for seconds, call in later] == [
        (5, os.kill, signal.SIGQUIT),  # cold
        (10, os._exit, EX_FAILURE),
    ]
