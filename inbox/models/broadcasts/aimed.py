"""Who sees a broadcast."""

from django.contrib.auth.models import Group
from django.db import models
from django.utils.translation import gettext_lazy as _


class Audience(models.TextChoices):
    EVERYONE = "everyone", _("Everyone")
    STAFF = "staff", _("Staff")
    GROUPS = "groups", _("Members of groups")
    SEVERAL = "several", _("Several")  # who belongs to at least one of: staff, groups, people, filters


AIM = frozenset({"audience", "with_staff", "excludes_staff", "late_joiners"})  # the columns that decide it


class Aimed(models.Model):
    """The columns of a broadcast that decide who sees it: a union of parts, without a union of others. People on lists
    are rows of `BroadcastMember`."""

    audience = models.CharField(_("audience"), max_length=8, choices=Audience.choices, default=Audience.EVERYONE)
    groups = models.ManyToManyField(Group, blank=True, related_name="+", verbose_name=_("groups"))
    with_staff = models.BooleanField(_("staff"), default=False)  # as a part of “several”
    # As a part of “several”, too: they find people when it is published, who are rows of `BroadcastMember` then.
    filters = models.ManyToManyField(
        "inbox.AudienceFilter", blank=True, related_name="+", verbose_name=_("people of saved filters")
    )
    excludes_staff = models.BooleanField(_("staff"), default=False)
    excluded_groups = models.ManyToManyField(
        Group, through="inbox.ExcludedGroup", blank=True, related_name="+", verbose_name=_("groups")
    )
    # They find people at the same time, who are left out then.
    excluded_filters = models.ManyToManyField(
        "inbox.AudienceFilter", blank=True, related_name="+", verbose_name=_("people of saved filters")
    )
    for_visitors = models.BooleanField(_("banner for signed-out visitors, too"), default=False)
    late_joiners = models.BooleanField(_("People who register later see it, too"), default=False)
    # The clock and the time of the first publication, which nothing moves. See `births`.
    first_clock = models.BigIntegerField(_("first clock"), null=True, blank=True, editable=False)
    first_published_at = models.DateTimeField(_("first published at"), null=True, blank=True, editable=False)

    class Meta:
        abstract = True
