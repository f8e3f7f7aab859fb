"""What Django itself serves. What is held is served beside it (push/routing.py), under the same addresses."""

from .transports import events, needs_asgi, nothing, poll
from .visitors import banners

__all__ = ["banners", "events", "needs_asgi", "nothing", "poll"]
