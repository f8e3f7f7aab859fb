"""WebSocket (RFC 6455): the consumer, the connection that it gives to the hub, and the commands of the client.

Subprotocols `reddot.v1.json` (also the default) and `reddot.v1.msgpack`: the same messages as text or binary frames.
"""

from .consumer import application

__all__ = ["application"]
