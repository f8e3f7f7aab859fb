"""The live preview of an announcement that is being written: the items that readers of each language would get.

A frame shows them with the scripts and styles of the readers' own pages.
"""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.i18n import JavaScriptCatalog

from .. import services
from ..core.users import SiteUser
from ..core.validators import MAX_BODY, MAX_TITLE
from ..models import SHOWN, Broadcast, Level
from ..rendering import preview_scripts
from ..rendering.languages import languages, supported
from ..rendering.markup import rendered
from ..selectors.items import from_broadcast
from . import buttons
from .forms import body_field, title_field

KINDS = {"in_inbox": "inbox", "as_banner": "banner", "as_dialog": "dialog"}  # field -> as the scripts call the place


def frame(request: HttpRequest, language: str) -> HttpResponse:
    """The page in the frame, in the language of the readers. It is filled by a message from the form."""
    context = {"scripts": preview_scripts.scripts, "styles": preview_scripts.styles, "language": language}
    with override(supported(language) or settings.LANGUAGE_CODE):
        return render(request, "inbox/admin/preview.html", context)


def catalog(request: HttpRequest, language: str) -> HttpResponseBase:
    """The translations for scripts, in the language of the readers instead of the author's."""
    with override(supported(language) or settings.LANGUAGE_CODE):
        return JavaScriptCatalog.as_view()(request)


def described(posted: Mapping[str, str]) -> dict[str, Any]:
    """For the fields of a posted form: the items by language, headings by place, and sentences about what readers do
    not see by field."""
    broadcast = _broadcast(posted)
    bodies = {"body": posted.get("body", "")} | {
        body_field(code): posted.get(body_field(code), "") for code in languages()
    }
    return {
        "shown": {code: _shown(broadcast, code) for code in languages()},
        "headings": _headings(),
        "left_out": {field: _left_out(body) for field, body in bodies.items()},
    }


def try_out(author: SiteUser, posted: Mapping[str, str]) -> None:
    """Show the posted form to its author alone. Raises BadValue."""
    broadcast = _broadcast(posted)
    shown = {name: getattr(broadcast, name) for name in SHOWN}
    services.try_out(author, shown | {"buttons": broadcast.valid_buttons})


def _headings() -> dict[str, str]:
    return {
        "banner": _("On top of every page"),
        "dialog": _("In a dialog"),
        "toast": _("As a toast"),
        "bell": _("In the bell"),
        "inbox": _("In the inbox"),
    }


def _broadcast(posted: Mapping[str, str]) -> Broadcast:
    """Unsaved. Values that can't be shown are left out: the form says what is wrong with them when it is saved."""
    level = posted.get("level", "")
    return Broadcast(
        pk=0,
        title=posted.get("title", "")[:MAX_TITLE],
        body=posted.get("body", "")[:MAX_BODY],
        language=supported(posted.get("language")) or "",
        level=level if level in Level.values else Level.INFO,
        url=posted.get("url", "").strip(),
        **{name: name in posted for name in KINDS},
        buttons=buttons.chosen(posted, languages(), []),
        translations={
            code: {"title": title[:MAX_TITLE], "body": posted.get(body_field(code), "")[:MAX_BODY]}
            for code in languages()
            if (title := posted.get(title_field(code), ""))
        },
    )


def _shown(broadcast: Broadcast, language: str) -> dict[str, Any]:
    with override(language):
        item = from_broadcast(broadcast)
    is_original = item.lang != language and bool(broadcast.other_texts or broadcast.language)
    note = _("There is no text in this language. Its readers see this one.") if is_original else ""
    kinds = [kind for name, kind in KINDS.items() if getattr(broadcast, name)]
    return {"item": item.as_dict() | {"kinds": kinds}, "toast": item.as_toast(), "note": note}


def _left_out(body: str) -> list[str]:
    return [_("The text is too long.")] if len(body) > MAX_BODY else list(rendered(body).left_out)
