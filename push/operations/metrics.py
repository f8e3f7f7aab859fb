"""What Prometheus gets: the counts of this process, and what the database says of all.

Computed when asked for. Labels name transports, never people.
"""

import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime

from django.utils import timezone
from prometheus_client import REGISTRY, Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from inbox import selectors

from .. import hub
from ..concurrency.singleflight import SingleFlight
from ..conf import REMOTE_TIMEOUT
from ..hub import counts

logger = logging.getLogger(__name__)

# Metric -> what it counts, and the attribute of `counts.Tally` that holds it.
BY_TRANSPORT = {
    "reddot_snapshots_sent": ("Snapshots written to clients.", "sent"),
    "reddot_snapshots_conflated": (
        "Snapshots that a newer one replaced while they waited for a slow client.",
        "conflated",
    ),
    "reddot_clients_dropped": ("Clients dropped because they had stopped reading.", "dropped"),
}


class PushCollector(Collector):
    """Every metric."""

    def describe(self) -> Iterable[Metric]:
        """None: called at registration, when there may be no database yet."""
        return []

    def collect(self) -> Iterator[Metric]:
        yield connections()
        for name, (text, attribute) in BY_TRANSPORT.items():
            family = CounterMetricFamily(name, text, labels=["transport"])
            for tally in counts.tallies():
                family.add_metric([tally.transport], getattr(tally, attribute))
            yield family
        yield CounterMetricFamily(
            "reddot_resync_corrections",
            "Newer states that the resync found before any nudge told of them. A few are chance, many are lost nudges.",
            value=counts.TOTALS.corrections,
        )
        yield from counts.FLUSH.collect()
        yield from counts.NUDGE_TO_FRAME.collect()
        yield from sends()


def connections() -> Metric:
    """Counted, not kept: a gauge that is kept goes wrong with the first connection that ends in an odd way."""
    held = Counter(connection.tally.transport for connection in hub.connections())
    family = GaugeMetricFamily("reddot_connections", "Connections held by this process.", labels=["transport"])
    for tally in counts.tallies():
        family.add_metric([tally.transport], held[tally.transport])
    return family


_sends = SingleFlight("push-metrics", lambda: (*selectors.pending_sends(), selectors.failed_sends()))


def sends() -> Iterator[Metric]:
    """Left out if the database gives no answer: an old number would look like a good one."""
    try:
        count, oldest, failed = _sends.call().result(REMOTE_TIMEOUT)
    except TimeoutError:
        logger.warning("No answer from the database in %g s: no metrics of sends", REMOTE_TIMEOUT)
    except Exception:
        logger.exception("No metrics of sends")
    else:
        yield GaugeMetricFamily("reddot_sends_pending", "Sends on their way, of all processes.", value=count)
        yield GaugeMetricFamily("reddot_sends_failed", "Sends that were given up, of all processes.", value=failed)
        yield GaugeMetricFamily("reddot_oldest_pending_send_seconds", "Age of the oldest of them.", value=age(oldest))


def age(since: datetime | None) -> float:
    return max(0.0, (timezone.now() - since).total_seconds()) if since else 0.0


_collector = PushCollector()


def register() -> None:
    """Into the registry that prometheus_client's other users share. Once."""
    REGISTRY.register(_collector)
