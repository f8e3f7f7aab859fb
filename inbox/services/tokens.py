"""Tokens of other services: made, shown, used, revoked."""

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from ..core import ledger
from ..core.isolation import attempt
from ..credentials.announcements import announce
from ..errors import BadValue
from ..models import Scope, ServiceToken, event_types

PREFIX = "rd_"  # a leaked one is recognised, by people and by scanners of source code
BYTES = 32
# What one must be allowed in the admin to give a scope; None: only superusers can.
PERMISSIONS: dict[Scope, tuple[str, ...] | None] = {
    Scope.MESSAGES_WRITE: (),  # to add every event type that there is
    Scope.MESSAGES_READ: ("inbox.view_mailbox",),
    Scope.BROADCASTS_READ: ("inbox.view_broadcast",),
    Scope.BROADCASTS_WRITE: ("inbox.add_broadcast", "inbox.change_broadcast", "inbox.delete_broadcast"),
    Scope.BROADCASTS_PUBLISH: ("inbox.publish_broadcast",),
    Scope.BROADCASTS_WITHDRAW: ("inbox.publish_broadcast",),
    Scope.TICKETS: None,  # a ticket lets its holder be anybody
}
USED_EVERY = timedelta(minutes=1)  # how exact `last_used_at` is: a write for every call would be one too many


def create_token(name: str, owner: Any, scopes: Iterable[str], expires_at: datetime | None = None) -> str:
    """A new token, told this once. Raises BadValue for unknown scopes, or when two of that name are valid already."""
    return issue_token(ServiceToken(name=name, owner=owner, scopes=sorted(set(scopes)), expires_at=expires_at))


def grantable_scopes(user: Any) -> list[str]:
    """The scopes that somebody may give a token of their own: of what they may do themselves. `create_token`, the
    operator's command, gives any."""
    return [scope for scope in Scope.values if user.is_active and (user.is_superuser or _may_do(user, scope))]


def _may_do(user: Any, scope: str) -> bool:
    needed = PERMISSIONS[Scope(scope)]
    if scope == Scope.MESSAGES_WRITE:
        needed = tuple(f"{model._meta.app_label}.add_{model._meta.model_name}" for model in event_types().values())
    return needed is not None and user.has_perms(needed)


def issue_token(token: ServiceToken) -> str:
    """Save this new row under a digest; returns what it is the digest of. Raises BadValue."""
    text = PREFIX + secrets.token_urlsafe(BYTES)
    token.digest = _digest(text)
    try:
        token.full_clean()
    except ValidationError as error:
        raise BadValue(" ".join(error.messages)) from error
    token.save()
    return text


def revoke_token(token: ServiceToken) -> None:
    """It opens nothing any more, and neither do the tickets that it has minted."""
    tokens = ServiceToken.objects.filter(pk=token.pk, revoked_at=None)
    if tokens.update(revoked_at=timezone.now()):
        announce(None, tokens.db)


def use_token(text: str) -> ServiceToken | None:
    """The valid token that this is, noted as used; None if there is none, or its owner may not sign in."""
    if not text.startswith(PREFIX):
        return None
    now = timezone.now()
    token = ServiceToken.objects.valid(now).filter(digest=_digest(text)).select_related("owner").first()
    if token is None or not token.owner.is_active:
        return None
    if token.last_used_at is None or token.last_used_at < now - USED_EVERY:
        attempt("Noting that a token was used", _note_use, token.pk, now)
    return token


def _note_use(pk: int, now: datetime) -> None:
    """Only if nobody holds the row: a request must not wait for that."""
    rows = ServiceToken.objects.filter(pk=pk)
    with ledger.waiting_at_most(ledger.MEND_SECONDS):
        free = rows.select_for_update(skip_locked=True, no_key=True).values_list("pk", flat=True)
        ServiceToken.objects.filter(pk__in=list(free)).update(last_used_at=now)


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
