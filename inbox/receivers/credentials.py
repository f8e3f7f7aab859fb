"""Receivers of signals after which a credential may have ended: logout, a saved or deleted user, a deleted token.

Other ends (a session expires or is deleted, `QuerySet.update()`) send no signal; the check of the connections finds
them, once per resync interval. There is no receiver for deleted sessions, because with one `clearsessions` would load
all expired sessions.
"""

from collections.abc import Collection

from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db.models.signals import post_delete, post_save
from django.http import HttpRequest

from .. import services
from ..core.users import SiteUser
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


def user_saved(
    instance: SiteUser, created: bool, using: str, update_fields: Collection[str] | None = None, **kwargs: object
) -> None:
    """Announces every change of these fields, because the old values are unknown."""
    if not created and (update_fields is None or USER_FIELDS.intersection(update_fields)):
        announce([instance.pk], using)


def user_deleted(instance: SiteUser, using: str, **kwargs: object) -> None:
    announce([instance.pk], using)


def token_deleted(instance: ServiceToken, using: str, **kwargs: object) -> None:
    """Announces it for everybody: the users for whom the token has minted tickets are not recorded."""
    services.keep_handed_over(instance)
    announce(None, using)


def logged_in(request: HttpRequest, **kwargs: object) -> None:
    if (session := getattr(request, "session", None)) is not None:
        services.name_session(session)


def logged_out(request: HttpRequest | None, **kwargs: object) -> None:
    """Called before the session is flushed. In tests, and from other callers of `logout`, there may be no session."""
    key = getattr(getattr(request, "session", None), "session_key", None)
    if key:
        services.end_session(key)
