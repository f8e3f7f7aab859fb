"""What a user has chosen: the muted event types, a language, a time zone, the keys, and the density of lists."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from ..core.zones import MAX_ZONE
from .mailbox import Mailbox, PrimaryQuerySet


class MutedType(models.Model):
    """Messages of this type arrive already read in this mailbox. Earlier ones stay as they are."""

    mailbox = models.ForeignKey(Mailbox, models.CASCADE, related_name="+", db_index=False, verbose_name=_("mailbox"))
    type = models.CharField(_("type"), max_length=50)

    objects = PrimaryQuerySet.as_manager()

    class Meta:
        verbose_name = _("muted type")
        verbose_name_plural = _("muted types")
        constraints = [models.UniqueConstraint(fields=["mailbox", "type"], name="inbox_mutedtype_once")]

    def __str__(self) -> str:
        return f"{self.mailbox_id}: {self.type}"


class Density(models.TextChoices):
    """How close together the rows of the inbox page and of the bell's panel are."""

    COMFORTABLE = "comfortable", _("Comfortable")
    COMPACT = "compact", _("Compact")


class ChosenLocale(models.Model):
    """The language and the time zone that a user has chosen, whether characters are shortcuts, and how dense
    lists are. A user without a row has chosen nothing."""

    mailbox = models.OneToOneField(
        Mailbox, models.CASCADE, primary_key=True, related_name="+", verbose_name=_("mailbox")
    )
    # One of `LANGUAGES` when it was chosen; "": none. It is what the user chose last, on whatever page.
    language = models.CharField(_("language"), max_length=35, blank=True, default="")
    time_zone = models.CharField(_("time zone"), max_length=MAX_ZONE, blank=True, default="")  # "": the browser's
    # Processes of before insert rows, too, while a release is installed.
    character_keys = models.BooleanField(_("character keys"), default=True, db_default=True)
    density = models.CharField(
        _("density"), max_length=20, choices=Density, default=Density.COMFORTABLE, db_default=Density.COMFORTABLE
    )

    objects = PrimaryQuerySet.as_manager()

    class Meta:
        verbose_name = _("language and time zone")
        verbose_name_plural = _("languages and time zones")
        # The users of one language, without a look at the table.
        indexes = [
            models.Index(fields=["language", "mailbox"], condition=~Q(language=""), name="inbox_chosenlocale_language")
        ]

    def __str__(self) -> str:
        return f"{self.mailbox_id}: {self.language or '–'}, {self.time_zone or '–'}"


def has_chosen(language: str) -> Q:
    """The condition of users whose chosen language is this one of `LANGUAGES`."""
    return Q(pk__in=ChosenLocale.objects.filter(language=language).values("mailbox"))
