"""Service tokens: which services may call the API, and with which scopes."""

from datetime import datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..core.validators import validate_says_something
from .mailbox import PrimaryQuerySet

ROTATING = 2  # valid tokens of one service


class Scope(models.TextChoices):
    MESSAGES_WRITE = "messages:write", _("Send messages")
    MESSAGES_READ = "messages:read", _("See sends and users' unread counts")
    BROADCASTS_READ = "broadcasts:read", _("See announcements")
    BROADCASTS_WRITE = "broadcasts:write", _("Write announcements")
    BROADCASTS_PUBLISH = "broadcasts:publish", _("Publish announcements")
    BROADCASTS_WITHDRAW = "broadcasts:withdraw", _("Withdraw announcements")
    TICKETS = "tickets", _("Mint tickets for any user")


def validate_scopes(value: object) -> None:
    """Raise ValidationError unless this is a list of at least one scope."""
    if not isinstance(value, list) or not value or set(map(str, value)) - set(Scope.values):
        raise ValidationError(_("Choose at least one scope."), code="scopes")


class Service(models.Model):
    """Another program that calls the API. Its sends, keys and idempotency keys belong to it and not to its tokens, so
    that they stay its own when a token is exchanged for a new one."""

    name = models.CharField(_("name"), max_length=150, unique=True, validators=[validate_says_something])
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)

    objects = PrimaryQuerySet.as_manager()

    class Meta:
        verbose_name = _("service")
        verbose_name_plural = _("services")

    def __str__(self) -> str:
        return self.name


class ServiceTokenQuerySet(PrimaryQuerySet["ServiceToken"]):
    def valid(self, now: datetime | None = None) -> "ServiceTokenQuerySet":
        """Neither revoked nor expired."""
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=now or timezone.now()), revoked_at=None)


class ServiceToken(models.Model):
    """A token of another service, which acts as the token's owner. `digest` is the SHA-256 of the token; the token
    itself is shown once, and not stored.

    Two tokens of one service may be valid at once, so that it can change to the new one before the old one is revoked.
    """

    # NULL: written by a process of the version before, while a deploy goes on (`services.use_token` mends it).
    service = models.ForeignKey(
        Service, models.PROTECT, null=True, blank=True, related_name="tokens", verbose_name=_("service"),
        help_text=_("Empty: the one that earlier tokens of this name and owner belong to, or a new one."),
    )  # fmt: skip
    name = models.CharField(_("name"), max_length=100, validators=[validate_says_something])
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("owner"),
        help_text=_("What the service does, it does in this person's name."),
    )  # fmt: skip
    scopes = models.JSONField(_("scopes"), default=list, validators=[validate_scopes])
    digest = models.CharField(_("digest"), max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(_("last used at"), null=True, blank=True, editable=False)

    objects = ServiceTokenQuerySet.as_manager()

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        indexes = [models.Index(fields=["name"], name="inbox_servicetoken_name")]

    def __str__(self) -> str:
        return self.name

    def earlier(self) -> ServiceTokenQuerySet:
        """The tokens with a service that have its name and owner."""
        return ServiceToken.objects.filter(name=self.name, owner=self.owner_id, service__isnull=False)

    def clean(self) -> None:
        same = Q(name=self.name) if self.service_id is None else Q(service=self.service_id)
        others = ServiceToken.objects.valid().filter(same).exclude(pk=self.pk)
        if self._state.adding and others.count() >= ROTATING:
            raise ValidationError({"name": _("Two tokens of this service are valid already: revoke one first.")})
        if self._state.adding and self.service_id is None and not self.earlier().exists():
            self._require_no_orphan()

    def _require_no_orphan(self) -> None:
        """A service whose tokens are all deleted keeps its name, sends and keys: nobody knows whose it was."""
        if Service.objects.filter(name=self.name, tokens=None).exists():
            said = _("The service “%(name)s” has no tokens any more. Choose this service, or another name.")
            raise ValidationError({"name": said % {"name": self.name}})

    @property
    def is_valid(self) -> bool:
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > timezone.now())
