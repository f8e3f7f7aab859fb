"""What stands between a client and the site: proxies as distributions or we ship them, and one that cuts connections.

with nginx(site) as port: …          proxy_buffering and gzip as they are by default
run_proxy("nginx", shipped("nginx", site, port), port)    as we ship it
async with cutting(site, rng) as port: …    every connection is reset after a moment
seen = Through(site, port)           the same Site, at another address
"""

import asyncio
import random
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.servers import Process, Site, free_port
from tools.processes import ROOT, listening
from tools.stores import MissingServerError, new_directory

PLAIN = """
daemon off; pid nginx.pid; error_log error; worker_processes 1; events {{}}
http {{
    access_log off;
    gzip on; gzip_types *; gzip_proxied any;
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://127.0.0.1:{site};
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection upgrade;
        }}
    }}
}}
"""

SHIPPED = {"nginx": "nginx.conf", "caddy": "Caddyfile", "haproxy": "haproxy.cfg"}
AROUND_NGINX = "daemon off; pid nginx.pid; error_log error; events {{}} http {{ gzip on; gzip_types *; {} }}"


class Through:
    """A site whose clients go through a proxy; whatever is not an address is the site's own."""

    def __init__(self, site: Site, port: int) -> None:
        self.site, self.port = site, port

    def __getattr__(self, name: str) -> Any:
        return getattr(self.site, name)

    def url(self, path: str = "/", web: int = 0) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def ws_url(self, path: str = "/push/ws/", web: int = 0) -> str:
        return f"ws://127.0.0.1:{self.port}{path}"


def binary(name: str) -> str:
    """Raises MissingServerError."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin")
    if not found:
        raise MissingServerError(f"no {name}: install the package {name}")
    return found


COMMANDS: dict[str, Callable[[Path], list[Any]]] = {
    "nginx": lambda directory: ["-p", directory, "-c", directory / "configuration"],
    "caddy": lambda directory: ["run", "--adapter", "caddyfile", "--config", directory / "configuration"],
    "haproxy": lambda directory: ["-db", "-f", directory / "configuration"],
}


def shipped(name: str, site: Site, port: int) -> str:
    """The file of deploy/ for one of `COMMANDS`, with addresses of this machine."""
    text = (ROOT / "deploy" / SHIPPED[name]).read_text()
    for theirs, ours in {
        "server web:8000;": f"server 127.0.0.1:{site.ports[0]};",
        "reverse_proxy web:8000": f"reverse_proxy 127.0.0.1:{site.ports[0]}",
        "server web1 web:8000 check": f"server web1 127.0.0.1:{site.ports[0]}",
        "listen 80;": f"listen 127.0.0.1:{port};",
        "bind :80": f"bind 127.0.0.1:{port}",
        ":80 {": f"http://127.0.0.1:{port} {{",
        "\tservers {": "\tadmin off\n\tservers {",
        "/dev/stdout": "access",
    }.items():
        text = text.replace(theirs, ours)
    return AROUND_NGINX.format(text) if name == "nginx" else text


def run_nginx(configuration: str, port: int) -> AbstractContextManager[Path]:
    return run_proxy("nginx", configuration, port)


@contextmanager
def run_proxy(name: str, configuration: str, port: int) -> Iterator[Path]:
    """One of `COMMANDS`, until it listens on `port`; its directory. Raises MissingServerError."""
    directory = new_directory(name)
    directory.chmod(0o755)  # nginx's workers are not root
    (directory / "configuration").write_text(configuration)
    home = {"HOME": str(directory), "XDG_DATA_HOME": str(directory), "XDG_CONFIG_HOME": str(directory)}
    process = Process(name, [binary(name), *COMMANDS[name](directory)], directory / "log", home)
    process.start()
    try:
        process.wait_ready(lambda: listening(port))
        yield directory
    finally:
        process.stop()
        shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def nginx(site: Site) -> Iterator[int]:
    """The port of an nginx that knows nothing of streams. Raises MissingServerError."""
    port = free_port()
    with run_nginx(PLAIN.format(port=port, site=site.ports[0]), port):
        yield port


@asynccontextmanager
async def cutting(site: Site, rng: random.Random) -> AsyncIterator[int]:
    """The port of a proxy whose connections live for a second at most."""
    serving: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        serving.add(task)
        with suppress(OSError, TimeoutError, asyncio.CancelledError):
            there = await asyncio.open_connection("127.0.0.1", site.ports[0])
            try:
                async with asyncio.timeout(rng.uniform(0.02, 1)):
                    await asyncio.gather(copy(reader, there[1]), copy(there[0], writer))
            finally:
                there[1].transport.abort()
        writer.transport.abort()
        serving.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in list(serving):
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)


async def copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while data := await source.read(65536):
        sink.write(data)
        await sink.drain()
    sink.close()
