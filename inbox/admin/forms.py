"""What may be saved. What cannot be shown or would never be shown is a form error, said at the field."""

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib.admin.widgets import AdminSplitDateTime
from django.db.models import DateTimeField
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from .. import services
from ..models import Broadcast, Scope, ServiceToken

if TYPE_CHECKING:
    ModelForm = forms.ModelForm[Any]
else:
    ModelForm = forms.ModelForm


class LabelledTimes(forms.SplitDateTimeField):
    """Django's two inputs, each with a name of its own in its form: the label before them belongs to neither."""

    widget = AdminSplitDateTime

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for widget, part in zip(self.widget.widgets, (_("Date"), _("Time")), strict=True):
            widget.attrs["aria-label"] = format_lazy("{}: {}", self.label, part)


LABELLED_TIMES: dict[Any, Any] = {DateTimeField: {"form_class": LabelledTimes, "widget": AdminSplitDateTime}}


class BroadcastForm(ModelForm):
    """Title, text, audience and dates of a broadcast; its state changes by publishing and withdrawing only."""

    class Meta:
        model = Broadcast
        fields = ("title", "body", "level", "url", "audience", "groups", "publish_at", "expires_at")

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        values = {"publish_at": self.instance.publish_at, **data}  # of a live one it is not in the form
        for field, sentence in services.check_broadcast(values, self.changed_data, self.instance.state).items():
            self.add_error(field, sentence)
        return data


class ServiceTokenForm(ModelForm):
    """Nobody gives more than they have: superusers anything to anybody, others what they may do to themselves."""

    giver: ClassVar[Any]  # who fills it in: the admin derives a class for each request
    scopes = forms.MultipleChoiceField(label=_("Scopes"), choices=Scope.choices, widget=forms.CheckboxSelectMultiple)

    class Meta:
        model = ServiceToken
        fields = ("name", "owner", "scopes", "expires_at")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is None and not self.giver.is_superuser:  # one that exists is only looked at
            allowed = services.grantable_scopes(self.giver)
            self.fields["scopes"].choices = [pair for pair in Scope.choices if pair[0] in allowed]  # type: ignore[attr-defined]
            self.fields["owner"].disabled = True
            self.initial["owner"] = self.giver.pk
