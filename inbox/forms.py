"""The form of the preferences page. It shows the types that are not muted, because that is easier to understand."""

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from . import selectors
from .models import event_types


class PreferencesForm(forms.Form):
    """A checked type is counted, an unchecked one is muted."""

    told = forms.MultipleChoiceField(
        label=_("Count these in my badge"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, data: QueryDict | None, user: Any) -> None:
        types, muted = event_types(), selectors.muted(user)
        super().__init__(data, initial={"told": [name for name in types if name not in muted]})
        told: Any = self.fields["told"]
        told.choices = [(name, capfirst(model._meta.verbose_name_plural)) for name, model in types.items()]

    def muted(self) -> list[str]:
        """The muted types. Call it on a valid form."""
        return [name for name in event_types() if name not in self.cleaned_data["told"]]
