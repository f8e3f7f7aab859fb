"""What ends a credential on this site: somebody logs out, a user is saved or deleted, a token is deleted.

Whatever goes unseen here (a session that expires or is deleted, `QuerySet.update()`) is found when connections are
checked, once per resync interval. A listener on deleted sessions would have `clearsessions` load all that have expired.
"""

from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db.models.signals import post_delete, post_save

from .. import services
from ..credentials.announcements import announce
from ..models import ServiceToken

USER_FIELDS = {"password", "is_active"}  # that decide whether a user's credentials are valid
UID = "inbox.credentials.announcements"


def connect() -> None:
    for model in apps.get_models():
        if issubclass(model, get_user_model()):  # its proxies too
            post_save.connect(user_saved, sender=model, dispatch_uid=UID)
            post_delete.connect(user_deleted, sender=model, dispatch_uid=UID)
    post_delete.connect(token_deleted, sender=ServiceToken, dispatch_uid=UID)
    user_logged_in.connect(logged_in, dispatch_uid=UID)
    user_logged_out.connect(logged_out, dispatch_uid=UID)


def user_saved(instance: Any, created: bool, using: str, update_fields: Any = None, **kwargs: Any) -> None:
    """The old values are not known: it may be a new password, or none of it."""
    if not created and (update_fields is None or USER_FIELDS.intersection(update_fields)):
        announce([instance.pk], using)


def user_deleted(instance: Any, using: str, **kwargs: Any) -> None:
    announce([instance.pk], using)


def token_deleted(using: str, **kwargs: Any) -> None:
    """Whom it has minted tickets for is not recorded."""
    announce(None, using)


def logged_in(request: Any, **kwargs: Any) -> None:
    if (session := getattr(request, "session", None)) is not None:
        services.name_session(session)


def logged_out(request: Any, **kwargs: Any) -> None:
    """Before the session is flushed. Tests and other callers of `logout` may have none."""
    key = getattr(getattr(request, "session", None), "session_key", None)
    if key:
        services.end_session(key)
