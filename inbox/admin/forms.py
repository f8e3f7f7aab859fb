"""Forms of the admin. Values that can't be shown, or would never be shown, are errors of their field."""

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib.admin.widgets import AdminSplitDateTime
from django.db.models import DateTimeField
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from .. import services
from ..core.users import SiteUser
from ..models import Broadcast, Scope, ServiceToken

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


class BroadcastForm(ModelForm):
    """Title, text, audience and dates of a broadcast. It can't change the state."""

    class Meta:
        model = Broadcast
        fields = ("title", "body", "level", "url", "audience", "groups", "publish_at", "expires_at")
        help_texts: ClassVar[dict[str, str]] = {"body": ""}  # the editor has a help of its own

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        values = {"publish_at": self.instance.publish_at, **data}  # for a live broadcast the form lacks this field
        for field, sentence in services.check_broadcast(values, self.changed_data, self.instance.state).items():
            self.add_error(field, sentence)
        return data


class ServiceTokenForm(ModelForm):
    """Superusers can grant any scope to any owner. Others can grant what they are allowed to do, to themselves."""

    granting_user: ClassVar[SiteUser]  # the user of the request; the admin derives a class for each request
    scopes = forms.MultipleChoiceField(label=_("Scopes"), choices=Scope.choices, widget=forms.CheckboxSelectMultiple)

    class Meta:
        model = ServiceToken
        fields = ("name", "owner", "scopes", "expires_at")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is None and not self.granting_user.is_superuser:  # an existing token is read-only
            allowed = services.grantable_scopes(self.granting_user)
            self.fields["scopes"].choices = [pair for pair in Scope.choices if pair[0] in allowed]  # type: ignore[attr-defined]
            self.fields["owner"].disabled = True
            self.initial["owner"] = self.granting_user.pk
