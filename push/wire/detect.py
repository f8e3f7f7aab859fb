"""Which wire a connection gets: a fast one where the server is known by class and has what we use, else the base."""

from . import daphne, uvicorn
from .base import UnknownWire, Wire
from .servers import Send, owner


def wire(send: Send) -> Wire:
    """The wire behind an ASGI `send`. `manage.py check` reports what a server lacks for a fast one (push.W002)."""
    protocol = owner(send)
    return uvicorn.wire_of(send, protocol) or daphne.wire_of(send, protocol) or UnknownWire(send)
