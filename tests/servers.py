"""Real servers for tests: the site as subprocesses, on free ports, in temporary directories.

Fixtures (tests/conftest.py); what can't be had skips the test with the reason, or fails it if CI=true:

    valkey         a Valkey of the whole session: .url, .flush()
    own_valkey     one for this test alone, to be ill-treated: .kill() .start() .freeze() .thaw() .restart()
    postgres_url   a PostgreSQL server of the session (TEST_DATABASE_URL, or a cluster of its own)
    own_postgres   a cluster for this test alone: .kill() .start() .freeze() …
    start_site     a function that starts a Site, stopped at the end of the test
    shared_site    the same; equal arguments get the same Site all session long: use users of your own

    site = start_site(server="uvicorn", bus="valkey", database="postgres", web=2, worker=True)

        server    "daphne" (default) or "uvicorn", or one for each web process: ["daphne", "uvicorn"]
        bus       "memory" (default: one process, tasks run in it), "valkey", or a redis:// URL
        database  "sqlite" (default), "postgres", or a postgres:// URL of a migrated database
        web       web processes (1)
        worker    a Celery worker (default: with any bus but "memory"); False: tasks run in the web process
        beat      Celery beat (False)
        mqtt      "" (default), "embedded" (the web process is the broker), "mosquitto" (one of the site's own) or
                  "rabbitmq" (one of the whole session, which asks one site: always `shared_site(mqtt="rabbitmq")`)
        NAME=…    environment variables of the site; PUSH_RESYNC_SECONDS is 2 unless given

    site.url("/inbox/", web=1)      http address at a web process; site.ws_url("/push/ws/")
    site.cookies("alice")           a fresh session: {"sessionid": …}. The accounts admin, alice, bob and
                                    carol exist (password reddot-demo), with empty mailboxes
    site.client("alice", web=0)     httpx.Client with that session, base_url and CSRF token
    site.call("send", "comment", ["bob"], actor="alice", target_title="Tea", excerpt="Yes")
                                    an action of tests/site/actions.py, or any dotted callable of the site,
                                    run inside a web process (web=1 chooses); raises ActionFailed
    site.agent.call(…)              the same in a process beside the web processes (another machine's shell)
    site.web[0] .worker .beat       Process: kill stop start restart freeze thaw alive logs()
    site.start_web(0)               start a killed or stopped one again and wait until it listens
    site.broker                     the MQTT broker: .kill() .start() …; None for "embedded" (it is site.web[0])

`wait_for(fact, deadline=30, what="")` calls a function until it returns something true, and returns that;
`eventually` is the same inside an event loop. Start servers from the main thread: they die with the thread
that started them.
"""

import asyncio
import os
import shutil
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from secrets import token_hex
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx
import pytest

from tests import templates
from tests.site_calls import ActionFailed, Agent, result_of
from tools import commands
from tools.brokers import Broker, RabbitMq
from tools.processes import PAUSES, Process, free_port, listening, longer, wait_for
from tools.stores import MissingServerError, database_at, new_directory, run_sql

__all__ = ["ActionFailed", "Agent", "Process", "Site", "eventually", "free_port", "needs", "wait_for"]

T = TypeVar("T")
SETTINGS = "tests.site.settings"
# Less than uvicorn's 5 s, or it may end an idle connection just when the next request is sent.
KEPT = httpx.Limits(keepalive_expiry=2)
SECRET_KEY = "only-for-tests-" + "x" * 50


async def eventually(fact: Callable[[], Awaitable[T] | T], deadline: float = 10, what: str = "") -> T:
    """`wait_for` without blocking the event loop; `fact` may be a coroutine function."""
    end, pause = time.monotonic() + deadline, PAUSES[0]
    while True:
        value = fact()
        if isinstance(value, Awaitable):
            value = await value
        if value:
            return value
        if time.monotonic() > end:
            raise TimeoutError(f"not within {deadline} s: {what or fact}")
        await asyncio.sleep(pause)
        pause = longer(pause)


