"""Installs what limits waiting connections into the servers of this process."""

import sys

from ..wire import internals
from .holding import IsHeld


def install(is_held: IsHeld) -> None:
    """Add the hooks to uvicorn and daphne, if they are loaded. Called once, before they accept connections."""
    if "uvicorn" in sys.modules:
        from . import lobby_uvicorn

        lobby_uvicorn.watch(is_held)
    if "daphne.server" in sys.modules and not internals.lacks("daphne.http_protocol", "twisted.web.http"):
        from . import lobby_daphne

        lobby_daphne.watch(is_held)
    internals.warn()
