"""Forms of the admin. Values that can't be shown, or would never be shown, are errors of their field."""

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib.admin.widgets import AdminSplitDateTime
from django.db.models import DateTimeField
from django.utils.text import format_lazy
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from .. import services
from ..core.users import SiteUser
from ..core.validators import validate_says_something
from ..models import Broadcast, Scope, ServiceToken
from ..rendering.languages import languages, supported
from ..services.broadcasts.copies import PLACES
from . import buttons
from .aim import SETS, AimForm, AudienceSelect

if TYPE_CHECKING:
    ModelForm = forms.ModelForm[Any]
else:
    ModelForm = forms.ModelForm


class LabelledTimes(forms.SplitDateTimeField):
    """Django's two inputs for date and time, each with an accessible name, because the label belongs to neither."""

    widget = AdminSplitDateTime

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for widget, part in zip(self.widget.widgets, (_("Date"), _("Time")), strict=True):
            widget.attrs["aria-label"] = format_lazy("{}: {}", self.label, part)


LABELLED_TIMES: dict[Any, Any] = {DateTimeField: {"form_class": LabelledTimes, "widget": AdminSplitDateTime}}


def title_field(language: str) -> str:
    return f"title_{language.replace('-', '_')}"


def body_field(language: str) -> str:
    return f"body_{language.replace('-', '_')}"


def translation_fields() -> dict[str, forms.Field]:
    """The fields of a broadcast form for title and text in each language of the site, and for buttons."""
    fields: dict[str, forms.Field] = {}
    for code, name in languages().items():
        title = Broadcast._meta.get_field("title").formfield(required=False)
        body = Broadcast._meta.get_field("body").formfield(required=False, help_text="")
        assert title is not None
        assert body is not None
        title.validators.append(validate_says_something)
        title.label, body.label = f"{title.label} ({name})", f"{body.label} ({name})"
        title.widget.attrs |= {"lang": code, "class": "vTextField"}
        body.widget.attrs |= {"lang": code, "class": "vLargeTextField"}
        fields |= {title_field(code): title, body_field(code): body}
    return fields | buttons.fields(languages())


class BroadcastForm(AimForm):
    """Text, buttons, places, audience and dates of a broadcast. It can't change the state."""

    show_again = forms.BooleanField(
        label=_("Show again"),
        required=False,
        help_text=_(
            "New to everybody, also to those who have read, dismissed or confirmed it. Without this, nothing changes "
            "for them."
        ),
    )

    class Meta:
        model = Broadcast
        fields = (
            *("title", "body", "language", "level", "url", *PLACES, "for_visitors"),
            *(
                "audience",
                "with_staff",
                "groups",
                "filters",
                "excludes_staff",
                "excluded_filters",
                "late_joiners",
                "publish_at",
                "expires_at",
            ),
        )
        widgets: ClassVar[dict[str, Any]] = {"audience": AudienceSelect}
        help_texts: ClassVar[dict[str, Any]] = {
            "body": "",  # the editor has a help of its own
            "with_staff": _("Beside groups and people."),
            "filters": _("Those whom they find when it is published. Who fits later is not added."),
            "excluded_filters": _("Those whom they find when it is published. Who fits later is not left out."),
            "late_joiners": _(
                "Otherwise, those who register after it is first published don't see it. Who joins a group does."
            ),
            "in_inbox": _("An item of the list, counted by the bell."),
            "as_banner": _("On top of every page until the reader closes it. It stays in the inbox."),
            "as_dialog": _("It stays until the reader confirms it. To read it in the inbox does not confirm it."),
            "for_visitors": _(
                "Who is not signed in sees the banner, too. Only with the audience “Everyone”, and nobody left out."
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["language"] = forms.ChoiceField(
            label=_("Language"), choices=[("", _("not said")), *settings.LANGUAGES], required=False
        )
        self.initial.setdefault("language", "")
        if self.instance.pk is None:
            self.initial["language"] = supported(get_language()) or ""
        elif self.instance.language not in {"", *languages()}:  # the site had it once
            self.fields["language"].choices += [(self.instance.language, self.instance.language)]  # type: ignore[attr-defined]
        for code in languages():
            if text := self.instance.other_texts.get(code):
                self.initial[title_field(code)], self.initial[body_field(code)] = text.title, text.body
        self.initial.update(buttons.initial(self.instance.valid_buttons))

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        self._clean_translations(data)
        self._clean_buttons(data)
        self.instance.shows_again = data.get("show_again", False)
        values = {"publish_at": self.instance.publish_at, **data}  # for a live broadcast the form lacks this field
        values |= {SETS[name]: data[name] for name in SETS if name in data}
        errors = services.check_broadcast(values, self.changed_data, self.instance.state, **self._lists())
        for field, sentence in errors.items():
            self.add_error(field, sentence)
        return data

    def _lists(self) -> dict[str, bool]:
        if self.instance.pk is None:
            return {}
        return {
            "has_list": services.has_list(self.instance),
            "leaves_out_list": services.leaves_out_list(self.instance),
        }

    def _clean_translations(self, data: dict[str, Any]) -> None:
        """Gather the fields of all languages in the column; languages that the site has lost stay in it."""
        kept = {
            code: {"title": text.title, "body": text.body}
            for code, text in self.instance.other_texts.items()
            if code not in languages()
        }
        for code in languages():
            title, body = data.get(title_field(code), ""), data.get(body_field(code), "")
            if body and not title and title_field(code) not in self.errors:
                self.add_error(title_field(code), _("A text in another language needs a title, too."))
            elif title and code == data.get("language"):
                self.add_error(title_field(code), _("This is the language of the text above."))
            elif title:
                kept[code] = {"title": title, "body": body}
        self.instance.translations = kept

    def _clean_buttons(self, data: dict[str, Any]) -> None:
        for field, sentence in buttons.errors(data, languages()).items():
            self.add_error(field, sentence)
        self.instance.buttons = buttons.chosen(data, languages(), self.instance.valid_buttons)


class ServiceTokenForm(ModelForm):
    """Superusers can grant any scope to any owner, for any service. Others can grant what they are allowed to do, to
    themselves, and for some services (`services.open_services`)."""

    granting_user: ClassVar[SiteUser]  # the user of the request; the admin derives a class for each request
    scopes = forms.MultipleChoiceField(label=_("Scopes"), choices=Scope.choices, widget=forms.CheckboxSelectMultiple)

    class Meta:
        model = ServiceToken
        fields = ("name", "service", "owner", "scopes", "expires_at")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is None and not self.granting_user.is_superuser:  # an existing token is read-only
            allowed = services.grantable_scopes(self.granting_user)
            self.fields["scopes"].choices = [pair for pair in Scope.choices if pair[0] in allowed]  # type: ignore[attr-defined]
            self.fields["service"].queryset = services.open_services(self.granting_user)  # type: ignore[attr-defined]
            self.fields["owner"].disabled = True
            self.initial["owner"] = self.granting_user.pk
