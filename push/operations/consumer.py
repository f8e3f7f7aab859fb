"""A consumer for Celery workers that survives every malformed entry of a queue.

With Celery's own, an entry that is no message ends the event loop and then the worker, which first waits for the tasks
that are running: alive, and consuming nothing. A message that breaks the consumer goes back to its queue, and so ends
every worker to come. Here the first is dropped. The second is rejected, and the worker ends at once, since the message
may have taken a slot of its pool along. It also ends if Redis refuses to hand out entries, as it does if a queue's key
is no list. Whatever supervises the worker starts a new one.

Only workers that take from a queue of ours have this consumer: the site's other workers keep theirs.
"""

import logging
import os
import signal
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

from celery.exceptions import WorkerShutdown
from celery.platforms import EX_FAILURE
from celery.signals import heartbeat_sent, worker_init
from celery.worker.consumer import Consumer as CeleryConsumer
from kombu import Connection, Message
from kombu.transport.virtual import Empty

from .. import tasks
from ..nudges import heartbeats

logger = logging.getLogger(__name__)

CELERYS = "celery.worker.consumer:Consumer"
REFUSALS = ("ResponseError", "InvalidResponse")  # by name: redis-py is there only if the broker is a Redis
READERS = ("_brpop_read", "_receive")  # where kombu's Redis channel reads: names of its own, and so looked for
QUOTED = 200  # characters of what is thrown away
WARM_SECONDS = 5.0  # for the tasks that are running, before they are ended
COLD_SECONDS = 5.0  # for a pool to end them


class Consumer(CeleryConsumer):
    """Celery's consumer, except for messages that are no task."""

    connection_errors: tuple[type[Exception], ...]

    def start(self) -> None:
        """As Celery's, but an unexpected error ends the worker at once."""
        try:
            super().start()
        except Exception:
            logger.critical("The consumer failed; this worker ends", exc_info=True)
            self._end()

    def connection_for_read(self, heartbeat: float | None = None) -> Connection:
        connection = self.app.connection_for_read(heartbeat=heartbeat)
        forgive(connection.transport)
        return self.ensure_connected(connection)

    def create_task_handler(self, *args: Any, **kwargs: Any) -> Callable[[Message], None]:
        handle = super().create_task_handler(*args, **kwargs)

        def on_task_received(message: Message) -> None:
            if not is_task(message.headers):
                logger.error("Rejected a message that is no task: %.*s", QUOTED, message.headers)
                message.reject_log_error(logger, self.connection_errors)
                return
            try:
                handle(message)
            except self.connection_errors:
                raise  # Celery connects again
            except Exception:
                logger.critical("Rejected a message; this worker ends: %.*s", QUOTED, message.headers, exc_info=True)
                message.reject_log_error(logger, self.connection_errors)
                self._end()

        return on_task_received

    def _end(self) -> None:
        """Take no more, and give running tasks a moment (warm shutdown); then have Celery end them and put back what
        they were at (cold shutdown). A pool that doesn't end is left to the system."""
        _after(WARM_SECONDS, partial(os.kill, os.getpid(), signal.SIGQUIT))
        _after(WARM_SECONDS + COLD_SECONDS, partial(os._exit, EX_FAILURE))
        raise WorkerShutdown(EX_FAILURE)


def _after(seconds: float, call: Callable[[], None]) -> None:
    timer = threading.Timer(seconds, call)
    timer.daemon = True
    timer.start()


def is_task(headers: Any) -> bool:
    """Whether these headers are what Celery takes for granted. Version 1 of its protocol has none."""
    if not isinstance(headers, dict) or "task" not in headers:
        return True
    limits = headers.get("timelimit") or [None, None]
    return (
        isinstance(headers["task"], str)
        and isinstance(headers.get("id"), str)
        and isinstance(limits, list | tuple)
        and len(limits) == 2
        and all(isinstance(limit, float | int | None) for limit in limits)
    )


def forgive(transport: Any) -> None:
    """Make kombu's Redis transport drop messages that it can't read. With AMQP any bytes are a body."""
    channel = getattr(transport, "Channel", None)
    readers = {name: _dropping(getattr(channel, name)) for name in READERS if hasattr(channel, name)}
    if channel is not None and readers:
        transport.Channel = type(channel.__name__, (channel,), readers)
    elif transport.driver_type == "redis":
        logger.warning("kombu's Redis channel has none of %s: an entry that is no message ends this worker", READERS)


def _dropping(read: Callable[..., Any]) -> Callable[..., Any]:
    def read_or_drop(channel: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return read(channel, *args, **kwargs)
        except (*channel.connection_errors, *_refusals(channel), Empty):
            raise  # nothing has come off the queue: the next try would end the same way, at once
        except Exception:
            logger.exception("Dropped an entry of the queue that is no message")

    return read_or_drop


def _refusals(channel: Any) -> tuple[type[Exception], ...]:
    """How Redis says no (WRONGTYPE, NOPERM, READONLY), or something that can't be read as an answer."""
    return tuple(error for error in channel.connection.channel_errors if error.__name__ in REFUSALS)


def send_probes() -> None:
    """Ask for a sign of life on each queue of ours that this worker takes from. Raises what the broker's library does.

    A probe that nobody has taken when its worker counts as dead is of no use any more.
    """
    for queue in _ours():
        expires = heartbeats.patience().total_seconds()
        tasks.seen.apply_async((queue,), queue=queue, retry=False, expires=expires)


def _ours() -> list[str]:
    """The queues that our tasks are sent to, of those that this worker takes from."""
    taken = tasks.seen.app.amqp.queues.consume_from
    return sorted(queue for queue in tasks.queues() if queue in taken)


_pulse = heartbeats.Pulse("worker", send_probes)


def connect() -> None:
    worker_init.connect(on_worker_init, dispatch_uid="push")
    heartbeat_sent.connect(on_heartbeat_sent, dispatch_uid="push")


def on_heartbeat_sent(**kwargs: Any) -> None:
    """Every 2 s, on the event loop of a worker that is connected to its broker."""
    _pulse.beat()


def on_worker_init(sender: Any, **kwargs: Any) -> None:
    """Sent when a worker's queues are known. A site's own choice of a consumer wins."""
    if sender.consumer_cls == CELERYS and _ours():
        sender.consumer_cls = f"{Consumer.__module__}:{Consumer.__qualname__}"
