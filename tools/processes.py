"""Child processes that never outlive their parent, and facts that are waited for with a deadline."""

import fcntl
import os
import resource
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Protocol, TypeVar

T = TypeVar("T")
PAUSES = (0.01, 0.1)  # seconds between two looks at a fact: at first, and at most
PORTS = range(10_000, 20_000)
ROOT = Path(__file__).resolve().parent.parent


def wait_for(fact: Callable[[], T], deadline: float = 30, what: str = "") -> T:
    """Call `fact` until it is true (and return that value); TimeoutError after `deadline` seconds."""
    end, pause = time.monotonic() + deadline, PAUSES[0]
    while not (value := fact()):
        if time.monotonic() > end:
            raise TimeoutError(f"not within {deadline} s: {what or fact}")
        time.sleep(pause)
        pause = longer(pause)
    return value


def longer(pause: float) -> float:
    """Half as long again, up to a bound: who asks often takes the time that the fact needs to become true."""
    return min(1.5 * pause, PAUSES[1])


def raise_descriptor_limit() -> None:
    """As many open files as the machine allows, for this process and what it starts: 1,024 are soon held by clients."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = 1 << 20  # some programs (Erlang) make tables of that size, and containers set a thousand times as much
    wanted = most if hard == resource.RLIM_INFINITY else min(hard, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody has now, and that no other caller gets while this process lives.

    A server takes seconds to start. If another one had the port before it, that one would seem to be it. So none of the
    ports is one that systems give to outgoing connections.
    """
    while not reserve(port := secrets.choice(PORTS)) or port_taken(port):
        pass
    return port


_ours = set[int]()  # ports: a process can lock again what it has locked


def reserve(port: int) -> bool:
    """Whether this process has the port for itself now: a lock on one byte of a file. Not for its children."""
    if port in _ours:
        return False
    try:
        fcntl.lockf(_ports(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
    except (BlockingIOError, PermissionError):  # POSIX leaves the choice
        return False
    _ours.add(port)
    return True


@cache
def _ports() -> int:
    """The descriptor of the file, which stays open: to close it would give up all locks."""
    path = Path(tempfile.gettempdir(), f"reddot-ports-{os.getuid()}")
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)


def chosen_port() -> int:
    """PORT of the environment, or 8000; ends the program with a sentence if it is no port."""
    text = os.environ.get("PORT") or "8000"
    if not text.isdecimal() or not 1 <= int(text) <= 65000:
        sys.exit(f"PORT={text} is not a port: take a number from 1024 to 65000, as in make run PORT=8001")
    return int(text)


def port_taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
        return False


def listening(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def dies_with_parent(user: str = "", number: signal.Signals = signal.SIGTERM) -> list[str]:
    """A command prefix (util-linux): the kernel signals the child if we die; as `user` if given."""
    setpriv = shutil.which("setpriv")
    if not setpriv:
        return ["runuser", "-u", user, "--"] if user else []
    as_user = ["--reuid", user, "--regid", user, "--init-groups"] if user else []
    return [setpriv, *as_user, "--pdeathsig", number.name[3:], "--"]


class Child(Protocol):
    """What is used of `subprocess.Popen`."""

    pid: int

    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...


class Process:
    """One child in a process group of its own, its output in `log`; can be started again after its end."""

    stop_signal = signal.SIGTERM

    def __init__(
        self,
        name: str,
        argv: Sequence[str | Path],
        log: Path,
        env: Mapping[str, str] | None = None,
        user: str = "",
    ) -> None:
        self.name, self.log = name, log
        self.argv = [*dies_with_parent(user, self.stop_signal), *map(str, argv)]
        self.env = {**os.environ, **(env or {})}
        self.child: Child | None = None

    def start(self) -> None:
        self.child = self.launch()

    def launch(self) -> Child:
        with self.log.open("ab") as out:
            return subprocess.Popen(
                self.argv,
                cwd=ROOT,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is ours to handle: we stop children in order
            )

    @property
    def pid(self) -> int:
        if self.child is None:
            raise RuntimeError(f"{self.name} was never started")
        return self.child.pid

    @property
    def alive(self) -> bool:
        return self.child is not None and self.child.poll() is None

    def signal(self, number: int) -> None:
        """To the whole group: a Celery worker's pool goes with it."""
        if self.alive:
            os.killpg(self.pid, number)

    def freeze(self) -> None:
        self.signal(signal.SIGSTOP)

    def freeze_children(self) -> None:
        """As if the pool of a Celery worker were at tasks that never end (Linux only); its main process goes on."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children")
        for child in wait_for(lambda: children.read_text().split()):
            os.kill(int(child), signal.SIGSTOP)

    def thaw(self) -> None:
        self.signal(signal.SIGCONT)

    def kill(self) -> None:
        """At once, as a crash would (SIGKILL)."""
        self.signal(signal.SIGKILL)
        if self.child:
            self.child.wait()

    def ask_to_stop(self) -> None:
        """Politely, and without waiting."""
        self.thaw()
        if self.alive:
            os.kill(self.pid, self.stop_signal)

    def stop(self, grace: float = 10) -> None:
        """Politely; by force after `grace` seconds."""
        if not self.alive or self.child is None:
            return
        self.ask_to_stop()
        try:
            self.child.wait(grace)
        except subprocess.TimeoutExpired:
            self.kill()

    def restart(self) -> None:
        self.stop()
        self.start()

    def logs(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def wait_ready(self, ready: Callable[[], bool], deadline: float = 30) -> None:
        """Until `ready()`; RuntimeError with the log's end if the process ends instead."""

        def fact() -> bool:
            if not self.alive:
                raise RuntimeError(f"{self.name} ended while starting:\n{self.logs()[-3000:]}")
            return ready()

        wait_for(fact, deadline, f"{self.name} ready\n{self.logs()[-3000:]}")
