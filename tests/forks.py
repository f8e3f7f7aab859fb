"""Processes of the site, forked from one that has loaded it (tests/loaded.py), or at least the libraries.

What is forked runs `python -m MODULE` or `-c SCRIPT` as a new interpreter would: its environment, arguments, output,
session and settings are its own.
"""

import atexit
import ctypes
import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from multiprocessing.context import ForkServerProcess
from multiprocessing.forkserver import ForkServer
from multiprocessing.popen_forkserver import Popen
from socket import socket
from typing import Any
from unittest.mock import patch

from tools.commands import PYTHON
from tools.processes import ROOT, Child, Process

PR_SET_PDEATHSIG = 1

LOADED = {"DJANGO_SETTINGS_MODULE": "tests.site.settings", "DEBUG": "0", "HTTPS": "0"}  # what the loaded site is for

forkserver = multiprocessing.get_context("forkserver")
forkserver.set_forkserver_preload(["tests.libraries"])
with_the_site = ForkServer()
with_the_site.set_forkserver_preload(["tests.loaded"])


class ForkOfTheSite(ForkServerProcess):
    """A process of the other server: `multiprocessing` has one."""

    @staticmethod
    def _Popen(process: Any) -> Popen:  # noqa: N802
        with patch("multiprocessing.forkserver.connect_to_new_process", with_the_site.connect_to_new_process):
            return Popen(process)


class Fork:
    """A forked process with what we use of `Popen`. It writes into a log, or reads and writes what a socket carries."""

    def __init__(self, argv: Sequence[str], env: Mapping[str, str], wire: str | socket, dies_of: int) -> None:
        process = ForkOfTheSite if is_of_the_site(env) else forkserver.Process
        # A daemon: it is ended with us rather than waited for.
        self._process = process(target=_run, args=(argv, env, wire, dies_of), daemon=True)
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


def is_of_the_site(env: Mapping[str, str]) -> bool:
    """Whether a process with this environment can be forked from the loaded site."""
    return LOADED.items() <= env.items()


def _run(argv: Sequence[str], env: Mapping[str, str], wire: str | socket, dies_of: int) -> None:
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
        if is_of_the_site(env):
            from tests import loaded  # here already

            loaded.renew()
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
