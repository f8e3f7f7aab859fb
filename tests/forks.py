"""Processes of the site, forked from one that has imported the libraries: a start costs a third of the CPU time.

What is forked runs `python -m MODULE` or `-c SCRIPT` as a new interpreter would: its environment, arguments, output and
session are its own, and everything that depends on settings is imported there.
"""

import atexit
import ctypes
import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
from collections.abc import Sequence
from socket import socket

from tools.commands import PYTHON
from tools.processes import ROOT, Child, Process

PR_SET_PDEATHSIG = 1

forkserver = multiprocessing.get_context("forkserver")
forkserver.set_forkserver_preload(["tests.libraries"])


class Fork:
    """A forked process with what we use of `Popen`. It writes into a log, or reads and writes what a socket carries."""

    def __init__(self, argv: Sequence[str], env: dict[str, str], wire: str | socket, dies_of: int) -> None:
        # A daemon: it is ended with us rather than waited for.
        self._process = forkserver.Process(target=_run, args=(argv, env, wire, dies_of), daemon=True)
        self._process.start()
        assert self._process.pid
        self.pid = self._process.pid

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
        return self._process.exitcode

    def kill(self) -> None:
        self._process.kill()
        self._process.join()


class Forked(Process):
    """`Process`, for command lines that begin with our Python and `-m MODULE`."""

    def launch(self) -> Child:
        at = self.argv.index(PYTHON)
        return Fork(self.argv[at + 1 :], self.env, str(self.log), self.stop_signal)


def _run(argv: Sequence[str], env: dict[str, str], wire: str | socket, dies_of: int) -> None:
    os.setsid()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, dies_of)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(ROOT)
    os.environ.clear()
    os.environ.update(env)
    _connect(wire)
    option, what, *rest = argv
    sys.argv, sys.path[0] = [what, *rest], str(ROOT)
    try:
        if option == "-c":
            exec(what, {"__name__": "__main__"})
        else:
            runpy.run_module(what, run_name="__main__", alter_sys=True)
    finally:
        atexit._run_exitfuncs()


def _connect(wire: str | socket) -> None:
    if isinstance(wire, socket):  # errors go where ours go
        streams = {0: wire.fileno(), 1: wire.fileno()}
    else:
        log = os.open(wire, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        streams = {0: os.open(os.devnull, os.O_RDONLY), 1: log, 2: log}
    for standard, stream in streams.items():
        os.dup2(stream, standard)
    sys.stdin = os.fdopen(0, closefd=False)
    sys.stdout, sys.stderr = (os.fdopen(fd, "w", buffering=1, closefd=False) for fd in (1, 2))
