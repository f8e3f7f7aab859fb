"""How a frame gets into a connection of uvicorn, daphne or another ASGI server, and what else the server is asked.

Nothing here knows users, snapshots or the hub.
"""

from .base import Gone, ReadyFrame, Wire
from .detect import wire

__all__ = ["Gone", "ReadyFrame", "Wire", "wire"]
