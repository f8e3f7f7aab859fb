"""Service tokens: creating, checking and revoking them."""

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from hashlib import sha256

from django.core.exceptions import ValidationError
from django.utils import timezone

from ..core.isolation import attempt
from ..core.users import SiteUser
from ..credentials.announcements import announce
from ..errors import BadValue
from ..models import Scope, ServiceToken, event_types, ledger

PREFIX = "rd_"  # so that people, and scanners of source code, recognise a leaked token
BYTES = 32
# The permissions that a user needs to grant a scope in the admin; None: only superusers can.
PERMISSIONS: dict[Scope, tuple[str, ...] | None] = {
    Scope.MESSAGES_WRITE: (),  # the permission to add each of the event types
    Scope.MESSAGES_READ: ("inbox.view_mailbox",),
    Scope.BROADCASTS_READ: ("inbox.view_broadcast",),
    Scope.BROADCASTS_WRITE: ("inbox.add_broadcast", "inbox.change_broadcast", "inbox.delete_broadcast"),
    Scope.BROADCASTS_PUBLISH: ("inbox.publish_broadcast",),
    Scope.BROADCASTS_WITHDRAW: ("inbox.withdraw_broadcast",),
    Scope.TICKETS: None,  # with tickets, a service can act as any user
}
USED_EVERY = timedelta(minutes=1)  # precision of `last_used_at`: one write for every call would be too many


def create_token(name: str, owner: SiteUser, scopes: Iterable[str], expires_at: datetime | None = None) -> str:
    """Create a token and return its text, which is stored nowhere.

    Raises BadValue for unknown scopes, or if two tokens of this name are valid already.
    """
    return issue_token(ServiceToken(name=name, owner=owner, scopes=sorted(set(scopes)), expires_at=expires_at))


def grantable_scopes(user: SiteUser) -> list[str]:
    """The scopes that a user may grant to a token of their own: what their own permissions allow.

    The command `create_token` does not check it.
    """
    return [scope for scope in Scope.values if user.is_active and (user.is_superuser or _may_grant(user, scope))]


def _may_grant(user: SiteUser, scope: str) -> bool:
    needed = PERMISSIONS[Scope(scope)]
    if scope == Scope.MESSAGES_WRITE:
        needed = tuple(f"{model._meta.app_label}.add_{model._meta.model_name}" for model in event_types().values())
    return needed is not None and user.has_perms(needed)


def issue_token(token: ServiceToken) -> str:
    """Save a new token with the digest of a random text; returns the text. Raises BadValue."""
    text = PREFIX + secrets.token_urlsafe(BYTES)
    token.digest = _digest(text)
    try:
        token.full_clean()
    except ValidationError as error:
        raise BadValue(" ".join(error.messages)) from error
    token.save()
    return text


def revoke_token(token: ServiceToken) -> None:
    """Revoke a token. The tickets that it has minted are invalid from then on, too."""
    tokens = ServiceToken.objects.filter(pk=token.pk, revoked_at=None)
    if tokens.update(revoked_at=timezone.now()):
        announce(None, tokens.db)


def use_token(text: str) -> ServiceToken | None:
    """The valid token with this text, with `last_used_at` updated; None if there is none, or its owner is inactive."""
    if not text.startswith(PREFIX):
        return None
    now = timezone.now()
    token = ServiceToken.objects.valid(now).filter(digest=_digest(text)).select_related("owner").first()
    if token is None or not token.owner.is_active:
        return None
    if token.last_used_at is None or token.last_used_at < now - USED_EVERY:
        attempt("Storing when a token was used", _update_last_used, token.pk, now)
    return token


def _update_last_used(pk: int, now: datetime) -> None:
    """Skips a row that another transaction holds: no request should wait for this."""
    rows = ServiceToken.objects.filter(pk=pk)
    with ledger.waiting_at_most(ledger.MEND_SECONDS):
        free = rows.select_for_update(skip_locked=True, no_key=True).values_list("pk", flat=True)
        ServiceToken.objects.filter(pk__in=list(free)).update(last_used_at=now)


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
