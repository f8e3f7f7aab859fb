"""What a site's environment sets is what it gets, or is refused at start."""

import os
import signal
from tempfile import NamedTemporaryFile
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from notify_site.environment import Environment, add_pool
from tests.forks import Fork
from tests.servers import Databases

POSTGRES, SQLITE = "postgres://who:secret@host:5433/name", "sqlite:////tmp/db.sqlite3"
BOUNDS = {"NUMBER": (1, 100)}


def read(monkeypatch: pytest.MonkeyPatch, url: str, pool: int = 0) -> dict[str, Any]:
    monkeypatch.setenv("URL", url)
    entry = Environment(BOUNDS).database("URL", default="")
    add_pool("URL", entry, pool)
    return entry


@pytest.mark.parametrize(
    ("url", "key", "value"),
    [
        (f"{POSTGRES}?sslmode=verify-full", "sslmode", "verify-full"),
        (f"{POSTGRES}?connect_timeout=30", "connect_timeout", 30),
        (f"{POSTGRES}?tcp_user_timeout=0", "tcp_user_timeout", 0),
        (f"{POSTGRES}?server_side_binding=false", "server_side_binding", False),
        (f"{SQLITE}?timeout=1&transaction_mode=DEFERRED", "transaction_mode", "DEFERRED"),
        (f"{SQLITE}?timeout=1", "timeout", 1),
    ],
)
def test_an_option_in_the_url_wins(monkeypatch: pytest.MonkeyPatch, url: str, key: str, value: Any) -> None:
    assert read(monkeypatch, url)["OPTIONS"][key] == value


def test_what_the_url_does_not_set_is_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = read(monkeypatch, POSTGRES)
    theirs = read(monkeypatch, f"{POSTGRES}?sslmode=require")
    assert theirs["OPTIONS"] == ours["OPTIONS"] | {"sslmode": "require"}
    assert (ours["CONN_MAX_AGE"], ours["PORT"], ours["NAME"]) == (0, 5433, "name")


@pytest.mark.parametrize(
    ("query", "entry"),
    [
        ("conn_max_age=60", {"CONN_MAX_AGE": 60}),
        ("conn_max_age=none", {"CONN_MAX_AGE": None}),
        ("ATOMIC_REQUESTS=false", {"ATOMIC_REQUESTS": False}),
        ("conn_health_checks=1", {"CONN_HEALTH_CHECKS": 1}),
    ],
)
def test_entries_in_the_url_win(monkeypatch: pytest.MonkeyPatch, query: str, entry: dict[str, Any]) -> None:
    read_entry = read(monkeypatch, f"{POSTGRES}?{query}")
    assert {key: read_entry[key] for key in entry} == entry


@pytest.mark.parametrize(
    ("url", "pool"),
    [
        (f"{POSTGRES}?ssl_mode=require", 0),  # libpq calls it sslmode
        (f"{POSTGRES}?pool=true", 0),
        (f"{POSTGRES}?sslmode=", 0),
        (f"{POSTGRES}?sslmode=require&sslmode=disable", 0),
        (f"{POSTGRES}?host=other", 0),
        (f"{POSTGRES}?dbname=other", 0),
        (f"{POSTGRES}?atomic_requests=perhaps", 0),
        (f"{POSTGRES}?conn_max_age=60", 20),
        (f"{SQLITE}?sslmode=require", 0),
        ("postgres://who:se?cret@host/name?sslmode=require", 0),
        ("postgres://who:se#cret@host/name?sslmode=require", 0),
    ],
)
def test_what_cannot_be_is_refused(monkeypatch: pytest.MonkeyPatch, url: str, pool: int) -> None:
    with pytest.raises(ImproperlyConfigured, match="URL") as refused:
        read(monkeypatch, url, pool)
    assert "cret" not in str(refused.value)


