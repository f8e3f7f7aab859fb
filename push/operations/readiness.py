"""Whether all is there that this process needs. All is asked at once, and waited for two seconds in all."""

import logging
from collections.abc import Callable
from concurrent.futures import Future, wait
from datetime import datetime
from typing import Any, NamedTuple

from .. import tasks
from ..concurrency.singleflight import SingleFlight
from ..conf import REMOTE_TIMEOUT
from ..nudges import bus, heartbeats
from ..nudges.heartbeats import BEAT, WORKER

logger = logging.getLogger(__name__)


class Finding(NamedTuple):
    """`detail` is a word or two, never what an exception says: that may hold an address and a password."""

    ok: bool
    detail: str


OK = Finding(True, "ok")
NOT_USED = Finding(True, "not used")
SILENT = Finding(False, f"no answer in {REMOTE_TIMEOUT:g} s")
FAILED = Finding(False, "failed")
NOT_SEEN = Finding(False, "not seen lately")
UNKNOWN = Finding(False, "unknown")


class Check:
    """One thing that is asked."""

    def __init__(self, name: str, ask: Callable[[], Any]) -> None:
        self.name = name
        self._flight = SingleFlight(f"push-ready-{name}", ask)

    def begin(self) -> "Future[Any]":
        return self._flight.call()

    def end(self, answer: "Future[Any]") -> Finding:
        """What came of it, by now."""
        if not answer.done():
            return noted(self.name, SILENT)
        error = answer.exception()
        return noted(self.name, FAILED if error else OK, error)


def noted(name: str, finding: Finding, error: BaseException | None = None) -> Finding:
    """A change for the worse is logged, once, with its reason."""
    if finding.ok:
        _failing.discard(name)
    elif name not in _failing:
        _failing.add(name)
        logger.warning("Not ready: %s: %s", name, finding.detail, exc_info=error)
    return finding


def ask_broker() -> None:
    """Over a connection of its own, closed afterwards. Raises what the broker's library raises."""
    with tasks.fan_out.app.connection_for_write() as connection:
        try:
            connection.ensure_connection(max_retries=1, interval_start=0, timeout=round(REMOTE_TIMEOUT))
        except Exception:
            close_poller(connection.transport)
            raise


def close_poller(transport: Any) -> None:
    """kombu leaves the epoll of a Redis that it could not reach to the garbage collector: one file for each probe."""
    poller = getattr(getattr(transport, "cycle", None), "poller", None)
    if poller is not None:
        poller.close()


_failing: set[str] = set()
_database = Check("database", heartbeats.seen)
_layer = Check("channel_layer", bus.ping)
_broker = Check("broker", ask_broker)


def find() -> dict[str, Finding]:
    """Each check by its name."""
    conf = tasks.fan_out.app.conf
    used = {_database: True, _layer: bus.crossing_layer() is not None, _broker: bool(conf.broker_url)}
    answers = {check: check.begin() for check, is_used in used.items() if is_used}
    wait(answers.values(), REMOTE_TIMEOUT)
    findings = {check.name: check.end(answers[check]) if check in answers else NOT_USED for check in used}
    seen = answers[_database].result() if findings[_database.name].ok else None
    findings[WORKER] = noted(WORKER, find_workers(seen)) if conf.broker_url else NOT_USED
    findings[BEAT] = noted(BEAT, find_beat(seen)) if conf.broker_url and conf.beat_schedule else NOT_USED
    return findings


Seen = dict[str, datetime] | None  # what the database says, if it does


def find_workers(seen: Seen) -> Finding:
    """Whether tasks of every queue are done that ours are sent to."""
    if seen is None:
        return UNKNOWN
    idle = sorted(queue for queue in tasks.queues() if not heartbeats.is_recent(seen.get(heartbeats.worker(queue))))
    return Finding(False, f"{NOT_SEEN.detail} on {', '.join(idle)}") if idle else OK


def find_beat(seen: Seen) -> Finding:
    if seen is None:
        return UNKNOWN
    return OK if heartbeats.is_recent(seen.get(BEAT)) else NOT_SEEN
