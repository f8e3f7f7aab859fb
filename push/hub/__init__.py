"""The hub of a web process: its open connections, what they have been sent, and what to read next.

How a transport speaks is in `push/transports/`, how a server writes in `push/wire/`.
"""

from .hub import Hub, connection_count, connections, current, disconnect, nudge_local, stop_all

__all__ = ["Hub", "connection_count", "connections", "current", "disconnect", "nudge_local", "stop_all"]