def test_the_server_gets_both_ours_and_theirs(postgres_url: str, databases: Databases) -> None:
    """`options` of the URL are added to ours, and win where both name the same."""
    url = f"{databases.postgres(postgres_url)}?options=-c%20lock_timeout%3D7s%20-c%20work_mem%3D5MB&application_name=x"
    script = (
        "import django; django.setup(); from django.db import connection; cursor = connection.cursor()\n"
        "for name in ('lock_timeout', 'work_mem', 'idle_in_transaction_session_timeout', 'application_name'):\n"
        "    cursor.execute(f'SHOW {name}'); print(*cursor.fetchone())"
    )
    assert output_of(script, url) == ["7s", "5MB", "1min", "x"]


def test_options_of_a_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("URL", "rediss://host:6380/1?ssl_cert_reqs=required&socket_timeout=9")
    assert Environment(BOUNDS).broker("URL", default="") == (
        "rediss://host:6380/1?ssl_cert_reqs=required",
        {"socket_timeout": 9},
    )
    monkeypatch.setenv("URL", "redis://host?sockettimeout=9")
    with pytest.raises(ImproperlyConfigured, match="sockettimeout"):
        Environment(BOUNDS).broker("URL", default="")


@pytest.mark.parametrize(
    "url", ["redis://host?sockettimeout=9", "redis://host?socket_timeout=", "redis://host?db=1&db=2", "http://host"]
)
def test_a_redis_that_cannot_be_is_refused(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("URL", "redis://who:secret@host:6380/1?socket_timeout=9")
    assert Environment(BOUNDS).redis("URL") == os.environ["URL"]
    monkeypatch.setenv("URL", url)
    with pytest.raises(ImproperlyConfigured, match="URL"):
        Environment(BOUNDS).redis("URL")


def test_what_a_redis_url_sets_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the layer and in the cache."""
    script = (
        "import django, asyncio; django.setup()\n"
        "from channels.layers import get_channel_layer; from django.core.cache import cache\n"
        "from channels_redis.utils import create_pool\n"
        "[host] = django.conf.settings.CHANNEL_LAYERS['default']['CONFIG']['hosts']\n"
        "print(create_pool(dict(host)).connection_kwargs['socket_timeout'])\n"
        "print(cache._cache._get_connection_pool(True).connection_kwargs['socket_timeout'])"
    )
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0?socket_timeout=9")
    assert [float(word) for word in output_of(script, "sqlite://:memory:")] == [9, 9]


@pytest.mark.parametrize("text", ["0", "101", "-5", "ten", "1.5", "", "1e2"])
def test_numbers_have_bounds(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    assert Environment(BOUNDS).number("NUMBER", default=7) == 7
    monkeypatch.setenv("NUMBER", text)
    with pytest.raises(ImproperlyConfigured, match=r"NUMBER.*from 1 to 100"):
        Environment(BOUNDS).number("NUMBER", default=7)


@pytest.mark.parametrize(("query", "jit"), [("", "off"), ("?options=-c%20jit%3Don", "on")])
def test_jit_is_turned_off_only_where_the_site_says_nothing(
    postgres_url: str, databases: Databases, query: str, jit: str
) -> None:
    script = (
        "import django; django.setup(); from django.db import connection; from inbox import selectors\n"
        "selectors.snapshots(list(range(1, 100))); cursor = connection.cursor()\n"
        "cursor.execute('SHOW jit'); print(*cursor.fetchone())"
    )
    assert output_of(script, databases.postgres(postgres_url) + query) == [jit]


def output_of(script: str, database_url: str) -> list[str]:
    """The words that a process of the site prints."""
    site = {"DATABASE_URL": database_url, "SECRET_KEY": "x", "DJANGO_SETTINGS_MODULE": "notify_site.settings"}
    with NamedTemporaryFile("r") as written:
        code = Fork(["-c", script], {**os.environ, **site}, written.name, signal.SIGKILL).wait(120)
        text = written.read()
    assert code == 0, text
    return text.split()


def test_only_a_web_process_has_a_pool(postgres_url: str, databases: Databases) -> None:
    """Celery's workers fork, which a pool does not survive."""
    script = "{}import django; django.setup(); from django.db import connection; print(type(connection.pool).__name__)"
    url = databases.postgres(postgres_url)
    assert output_of(script.format("import notify_site.asgi; "), url) == ["ConnectionPool"]
    assert output_of(script.format(""), url) == ["NoneType"]
