"""Handshakes of users who are shut out are held: left unanswered for some seconds (see `push/gate/shutouts.py`)."""

import asyncio
from contextlib import suppress

from channels.exceptions import StopConsumer

from ...gate.shutouts import ShutOut
from ...wire import wire
from ...wire.servers import Receive, Send

HANG_UP_SECONDS = 3.0  # for the server to report the end of a connection that we aborted


async def hold(shut_out: ShutOut, receive: Receive, send: Send) -> None:
    """Keep the client waiting; hang up on one too many. Raises `StopConsumer` if the client is gone."""
    if not shut_out.can_hold():
        wire(send).abort()
        await _wait_for_disconnect(receive, HANG_UP_SECONDS)
        raise StopConsumer
    with shut_out.holding() as seconds:
        await _wait_for_disconnect(receive, seconds)


async def _wait_for_disconnect(receive: Receive, seconds: float) -> None:
    """Wait for the client to go. Raises `StopConsumer` if it goes in time."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while (await receive())["type"] != "websocket.disconnect":
                pass
        raise StopConsumer
