"""Announcements as sanitised HTML or as plain text, and what of their Markdown neither shows."""

import functools
import html
import re
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import nh3
from django.conf import settings
from django.utils.translation import get_language

from .. import conf
from . import markdown
from .images import is_allowed
from .left_out import is_linkable

_TAGS = {
    *("p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "ul", "ol", "li"),
    *("strong", "em", "s", "code", "a", "img", "time"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}
_ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "title", "loading", "referrerpolicy"},
    "ol": {"start"},
    "time": {"datetime"},
}
_ALIGNED = {"rd-left", "rd-center", "rd-right"}
_ALT = re.compile(r'<img [^>]*?alt="([^"]*)"[^>]*>')
_TAG = re.compile(r"<[^>]*>")
_MOMENT = re.compile(r'<time datetime="([^"]+)">([^<]*)</time>')


@dataclass(frozen=True, slots=True)
class Rendered:
    html: str  # text structure, links to the web, to mail addresses and within this site, and allowed images
    left_out: tuple[str, ...]  # sentences for the author


def rendered(text: str) -> Rendered:
    """In the active language, which `left_out` and the times in the text are in."""
    return _rendered(text, get_language() or "", str(settings.MEDIA_URL), conf.image_hosts())


def safe_html(text: str) -> str:
    return rendered(text).html


def plain_text(text: str) -> str:
    """The same text without markup, as one line per paragraph. Images are their descriptions."""
    return text_of(safe_html(text))


def text_of(rendered: str) -> str:
    """Our own HTML without markup."""
    return html.unescape(_TAG.sub("", _ALT.sub(r"\1", rendered))).strip()


def has_moments(rendered: str) -> bool:
    return _MOMENT.search(rendered) is not None


def in_zone(rendered: str, zone: ZoneInfo) -> str:
    """Our own HTML with its moments in this zone; what the author wrote becomes their tooltip. `data-local` tells the
    scripts that they are not to be shown in the zone of the browser."""

    def shown(found: re.Match[str]) -> str:
        local = markdown.shown_moment(datetime.fromisoformat(found[1]).astimezone(zone), zone.key)
        title = found[2].replace('"', "&quot;")
        return f'<time datetime="{found[1]}" data-local="" title="{title}">{html.escape(local)}</time>'

    return _MOMENT.sub(shown, rendered)


@functools.lru_cache(maxsize=256)
def _rendered(text: str, language: str, media: str, hosts: frozenset[str]) -> Rendered:
    parsed = markdown.parse(text)
    return Rendered(sanitised(markdown.render(parsed.tokens)), parsed.left_out)


def sanitised(html: str) -> str:
    """Only what the parser makes, even if it were to let something else pass."""
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        allowed_classes={"th": _ALIGNED, "td": _ALIGNED},
        url_schemes={"http", "https", "mailto"},
        attribute_filter=_value,
    )


def _value(tag: str, name: str, value: str) -> str | None:
    """None: the attribute is removed."""
    is_fit = {"src": is_allowed, "href": is_linkable}.get(name)
    return value if is_fit is None or is_fit(value) else None


cache_clear = _rendered.cache_clear
