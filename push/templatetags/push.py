"""`{% load push %}{% notification_bell %}`: the bell of the signed-in user, with everything it needs to know."""

from typing import Any

from django import template
from django.conf import settings
from django.urls import reverse
from django.utils.translation import get_language

register = template.Library()


@register.inclusion_tag("push/notification_bell.html", takes_context=True)
def notification_bell(context: dict[str, Any]) -> dict[str, Any]:
    """For anonymous visitors there is no bell: `user` is then None. Their page tells the browser's other tabs so."""
    request = context.get("request")
    user = getattr(request, "user", None) or context.get("user")
    if user is None:
        return {"user": None}
    common = {
        "push": reverse("push:poll").removesuffix("poll/"),
        "nonce": f"{context.get('csp_nonce', '')}{getattr(request, 'csp_nonce', '')}",  # Django 6's, or django-csp's
    }
    if not user.is_authenticated:
        return {"user": None, **common}
    return {
        "user": str(user.pk),
        **common,
        "api": reverse("inbox-api:api-root"),
        "inbox": reverse("inbox"),
        "language": get_language() or "",
        "mqtt_url": getattr(settings, "MQTT_WS_URL", ""),
        "csrf_token": context.get("csrf_token", ""),
    }
