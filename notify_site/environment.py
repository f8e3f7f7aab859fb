"""What the environment sets, checked at start: a value that can't be used is refused, never overwritten or ignored."""

from collections.abc import Mapping
from typing import Any, NoReturn
from urllib.parse import parse_qsl, urlencode, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

POSTGRESQL, SQLITE = "django.db.backends.postgresql", "django.db.backends.sqlite3"

# Of a DATABASES entry; whatever else stands in the URL's query is one of its OPTIONS.
ENTRIES = {"CONN_MAX_AGE", "ATOMIC_REQUESTS", "AUTOCOMMIT", "DISABLE_SERVER_SIDE_CURSORS", "CONN_HEALTH_CHECKS"}
# Options that add to each other: of a name that is set twice, the later one counts (libpq; SQLite runs both).
JOINED = {"options": " ", "init_command": "; "}
# Parts of the URL, by the name that libpq gives them.
PARTS = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD", "dbname": "NAME"}
KNOWN = {
    POSTGRESQL: {"assume_role", "isolation_level", "prepare_threshold", "server_side_binding"},  # and libpq's
    # https://docs.python.org/3/library/sqlite3.html#sqlite3.connect; the first three are Django's.
    SQLITE: {"init_command", "timeout", "transaction_mode", "cached_statements", "detect_types", "isolation_level"},
}
# Seconds until a lock, a dead server or a lost network is an error: every badge of a process waits for one reader.
WAITS = {"lock_timeout": "5s", "idle_in_transaction_session_timeout": "60s"}
OURS: dict[str, dict[str, Any]] = {
    POSTGRESQL: {
        "connect_timeout": 5,
        "tcp_user_timeout": 10_000,
        "options": " ".join(f"-c {name}={value}" for name, value in WAITS.items()),
    },
    # IMMEDIATE: a deferred transaction that turns writer ignores the busy timeout (seconds).
    SQLITE: {"transaction_mode": "IMMEDIATE", "timeout": 20, "init_command": "PRAGMA journal_mode=WAL"},
}
WORDS = {"true": True, "on": True, "yes": True, "false": False, "off": False, "no": False, "none": None}


class Environment(environ.Env):  # type: ignore[misc]
    """django-environ, with numbers that have bounds and a database URL of which every part counts."""

    def __init__(self, bounds: Mapping[str, tuple[int, int]]) -> None:
        """`bounds`: the least and the greatest value of each number."""
        super().__init__()
        self.bounds = bounds

    def number(self, name: str, default: int) -> int:
        """A whole number within its bounds. Raises ImproperlyConfigured."""
        text, (low, high) = self.str(name, default=str(default)), self.bounds[name]
        try:
            number = int(text)
        except ValueError:
            number = low - 1
        if not low <= number <= high:
            raise ImproperlyConfigured(f"{name} is {text!r}. Set it to a whole number from {low} to {high}.")
        return number

    def database(self, name: str, default: str) -> dict[str, Any]:
        """A DATABASES entry: what the URL says, and where it says nothing our own. Raises ImproperlyConfigured.

        Connections end with their request, as kept ones leak under ASGI; see `add_pool`.
        """
        address, query = _split(name, self.str(name, default=default))
        entry: dict[str, Any] = self.db_url_config(address)
        given = _settings_in(name, query)
        theirs = {key: value for key, value in given.items() if key not in ENTRIES}
        _check(name, entry, theirs)
        entry |= {"CONN_MAX_AGE": 0} | {key: value for key, value in given.items() if key in ENTRIES}
        entry["OPTIONS"] = _merged(OURS.get(entry["ENGINE"], {}), theirs)
        return entry

    def redis(self, name: str) -> str:
        """The URL of a Redis, "" for none. What its query sets wins over our timeouts (redis-py: `from_url`).

        Raises ImproperlyConfigured for what redis-py does not know.
        """
        url = str(self.str(name, default=""))
        if url:
            _settings_in(name, _split(name, url)[1])
            _try_redis(name, url)
        return url

    def broker(self, name: str, default: str) -> tuple[str | None, dict[str, Any]]:
        """A broker's URL, None for none, and the transport options in its query, where kombu has no place for them.

        Those of TLS stay in the URL, which is where kombu reads them. Raises ImproperlyConfigured.
        """
        url = self.str(name, default=default)
        address, query = _split(name, url)
        if not address.startswith(("redis://", "rediss://")):
            return url or None, {}
        given = _settings_in(name, query)
        tls = urlencode({key: value for key, value in parse_qsl(query) if key.startswith("ssl_")})
        options = {key: value for key, value in given.items() if not key.startswith("ssl_")}
        for key in options.keys() - _broker_options():
            _refuse(name, key, "is no option of this broker")
        return f"{address}?{tls}" if tls else address, options


