"""The page on which an author uploads a list of people for an announcement, or of people who are left out."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from .. import services
from ..models import Audience, Broadcast, BroadcastMember, Source
from ..rendering.wording import shortened
from ..services import Upload

MOST_BYTES, TOLD = 8 * 1024 * 1024, 20  # of a file; unknown names in the report


class UploadForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy(
            "User names, ids or e-mail addresses, one a line, or in the first column of a CSV file. They are added to "
            "the list as it is."
        ),
    )
    is_excluded = forms.ChoiceField(
        label=gettext_lazy("These people"),
        choices=[("", gettext_lazy("are in the audience")), ("1", gettext_lazy("are left out"))],
        required=False,
        widget=forms.RadioSelect,
        initial="",
    )

    def clean_file(self) -> str:
        """The text in it."""
        given = self.cleaned_data["file"]
        if given.size > MOST_BYTES:
            raise ValidationError(_("The file is too large: at most %d MB.") % (MOST_BYTES // 1024**2))
        try:
            return str(given.read().decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            raise ValidationError(_("This is not a text in UTF-8.")) from error


def page(request: HttpRequest, broadcast: Broadcast, form: UploadForm, site: AdminSite) -> HttpResponse:
    rows = BroadcastMember.objects.filter(broadcast=broadcast.pk, source=Source.LIST)
    lists = [(_("In the audience"), "", False), (_("Left out"), "1", True)]
    context: dict[str, Any] = {
        "title": _("Uploaded lists"),
        "subtitle": str(broadcast),
        "opts": Broadcast._meta,
        "broadcast": broadcast,
        "form": form,
        "lists": [(label, value, rows.filter(is_excluded=left_out).count()) for label, value, left_out in lists],
    }
    return TemplateResponse(request, "inbox/admin/upload.html", site.each_context(request) | context)


def add(request: HttpRequest, broadcast: Broadcast, form: UploadForm, check: Callable[[Broadcast], None]) -> None:
    """Raises what `services.upload_list` raises."""
    is_excluded = bool(form.cleaned_data["is_excluded"])
    found = services.upload_list(broadcast, form.cleaned_data["file"], is_excluded=is_excluded, check=check)
    for level, sentence in _report(found):
        messages.add_message(request, level, sentence)
    if not is_excluded and broadcast.audience != Audience.SEVERAL:
        sentence = _("The list counts with the audience “%s” only.") % Audience.SEVERAL.label
        messages.warning(request, sentence)


def _report(found: Upload) -> list[tuple[int, str]]:
    people = ngettext("%(found)s person is on the list, %(added)s of them new.",
                      "%(found)s people are on the list, %(added)s of them new.", found.found)  # fmt: skip
    told = [(messages.SUCCESS, people % {"found": _number(found.found), "added": _number(found.added)})]
    if found.doubled:
        again = ngettext("%s line names somebody again.", "%s lines name somebody again.", found.doubled)
        told.append((messages.INFO, again % _number(found.doubled)))
    if found.unknown:
        names = ", ".join(shortened(name, 100) for name in found.unknown[:TOLD])
        more = ", …" if len(found.unknown) > TOLD else ""
        nobody = ngettext("%(count)s line names nobody: %(names)s", "%(count)s lines name nobody: %(names)s",
                          len(found.unknown))  # fmt: skip
        told.append((messages.WARNING, nobody % {"count": _number(len(found.unknown)), "names": names + more}))
    return told


def _number(number: int) -> str:
    return number_format(number, use_l10n=True, force_grouping=True)