@contextmanager
def needs() -> Iterator[None]:
    """Skip the test if a server can't be had; in CI (CI=true) fail."""
    try:
        yield
    except MissingServerError as missing:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(str(missing))


class Site:
    """The site as processes; see the top of this file."""

    process_type: type[Process] = Process

    def __init__(
        self,
        database_url: str,
        redis_url: str = "",
        server: str | Sequence[str] = "daphne",
        web: int = 1,
        worker: bool | None = None,
        beat: bool = False,
        broker: Broker | None = None,
        application: str = commands.APPLICATION,
        **env: Any,
    ) -> None:
        self.directory = new_directory("site")
        self.broker = broker
        env = {**(broker.site_env if broker else {}), **env}
        with_worker = bool(redis_url) if worker is None else worker
        celery = redis_url if with_worker else ""
        self.env = site_env(database_url, **{"REDIS_URL": redis_url, "CELERY_BROKER_URL": celery, **env})
        servers = [server] * web if isinstance(server, str) else server
        self.ports = [free_port() for _ in servers]
        if isinstance(broker, RabbitMq):
            self.ports[0] = broker.asks
        argvs = [commands.web(*each, application) for each in zip(servers, self.ports, strict=True)]
        self.web = [self.process(f"web{i}", argv) for i, argv in enumerate(argvs)]
        self.worker = self.process("worker", commands.worker()) if with_worker else None
        self.beat = self.process("beat", commands.beat(self.directory)) if beat else None
        self._agent: Agent | None = None
        self._http = httpx.Client(timeout=60, limits=KEPT)

    def process(self, name: str, argv: Sequence[str]) -> Process:
        return self.process_type(name, argv, self.directory / f"{name}.log", self.env)

    @property
    def others(self) -> list[Process]:
        return [process for process in (self.worker, self.beat) if process]

    def start(self) -> None:
        for process in (*self.web, *self.others):
            process.start()
        for process, port in zip(self.web, self.ports, strict=True):
            process.wait_ready(partial(listening, port))
        if worker := self.worker:
            worker.wait_ready(lambda: " ready." in worker.logs())

    def start_web(self, web: int = 0) -> None:
        self.web[web].start()
        self.web[web].wait_ready(lambda: listening(self.ports[web]))

    def close(self) -> None:
        self._http.close()
        if self._agent:
            self._agent.close()
        for process in (*self.others, *self.web):
            process.kill()  # a warm end takes seconds; tests of it ask for it
        shutil.rmtree(self.directory, ignore_errors=True)

    def url(self, path: str = "/", web: int = 0) -> str:
        return f"http://127.0.0.1:{self.ports[web]}{path}"

    def ws_url(self, path: str = "/push/ws/", web: int = 0) -> str:
        return f"ws://127.0.0.1:{self.ports[web]}{path}"

    def call(self, do: str, *args: Any, web: int = 0, **kwargs: Any) -> Any:
        request = {"do": do, "args": args, "kwargs": kwargs}
        response = self._http.post(self.url("/test/call/", web), json=request)
        response.raise_for_status()
        return result_of(response.content)

    @property
    def agent(self) -> Agent:
        self._agent = self._agent or Agent(self.env)
        return self._agent

    def cookies(self, name: str) -> dict[str, str]:
        return {"sessionid": self.call("session", name)}

    def client(self, name: str = "", web: int = 0) -> httpx.Client:
        """Signed in as `name`, or nobody; may write (CSRF)."""
        token = token_hex(16)
        cookies = {"csrftoken": token, **(self.cookies(name) if name else {})}
        return httpx.Client(
            base_url=self.url("", web), cookies=cookies, headers={"X-CSRFToken": token}, timeout=60, limits=KEPT
        )

    def logs(self) -> str:
        return "".join(f"--- {process.name}\n{process.logs()}" for process in (*self.web, *self.others))


