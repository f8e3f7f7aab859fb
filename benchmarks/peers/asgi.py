"""Both peers in one ASGI application."""

from typing import Any

from channels.generic.websocket import AsyncJsonWebsocketConsumer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.urls import path

site = get_asgi_application()


class Badge(AsyncJsonWebsocketConsumer):
    """As in every tutorial: a group per user, `group_send` to it, `send_json` from it."""

    async def connect(self) -> None:
        self.group = f"user-{self.scope['url_route']['kwargs']['user']}"
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.accept()
        await self.send_json({"type": "unread", "unread": 0})

    async def disconnect(self, code: int) -> None:
        await self.channel_layer.group_discard(self.group, self.channel_name)

    async def unread(self, event: dict[str, Any]) -> None:
        await self.send_json(event)


application = ProtocolTypeRouter({"http": site, "websocket": URLRouter([path("ws/<int:user>/", Badge.as_asgi())])})
