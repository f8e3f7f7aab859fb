"""Settings of the push app, read when used (never at import), so that tests and sites can override them."""

from django.conf import settings

DEFAULT_RESYNC_SECONDS = 25
DEFAULT_MAX_CONNECTIONS_PER_USER = 20
DEFAULT_FRAMES_PER_SECOND = 20
DEFAULT_FRAMES_PER_SECOND_PER_USER = 100
DEFAULT_MAX_BODY_BYTES = 10 * 1024 * 1024
DEFAULT_REQUEST_SECONDS = 30
# The least and the greatest value.
BOUNDS: dict[str, tuple[int, int]] = {
    "PUSH_RESYNC_SECONDS": (1, 3600),
    "PUSH_MAX_CONNECTIONS_PER_USER": (1, 10_000),
    "PUSH_MAX_BODY_BYTES": (0, 1 << 40),
    "PUSH_REQUEST_SECONDS": (0, 3600),
    "PUSH_FRAMES_PER_SECOND": (1, 1_000_000),
    "PUSH_FRAMES_PER_SECOND_PER_USER": (1, 1_000_000),
}

# Limits that nobody should have to tune.
BULK = 1000  # users per query and per nudge
KEEP_ALIVE_SECONDS = 20  # below the 30 s after which proxies close quiet connections
LAG_SECONDS = 10.0  # a client that reads nothing for that long is dropped
UNACKNOWLEDGED_SECONDS = 30  # a client whose machine acknowledges nothing for that long is dropped
SEND_BUFFER_BYTES = 64 * 1024  # of the kernel, per held connection: then we notice that nothing is read
MAX_WAIT_SECONDS = 55  # of a long poll: below the usual 60 s of a proxy
MAX_QUERY_TICKET_SECONDS = 60  # of life left to a ticket in a query: those are logged by somebody
MAX_FRAME_BYTES = 64 * 1024  # of a frame from a client
LONGEST_SWEEP_INTERVAL = 10  # seconds
REMOTE_TIMEOUT = 2.0  # seconds; what we give a broker or Redis to answer


def resync_seconds() -> int:
    """Every connected user's state is read again within so many seconds (`PUSH_RESYNC_SECONDS`)."""
    return int(getattr(settings, "PUSH_RESYNC_SECONDS", DEFAULT_RESYNC_SECONDS))


def sweep_seconds() -> int:
    """From one sweep to the next: it finds what a channel or a worker has left undone."""
    return min(LONGEST_SWEEP_INTERVAL, resync_seconds())


def max_connections_per_user() -> int:
    """How many connections a user may hold in one process (`PUSH_MAX_CONNECTIONS_PER_USER`)."""
    return int(getattr(settings, "PUSH_MAX_CONNECTIONS_PER_USER", DEFAULT_MAX_CONNECTIONS_PER_USER))


def frames_per_second() -> int:
    """What a client may send on one WebSocket in the long run (`PUSH_FRAMES_PER_SECOND`); limits.py has the details."""
    return int(getattr(settings, "PUSH_FRAMES_PER_SECOND", DEFAULT_FRAMES_PER_SECOND))


def frames_per_second_per_user() -> int:
    """The same for all connections of a user to one process (`PUSH_FRAMES_PER_SECOND_PER_USER`)."""
    return int(getattr(settings, "PUSH_FRAMES_PER_SECOND_PER_USER", DEFAULT_FRAMES_PER_SECOND_PER_USER))


def max_body_bytes() -> int:
    """What the body of a request may have, to any path of the site; 0: no limit (`PUSH_MAX_BODY_BYTES`)."""
    return int(getattr(settings, "PUSH_MAX_BODY_BYTES", DEFAULT_MAX_BODY_BYTES))


def request_seconds() -> int:
    """Seconds in which the head of a request has to come, then its body; 0: no limit (`PUSH_REQUEST_SECONDS`)."""
    return int(getattr(settings, "PUSH_REQUEST_SECONDS", DEFAULT_REQUEST_SECONDS))


def allowed_origins() -> list[str]:
    """Other origins that may connect with a ticket (`PUSH_ALLOWED_ORIGINS`); a cookie never crosses origins."""
    return list(getattr(settings, "PUSH_ALLOWED_ORIGINS", []))
