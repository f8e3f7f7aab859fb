"""WebSocket by `websockets`, in both codecs."""

import json
from typing import Any

import msgpack
import websockets.asyncio.client
from websockets.exceptions import ConnectionClosed

from tests.clients.base import Client, Ended, Refused, Snapshot


class WebSocket(Client):
    path = "/push/ws/"
    subprotocol = "reddot.v1.json"
    socket: websockets.asyncio.client.ClientConnection

    async def open(self) -> None:
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        connecting = websockets.asyncio.client.connect(
            self.site.ws_url(self.path, self.web),
            origin=self.site.url("", self.web),  # type: ignore[arg-type]
            subprotocols=self.subprotocols,  # type: ignore[arg-type]
            additional_headers={"Cookie": cookie} if cookie else {},
        )
        self.socket = await self.stack.enter_async_context(connecting)

    async def receive(self) -> Snapshot:
        while True:
            frame = await self.frame()
            if frame["type"] == "unread":
                return {key: value for key, value in frame.items() if key != "type"}

    async def frame(self) -> dict[str, Any]:
        """The next frame of any type."""
        try:
            return self.load(await self.socket.recv())
        except ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd else None
            raise (Ended if self.seen else Refused)(code) from closed

    async def send(self, frame: Any) -> None:
        await self.socket.send(frame if isinstance(frame, str | bytes) else self.dump(frame))

    @property
    def subprotocols(self) -> list[str]:
        return [self.subprotocol, *([f"reddot.ticket.{self.ticket}"] if self.ticket else [])]

    def load(self, message: Any) -> Any:
        assert isinstance(message, str)
        return json.loads(message)

    def dump(self, frame: Any) -> Any:
        return json.dumps(frame)


class PackedWebSocket(WebSocket):
    subprotocol = "reddot.v1.msgpack"

    def load(self, message: Any) -> Any:
        assert isinstance(message, bytes)
        return msgpack.unpackb(message)

    def dump(self, frame: Any) -> Any:
        return msgpack.packb(frame)
