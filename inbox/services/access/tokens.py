"""Service tokens: creating, checking and revoking them."""

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import chain, count

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from ...core.isolation import attempt
from ...core.users import SiteUser, UserPk
from ...credentials.announcements import announce
from ...errors import BadValue
from ...models import Message, Scope, Service, ServiceToken, event_types, ledger

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
KEY_PREFIX = "service-"  # of dedupe keys: what the site itself sends should not begin with it
MAX_DEDUPE_KEY: int = Message._meta.get_field("dedupe_key").max_length or 0
USED_EVERY = timedelta(minutes=1)  # precision of `last_used_at`: one write for every call would be too many


def create_token(
    name: str,
    owner: SiteUser,
    scopes: Iterable[str],
    expires_at: datetime | None = None,
    *,
    service: Service | None = None,
) -> str:
    """Create a token and return its text, which is stored nowhere.

    Without a `service`, it belongs to that of earlier tokens with this name and owner; if there are none, to a new one.
    Raises BadValue for unknown scopes, if two tokens of the service are valid already, or if a service of this name has
    lost all of its tokens: it is not known whose it was.
    """
    columns = {"name": name, "owner": owner, "scopes": sorted(set(scopes)), "expires_at": expires_at}
    return issue_token(ServiceToken(service=service, **columns))


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
    with transaction.atomic(using=ledger.alias()):
        try:
            token.clean_fields()  # first, because PostgreSQL refuses to look for some names
            if token.service is None:
                token.service = _service_of_earlier(token)
            token.full_clean()
        except ValidationError as error:
            raise BadValue(" ".join(error.messages)) from error
        if token.service is None:
            token.service = _new_service(token)
        token.save()
    return text


def _service_of_earlier(token: ServiceToken) -> Service | None:
    """The service of earlier tokens with this name and owner, if the owner still holds it. Not that of another owner's
    tokens, nor one of this name without any: a name alone must not open what a service has sent. For that, the service
    has to be chosen."""
    services = _held_by(token.owner_id).filter(tokens__in=token.earlier())
    return services.order_by("-tokens__pk").first()


def _held_by(owner: UserPk) -> "QuerySet[Service]":
    """The services that this user has valid tokens of; of those without valid tokens, the ones whose last token was
    theirs. A service that was handed over is not among them any more."""
    tokens = ServiceToken.objects.filter(service=OuterRef("pk"))
    valid, last = tokens.valid(), tokens.order_by("-pk").values("owner")[:1]
    services = Service.objects.annotate(_last=Subquery(last))
    return services.filter(Exists(valid.filter(owner=owner)) | Q(~Exists(valid), _last=owner))


def keep_handed_over(deleted: ServiceToken) -> None:
    """After the last token of a service was deleted: if the tokens that are left are of others, and none of them is
    valid, they leave the service. Otherwise it would go back to an owner who has handed it over."""
    if deleted.service_id is None:
        return
    left = ServiceToken.objects.filter(service=deleted.service_id)
    last = left.order_by("-pk").values_list("pk", "owner").first()
    if last is not None and last[0] < deleted.pk and last[1] != deleted.owner_id and not left.valid().exists():
        left.update(service=None)


def open_services(user: SiteUser) -> "QuerySet[Service]":
    """The services for which a user may make tokens, which open what these services have sent, and their keys.

    Superusers may for all of them; others for those that nobody else has a valid token of and they hold, and with the
    permission to change services also for those without any tokens.
    """
    if user.is_active and user.is_superuser:
        return Service.objects.all()
    others = ServiceToken.objects.valid().exclude(owner=user.pk).filter(service=OuterRef("pk"))
    mine = _held_by(user.pk).filter(~Exists(others)).values("pk")
    free = Q(tokens=None) if user.has_perm("inbox.change_service") else Q(pk__in=())
    return Service.objects.filter(Q(pk__in=mine) | free)


def _new_service(token: ServiceToken) -> Service:
    """A service with the name of the token; if that is taken, with the owner's name and if need be a number added."""
    owner = str(token.owner.get_username())[:40]
    endings = chain(["", f" ({owner})"], (f" ({owner}, {number})" for number in count(2)))
    names = (token.name + ending for ending in endings)
    return Service.objects.create(name=next(name for name in names if not Service.objects.filter(name=name).exists()))


def scoped_key(service: int, dedupe_key: str) -> str:
    """The dedupe key as it is stored for messages of this service: no service must replace messages of another one, or
    of the site itself. It is stored in the same column as the keys of the site's own messages, because a column more
    would mean a migration of every event type. The API shows it nowhere."""
    scoped = f"{KEY_PREFIX}{service}:{dedupe_key}"
    if len(scoped) <= MAX_DEDUPE_KEY:
        return scoped
    return f"{KEY_PREFIX}{service}#{sha256(dedupe_key.encode()).hexdigest()}"


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
    token = ServiceToken.objects.valid(now).filter(digest=_digest(text)).select_related("owner", "service").first()
    if token is None or not token.owner.is_active:
        return None
    if token.service is None:
        _give_service(token)
    if token.last_used_at is None or token.last_used_at < now - USED_EVERY:
        attempt("Storing when a token was used", _update_last_used, token.pk, now)
    return token


@ledger.retrying
def _give_service(token: ServiceToken) -> None:
    """For a token that a process of the version before has made, during a deploy."""
    with transaction.atomic(using=ledger.alias()):
        token.service = _service_of_earlier(token) or _new_service(token)
        if not ServiceToken.objects.filter(pk=token.pk, service=None).update(service=token.service):
            transaction.set_rollback(True, using=ledger.alias())  # another request was faster
    token.refresh_from_db(fields=["service"])


def _update_last_used(pk: int, now: datetime) -> None:
    """Skips a row that another transaction holds: no request should wait for this."""
    rows = ServiceToken.objects.filter(pk=pk)
    with ledger.waiting_at_most(ledger.MEND_SECONDS):
        free = rows.select_for_update(skip_locked=True, no_key=True).values_list("pk", flat=True)
        ServiceToken.objects.filter(pk__in=list(free)).update(last_used_at=now)


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
