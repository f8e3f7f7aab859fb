"""The page on which an author uploads a list of people for an announcement, or of people who are left out."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib.admin import AdminSite
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from ... import services
from ...errors import BadValue
from ...models import Audience, Broadcast, BroadcastMember, Source
from ...rendering.spreadsheets import neutralised
from ...rendering.wording import shortened
from ...services import Upload

MOST_BYTES, TOLD = 8 * 1024 * 1024, 20  # of a file; names in a sentence of the report


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
            return services.text_of_file(given.read())
        except BadValue as error:
            raise ValidationError(error.detail) from error


@dataclass(frozen=True, slots=True)
class Report:
    """`sentences`: each with its level, a class of Django's list of messages. `unknown`: all lines that
    name nobody, neutralised for spreadsheets."""

    sentences: list[tuple[str, str]]
    unknown: str


def page(
    request: HttpRequest, broadcast: Broadcast, form: UploadForm, report: Report | None, site: AdminSite
) -> HttpResponse:
    rows = BroadcastMember.objects.filter(broadcast=broadcast.pk, source=Source.LIST)
    lists = [(_("In the audience"), "", False), (_("Left out"), "1", True)]
    context: dict[str, Any] = {
        "title": _("Uploaded lists"),
        "subtitle": str(broadcast),
        "opts": Broadcast._meta,
        "broadcast": broadcast,
        "form": form,
        "report": report,
        "lists": [(label, value, rows.filter(is_excluded=left_out).count()) for label, value, left_out in lists],
    }
    return TemplateResponse(request, "inbox/admin/upload.html", site.each_context(request) | context)


def add(broadcast: Broadcast, form: UploadForm, check: Callable[[Broadcast], None]) -> Report:
    """Raises what `services.upload_list` raises."""
    is_excluded = bool(form.cleaned_data["is_excluded"])
    found = services.upload_list(broadcast, form.cleaned_data["file"], is_excluded=is_excluded, check=check)
    return report_of(found, broadcast, is_excluded)


def report_of(found: Upload, broadcast: Broadcast, is_excluded: bool) -> Report:
    told = [("success", _on_the_list(found)), *_notes(found)]
    if not is_excluded and broadcast.audience != Audience.SEVERAL:
        told.append(("warning", _("The list counts with the audience “%s” only.") % Audience.SEVERAL.label))
    return Report(told, "\n".join(map(neutralised, found.unknown)))


def _on_the_list(found: Upload) -> str:
    people = ngettext("%(found)s person is on the list, %(added)s of them new.",
                      "%(found)s people are on the list, %(added)s of them new.", found.found)  # fmt: skip
    return people % {"found": number(found.found), "added": number(found.added)}


def _notes(found: Upload) -> Iterator[tuple[str, str]]:
    if found.doubled:
        again = ngettext("%s line names somebody again.", "%s lines name somebody again.", found.doubled)
        yield "info", again % number(found.doubled)
    if found.heading:
        yield "info", _("The first line looks like a heading, and was skipped: %s") % shortened(found.heading, 100)
    if found.ambiguous:
        several = ngettext("%(count)s name belongs to several people, who are all on the list: %(names)s",
                           "%(count)s names belong to several people, who are all on the list: %(names)s",
                           len(found.ambiguous))  # fmt: skip
        yield "warning", several % _counted(found.ambiguous)
    if found.unknown:
        nobody = ngettext("%(count)s line names nobody: %(names)s", "%(count)s lines name nobody: %(names)s",
                          len(found.unknown))  # fmt: skip
        yield "warning", nobody % _counted(found.unknown)


def _counted(names: list[str]) -> dict[str, str]:
    more = ", …" if len(names) > TOLD else ""
    return {"count": number(len(names)), "names": ", ".join(shortened(name, 100) for name in names[:TOLD]) + more}


def number(count: int) -> str:
    return number_format(count, use_l10n=True, force_grouping=True)
