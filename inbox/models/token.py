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

ROTATING = 2  # valid tokens of one name


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


class ServiceTokenQuerySet(PrimaryQuerySet["ServiceToken"]):
    def valid(self, now: datetime | None = None) -> "ServiceTokenQuerySet":
        """Neither revoked nor expired."""
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=now or timezone.now()), revoked_at=None)


class ServiceToken(models.Model):
    """A token of another service, which acts as the token's owner. `digest` is the SHA-256 of the token; the token
    itself is shown once, and not stored.

    Two tokens of one name may be valid at once, so that a service can change to the new one before the old one is
    revoked.
    """

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

    def clean(self) -> None:
        others = ServiceToken.objects.valid().filter(name=self.name).exclude(pk=self.pk)
        if self._state.adding and others.count() >= ROTATING:
            raise ValidationError({"name": _("Two tokens of this name are valid already: revoke one first.")})

    @property
    def is_valid(self) -> bool:
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > timezone.now())
