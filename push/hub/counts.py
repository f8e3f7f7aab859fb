"""Counters of this process; `push.operations.metrics` exports them.

Once per frame there is only room for a plain integer: a metrics library's labelled counter takes half the time that a
frame does. Hubs on several threads add without a lock; what is lost between them no graph shows.
"""

from dataclasses import dataclass

from prometheus_client import Histogram


@dataclass(slots=True, eq=False)
class Tally:
    """What one transport has done."""

    transport: str
    sent: int = 0  # snapshots written
    conflated: int = 0  # snapshots that a newer one replaced in the slot
    dropped: int = 0  # clients that stopped reading


@dataclass(slots=True)
class Totals:
    """What all have done together."""

    corrections: int = 0  # newer states that the resync found, and no nudge had told


TOTALS = Totals()
_tallies: dict[str, Tally] = {}


def tally_of(transport: str) -> Tally:
    """The one tally of a transport; asked for once, by its class of connections."""
    return _tallies.setdefault(transport, Tally(transport))


def tallies() -> list[Tally]:
    return list(_tallies.values())


# Once per batch of up to a thousand users a library's histogram is cheap enough.
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

FLUSH = Histogram(
    "reddot_hub_flush_seconds",
    "One batch of the hub, from the start of its read to the end of its writing.",
    registry=None,
    buckets=SECONDS,
)
NUDGE_TO_FRAME = Histogram(
    "reddot_nudge_to_frame_seconds",
    "From a nudge reaching the hub of this process to its frames being written; once per batch, for its oldest nudge.",
    registry=None,
    buckets=SECONDS,
)
