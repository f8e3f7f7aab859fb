"""The event types that ship with the inbox. Each is a table. A site adds its own types in the same way."""

from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from ..core.validators import validate_says_something
from .message import Level, Message


class ShareMessage(Message):
    title_format = _("{actor} shared “{resource_title}” with you")
    title_format_of_several = pgettext_lazy("several people", "{actor} shared “{resource_title}” with you")
    body_format = "{note}"
    resource_title = models.CharField(_("resource"), max_length=200)
    note = models.CharField(_("note"), max_length=500, blank=True)

    class Meta(Message.Meta):
        verbose_name = _("share")
        verbose_name_plural = _("shares")


class FollowMessage(Message):
    title_format = _("{actor} followed you")
    title_format_of_several = pgettext_lazy("several people", "{actor} followed you")

    class Meta(Message.Meta):
        verbose_name = _("follow")
        verbose_name_plural = _("follows")


class CommentMessage(Message):
    title_format = _("{actor} commented on “{target_title}”")
    title_format_of_several = pgettext_lazy("several people", "{actor} commented on “{target_title}”")
    body_format = "{excerpt}"
    target_title = models.CharField(_("target"), max_length=200)
    excerpt = models.CharField(_("excerpt"), max_length=500, blank=True)

    class Meta(Message.Meta):
        verbose_name = _("comment")
        verbose_name_plural = _("comments")


class MentionMessage(Message):
    breaks_silence = True
    title_format = _("{actor} mentioned you in “{target_title}”")
    title_format_of_several = pgettext_lazy("several people", "{actor} mentioned you in “{target_title}”")
    body_format = "{excerpt}"
    target_title = models.CharField(_("target"), max_length=200)
    excerpt = models.CharField(_("excerpt"), max_length=500, blank=True)

    class Meta(Message.Meta):
        verbose_name = _("mention")
        verbose_name_plural = _("mentions")


class LikeMessage(Message):
    title_format = _("{actor} liked “{target_title}”")
    title_format_of_several = pgettext_lazy("several people", "{actor} liked “{target_title}”")
    target_title = models.CharField(_("target"), max_length=200)

    class Meta(Message.Meta):
        verbose_name = _("like")
        verbose_name_plural = _("likes")


class SystemMessage(Message):
    body_format = "{body}"
    title = models.CharField(_("title"), max_length=200, validators=[validate_says_something])
    body = models.TextField(_("body"), max_length=10_000, blank=True, validators=[MaxLengthValidator(10_000)])
    level = models.CharField(_("level"), max_length=8, choices=Level.choices, default=Level.INFO)

    class Meta(Message.Meta):
        verbose_name = _("system message")
        verbose_name_plural = _("system messages")
        constraints = [
            *Message.Meta.constraints,
            models.CheckConstraint(condition=Q(level__in=Level.values), name="inbox_systemmessage_known_level"),
        ]
