"""Sending as one would add it to django-notifications-hq: a serializer, and `notify.send` for each message.

A batch is written in one transaction, and its recipients are looked up together: better than the first attempt
one would make, with a query and a commit for each.
"""

from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from notifications.signals import notify
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView


class MessageSerializer(serializers.Serializer):
    recipient = serializers.IntegerField()
    verb = serializers.CharField(max_length=255)
    description = serializers.CharField(max_length=500, required=False)


class Send(APIView):
    def post(self, request: Any) -> Response:
        return Response(_write(request, [request.data])[0], status=201)


class SendBatch(APIView):
    def post(self, request: Any) -> Response:
        return Response({"results": _write(request, request.data["messages"])})


def _write(request: Any, given: list[Any]) -> list[dict[str, Any]]:
    serializer = MessageSerializer(data=given, many=True)
    serializer.is_valid(raise_exception=True)
    messages = serializer.validated_data
    users = get_user_model().objects.in_bulk({message["recipient"] for message in messages})
    with transaction.atomic():
        return [_notify(request.user, users.get(message["recipient"]), message) for message in messages]


def _notify(actor: Any, recipient: Any, message: dict[str, Any]) -> dict[str, Any]:
    if recipient is None:
        raise serializers.ValidationError({"recipient": "There is no such user."})
    sent = notify.send(actor, recipient=recipient, verb=message["verb"], description=message.get("description"))
    [(_receiver, [notification])] = sent
    return {"status": 201, "id": notification.pk}