def _try_redis(name: str, url: str) -> None:
    """Without connecting."""
    from redis import ConnectionPool  # not where there is none

    try:
        pool = ConnectionPool.from_url(url)
        pool.connection_class(**pool.connection_kwargs)
    except (TypeError, ValueError) as error:  # the URL is not repeated: it may hold a password
        raise ImproperlyConfigured(f"{name} is no URL of a Redis, or sets an option that there is not.") from error


def _broker_options() -> set[str]:
    from kombu.transport.redis import Channel  # not where there is no broker

    return set(Channel.from_transport_options)


def _split(name: str, url: str) -> tuple[str, str]:
    """The URL before its query, and the query."""
    parts = urlsplit(url)
    if "?" in url and (parts.fragment or (not parts.path and "@" in parts.query)):  # where does the query begin?
        raise ImproperlyConfigured(f"{name} has a “?” or “#” in its password or name: write %3F or %23 there.")
    return url.removesuffix(f"?{parts.query}"), parts.query


def _settings_in(name: str, query: str) -> dict[str, Any]:
    """What a URL's query sets. Twice the same, or to nothing, is refused: one of both would be ignored."""
    found: dict[str, Any] = {}
    for key, text in parse_qsl(query, keep_blank_values=True):
        key = key.upper() if key.upper() in ENTRIES else key
        if key in found or not text:
            _refuse(name, key, "is set twice" if key in found else "is empty")
        found[key] = _value(text)
        if key in ENTRIES - {"CONN_MAX_AGE"} and not isinstance(found[key], bool | int):
            _refuse(name, key, "is neither true nor false")
    return found


def _value(text: str) -> Any:
    if text.removeprefix("-").isdecimal():
        return int(text)
    return WORDS.get(text.lower(), text)


def _check(name: str, entry: dict[str, Any], theirs: dict[str, Any]) -> None:
    for key in theirs:
        if not _is_known(entry["ENGINE"], key):
            _refuse(name, key, "is no option of this database")
        if entry.get(PARTS.get(key, "")):
            _refuse(name, key, "is set before the “?” as well")


def _is_known(engine: str, key: str) -> bool:
    if engine not in KNOWN or key in KNOWN[engine]:
        return True
    from psycopg.pq import Conninfo  # not where SQLite is all there is

    return engine == POSTGRESQL and key.encode() in {option.keyword for option in Conninfo.get_defaults()}


def _merged(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    both = {key: f"{ours[key]}{glue}{theirs[key]}" for key, glue in JOINED.items() if key in ours and key in theirs}
    return ours | theirs | both


def add_pool(name: str, entry: dict[str, Any], size: int) -> None:
    """Keep up to `size` connections to PostgreSQL in a pool; 0: none. Raises ImproperlyConfigured.

    For web processes only: a pool does not survive a fork (Celery's workers), and a command ends soon.
    """
    if not size or entry["ENGINE"] != POSTGRESQL:
        return
    if entry["CONN_MAX_AGE"] != 0:
        _refuse(name, "CONN_MAX_AGE", "does not go with a pool: set DATABASE_POOL=0, or leave one of them out")
    # A connection is asked whether it lives before a request gets it. Seconds: to wait for one, to try for a new one,
    # to keep an idle one.
    entry.setdefault("CONN_HEALTH_CHECKS", True)
    times = {"timeout": 10, "reconnect_timeout": 5, "max_idle": 60}
    entry["OPTIONS"]["pool"] = {"min_size": 0, "max_size": size, **times}


def _refuse(name: str, key: str, why: str) -> NoReturn:
    """The URL itself is not repeated: it may hold a password."""
    raise ImproperlyConfigured(f"“{key}” in the query of {name} {why}.")