def embedded_mqtt() -> dict[str, Any]:
    """The environment of a site whose web process is the broker."""
    url = f"mqtt://service:{token_hex(16)}@127.0.0.1:{free_port()}"
    return {"MQTT_URL": url, "MQTT_WS_URL": f"ws://127.0.0.1:{free_port()}", "MQTT_EMBEDDED": 1}


def site_env(database_url: str, **env: Any) -> dict[str, str]:
    """The whole environment of a site's process; nothing of the caller's site variables is left."""
    no_mqtt = {"MQTT_URL": "", "MQTT_WS_URL": "", "MQTT_DYNSEC": 0, "MQTT_EMBEDDED": 0}
    often = {"INBOX_FAILED_CHECKS_PER_MINUTE": 10**6, "INBOX_TICKETS_PER_MINUTE": 10**6}  # all from one address
    given = {
        **no_mqtt,
        **often,
        "PUSH_RESYNC_SECONDS": 2,
        "DEBUG": 0,
        "HTTPS": 0,
        "STATIC_DIST": os.environ.get("TEST_STATIC_DIST", os.devnull),  # the scripts as they are, or that bundle
        "ALLOWED_HOSTS": "127.0.0.1,localhost",
        **env,
    }
    own = {"DATABASE_URL": database_url, "SECRET_KEY": SECRET_KEY, "DJANGO_SETTINGS_MODULE": SETTINGS}
    return {**os.environ, **own, **{key: str(value) for key, value in given.items()}}


class Databases:
    """Migrated databases with the four people in them: copies of a template of their engine."""

    def __init__(self) -> None:
        self.directory = new_directory("databases")
        self.cleanup = ExitStack()
        self.cleanup.callback(shutil.rmtree, self.directory, ignore_errors=True)

    def sqlite(self) -> str:
        kept = templates.template("site-sqlite", lambda path: self.fill(f"sqlite:///{path}"))
        copy = self.directory / f"{token_hex(4)}.sqlite3"
        shutil.copy(kept, copy)
        return f"sqlite:///{copy}"

    def postgres(self, server_url: str) -> str:
        """A new database on that server."""
        name = f"reddot_template_{os.getpid()}"
        if not (marker := self.directory / f"{name}_{urlsplit(server_url).port}").exists():
            self.create(server_url, name)
            self.fill_postgres(server_url, name)
            marker.touch()
        copy = f"reddot_{token_hex(4)}"
        self.create(server_url, copy, name)
        return database_at(server_url, copy)

    def fill_postgres(self, server_url: str, name: str) -> None:
        url = database_at(server_url, name)
        if not templates.can_be_kept("postgresql"):
            self.fill(url)
            return

        def make(path: Path) -> None:
            first = database_at(server_url, f"{name}_first")
            self.create(server_url, f"{name}_first")
            self.fill(first)
            path.write_text(templates.dump(first))

        run_sql(url, templates.template("site-postgresql", make).read_text())

    def create(self, server_url: str, name: str, template: str = "template1") -> None:
        run_sql(server_url, f"CREATE DATABASE {name} TEMPLATE {template}")
        if os.environ.get("TEST_DATABASE_URL"):  # a cluster of our own is gone by then, and they with it
            self.cleanup.callback(run_sql, server_url, f"DROP DATABASE {name} WITH (FORCE)")

    def fill(self, url: str) -> None:
        env = site_env(url, REDIS_URL="", CELERY_BROKER_URL="")
        argv = [commands.PYTHON, "-m", "tests.site.prepare"]
        prepare = Site.process_type("prepare", argv, self.directory / "prepare.log", env)
        prepare.start()
        if prepare.child is None or prepare.child.wait(120):
            raise RuntimeError(f"could not prepare a database:\n{prepare.logs()[-3000:]}")

    def close(self) -> None:
        self.cleanup.close()
