"""A proxy that puts a network between a browser and a site on the same machine."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tools.processes import free_port

CHUNK = 65_536  # bytes


@contextmanager
def away(port: int, round_trip: float) -> Iterator[int]:
    """The port of a proxy to that one. A new connection costs a round trip (seconds), and so does each answer."""
    here, loop = free_port(), asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_until_complete, args=[(proxy := Proxy(here, port, round_trip)).run()])
    thread.start()
    proxy.listening.wait()
    try:
        yield here
    finally:
        loop.call_soon_threadsafe(proxy.end.set)
        thread.join()
        loop.close()


class Proxy:
    def __init__(self, here: int, there: int, round_trip: float) -> None:
        self.here, self.there, self.round_trip = here, there, round_trip
        self.listening, self.end = threading.Event(), asyncio.Event()

    async def run(self) -> None:
        server = await asyncio.start_server(self.serve, "127.0.0.1", self.here)
        self.listening.set()
        await self.end.wait()
        server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, in both directions. The client's handshake is with us, so it is made up for here."""
        with suppress(OSError, asyncio.CancelledError):  # the end of the proxy
            await asyncio.sleep(self.round_trip)
            up, down = await asyncio.open_connection("127.0.0.1", self.there)
            await asyncio.gather(self.carry(reader, down), self.carry(up, writer))

    async def carry(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        """Each piece arrives half a round trip after it was sent, however many are on their way."""
        loop, pieces = asyncio.get_running_loop(), asyncio.Queue[tuple[float, bytes]]()

        async def deliver() -> None:
            while True:
                due, piece = await pieces.get()
                await asyncio.sleep(due - loop.time())
                if not piece:
                    target.close()
                    return
                target.write(piece)

        delivery = asyncio.create_task(deliver())
        piece = b"begin"
        while piece:
            try:
                piece = await source.read(CHUNK)
            except OSError:
                piece = b""
            pieces.put_nowait((loop.time() + self.round_trip / 2, piece))
        await delivery
