from django import forms
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from inbox import services as inbox

from .models import COMMENT_MAX, POST_MAX

NOTE_MAX = 200
PEOPLE_MAX = 50


class OnceForm(forms.Form):
    """A form that creates something: what it creates, it creates once (`inbox.services.claim_form`)."""

    form_key = forms.CharField(
        required=False, widget=forms.HiddenInput(attrs={"id": False}), initial=inbox.new_form_key
    )


class PostForm(OnceForm):
    text = forms.CharField(
        label=_("New post"),
        max_length=POST_MAX,
        widget=forms.Textarea(
            attrs={"rows": 3, "dir": "auto", "placeholder": _("What’s new? Mention people with @name.")}
        ),
    )


class CommentForm(OnceForm):
    text = forms.CharField(
        label=_("Your comment"),
        max_length=COMMENT_MAX,
        widget=forms.Textarea(
            attrs={"rows": 2, "dir": "auto", "placeholder": _("Write a comment… Mention people with @name.")}
        ),
    )


class ShareForm(OnceForm):
    """Who a post goes to, and a note; `others` are the people to choose from."""

    people = forms.ModelMultipleChoiceField(
        label=_("Share with"),
        queryset=User.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one person.")},
    )
    note = forms.CharField(
        label=_("Note (optional)"),
        max_length=NOTE_MAX,
        required=False,
        widget=forms.TextInput(attrs={"dir": "auto", "placeholder": _("Why they should see it")}),
    )

    def __init__(self, *args: object, others: QuerySet[User], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["people"].queryset = others  # type: ignore[attr-defined]

    def clean_people(self) -> QuerySet[User]:
        people: QuerySet[User] = self.cleaned_data["people"]
        if len(people) > PEOPLE_MAX:
            raise forms.ValidationError(_("Choose at most %(limit)s people."), params={"limit": PEOPLE_MAX})
        return people
