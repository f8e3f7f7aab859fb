"""What readers see of a broadcast, or its author of one that is tried out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.validators import MaxLengthValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ...core.validators import (
    MAX_BODY,
    MAX_LINK,
    MAX_TITLE,
    validate_buttons,
    validate_language,
    validate_link,
    validate_text,
    validate_translations,
)
from ...rendering.markup import rendered, safe_html
from ...rendering.texts import Button, Text, buttons, chosen, others, valid_buttons
from ..mailbox import Mailbox, PrimaryQuerySet
from ..message import Level

TRIAL_LIFETIME = timedelta(minutes=5)


class Shown(models.Model):
    """The columns of a broadcast that its readers see. Of a published one, a change of them is a new revision."""

    title = models.CharField(_("title"), max_length=MAX_TITLE, validators=[validate_text])
    body = models.TextField(
        _("text"),
        max_length=MAX_BODY,  # only forms check it; models check validators
        blank=True,
        validators=[validate_text, MaxLengthValidator(MAX_BODY)],
        help_text=_("Markdown"),
    )
    # Of title and text; "" if unknown. Other languages: {"de": {"title": …, "body": …}}.
    language = models.CharField(_("language"), max_length=35, blank=True, default="", validators=[validate_language])
    translations = models.JSONField(_("translations"), blank=True, default=dict, validators=[validate_translations])
    level = models.CharField(_("level"), max_length=8, choices=Level.choices, default=Level.INFO)
    url = models.CharField(_("link"), max_length=MAX_LINK, blank=True, validators=[validate_link])
    # [{"url": …, "label": …, "labels": {"de": …}}]; the label is in `language`
    buttons = models.JSONField(_("buttons"), blank=True, default=list, validators=[validate_buttons])
    in_inbox = models.BooleanField(_("in the inbox"), default=True)
    as_banner = models.BooleanField(_("as a banner on every page"), default=False)
    as_dialog = models.BooleanField(_("as a dialog that must be confirmed"), default=False)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.title

    @property
    def body_html(self) -> str:
        """The text as sanitised HTML."""
        return safe_html(self.body)

    @property
    def left_out(self) -> tuple[str, ...]:
        """Sentences for the author about what readers of any language don't see."""
        return tuple(dict.fromkeys(sentence for text in self.texts for sentence in rendered(text).left_out))

    @property
    def texts(self) -> list[str]:
        """The Markdown in all languages."""
        return [self.body, *(text.body for text in self.other_texts.values())]

    @property
    def other_texts(self) -> dict[str, Text]:
        """The valid translations by language."""
        return others(self.translations)

    def text_in(self, language: str | None) -> Text:
        """What a reader of this language gets."""
        return chosen(Text(self.language, self.title, self.body), self.translations, language)

    @property
    def valid_buttons(self) -> list[dict[str, Any]]:
        return valid_buttons(self.buttons)

    def buttons_in(self, language: str | None) -> list[Button]:
        """The valid buttons, as a reader of this language gets them."""
        return buttons(self.language, self.buttons, language)


SHOWN = frozenset(field.name for field in Shown._meta.local_fields)


class BroadcastTrial(Shown):
    """What an author has tried out last: shown to the author alone for `TRIAL_LIFETIME`. One row per author.

    `seq` is the version of the mailbox at which it was tried out: a page that was opened later does not show it.
    """

    mailbox = models.OneToOneField(
        Mailbox, models.CASCADE, primary_key=True, related_name="+", verbose_name=_("mailbox")
    )
    seq = models.BigIntegerField(_("sequence number"))
    created_at = models.DateTimeField(_("created at"), default=timezone.now)

    objects = PrimaryQuerySet.as_manager()

    class Meta:
        verbose_name = _("preview of an announcement")
        verbose_name_plural = _("previews of announcements")
