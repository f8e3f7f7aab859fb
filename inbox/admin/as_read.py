"""What readers of each language see of an announcement, for those who look at it and can't edit it: approvers, say."""

from typing import Any

from django.template.loader import render_to_string
from django.utils.translation import get_language, override

from ..models import Broadcast
from ..rendering.languages import languages, supported
from ..rendering.markup import safe_html
from ..rendering.texts import Text


def texts_as_read(broadcast: Broadcast) -> str:
    texts = (Text(broadcast.language, broadcast.title, broadcast.body), *broadcast.other_texts.values())
    return render_to_string("inbox/admin/as_read.html", {"texts": [_shown(broadcast, text) for text in texts]})


def _shown(broadcast: Broadcast, text: Text) -> dict[str, Any]:
    with override(supported(text.language) or get_language()):  # moments within the text are in words of its language
        html = safe_html(text.body)
    return {
        "language": text.language,
        "name": languages().get(text.language, text.language),
        "title": text.title,
        "html": html,
        "buttons": broadcast.buttons_in(text.language),
    }
