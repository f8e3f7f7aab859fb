"""What may be saved. What cannot be shown or would never be shown is a form error, said at the field."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.admin.widgets import AdminSplitDateTime
from django.db.models import DateTimeField
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..models import Audience, Broadcast, Scope, ServiceToken, State

if TYPE_CHECKING:
    ModelForm = forms.ModelForm[Any]
else:
    ModelForm = forms.ModelForm


class LabelledDateTime(AdminSplitDateTime):
    """Django's two inputs, each with a name of its own: the label before them belongs to neither."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs)
        for widget, label in zip(self.widgets, (_("Date"), _("Time")), strict=True):
            widget.attrs["aria-label"] = label


LABELLED_TIMES: dict[Any, Any] = {DateTimeField: {"form_class": forms.SplitDateTimeField, "widget": LabelledDateTime}}


class BroadcastForm(ModelForm):
    """Title, text, audience and dates of a broadcast; its state changes by publishing and withdrawing only."""

    class Meta:
        model = Broadcast
        fields = ("title", "body", "level", "url", "audience", "groups", "publish_at", "expires_at")

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if data.get("audience") == Audience.GROUPS and not data.get("groups") and "groups" not in self.errors:
            self.add_error("groups", _("Choose at least one group: without any, this would reach nobody."))
        self._check_start(data)
        self._check_end(data)
        return data

    def _check_start(self, data: dict[str, Any]) -> None:
        scheduled = self.instance.state == State.SCHEDULED and "publish_at" in self.fields
        if scheduled and not data.get("publish_at") and "publish_at" not in self.errors:
            self.add_error("publish_at", _("This broadcast is scheduled: give it a time, or withdraw it first."))

    def _check_end(self, data: dict[str, Any]) -> None:
        end, start = data.get("expires_at"), data.get("publish_at", self.instance.publish_at)
        if end and start and end <= start:
            self.add_error("expires_at", _("This must be later than the time of publication."))
        elif end and "expires_at" in self.changed_data and end <= timezone.now():
            self.add_error("expires_at", _("This time has passed. To end a broadcast now, withdraw it."))


class ServiceTokenForm(ModelForm):
    scopes = forms.MultipleChoiceField(label=_("Scopes"), choices=Scope.choices, widget=forms.CheckboxSelectMultiple)

    class Meta:
        model = ServiceToken
        fields = ("name", "owner", "scopes", "expires_at")
