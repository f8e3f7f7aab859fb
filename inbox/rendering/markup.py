"""Renders the Markdown of broadcasts as sanitised HTML or as plain text.

CommonMark without images, tables and reference links: broadcasts do not show these, and their rules take quadratic
time, or turn a small text into megabytes.
"""

import functools
import html
import re
from types import SimpleNamespace

import nh3
from markdown_it import MarkdownIt, helpers
from markdown_it.rules_inline import StateInline

_TAGS = {
    "p",
    "br",
    "strong",
    "em",
    "a",
    "ul",
    "ol",
    "li",
    "code",
    "pre",
    "blockquote",
    "h1",
    "h2",
    "h3",
    "h4",
    "hr",
}
_TAG = re.compile(r"<[^>]*>")
_SCANNED = "characters of labels"
MAX_SCANNED = 30_000  # characters: three times the longest text; labels that don't nest need less than its length


def _label_end(state: StateInline, start: int, disable_nested: bool = False) -> int:
    """The end of a link's label as markdown-it finds it, or -1.

    For each bracket that is never closed, markdown-it scans the rest of the paragraph. So after `MAX_SCANNED`
    characters, brackets count as text.
    """
    if state.env.get(_SCANNED, 0) > MAX_SCANNED:
        return -1
    end = helpers.parseLinkLabel(state, start, disable_nested)
    state.env[_SCANNED] = state.env.get(_SCANNED, 0) + (end if end >= 0 else state.posMax) - start
    return end


def _parser() -> MarkdownIt:
    parser = MarkdownIt("js-default", {"html": False, "linkify": False})
    parser.disable(["image", "table", "strikethrough", "reference"])
    parser.helpers = SimpleNamespace(  # type: ignore[assignment]
        parseLinkLabel=_label_end,
        parseLinkDestination=helpers.parseLinkDestination,
        parseLinkTitle=helpers.parseLinkTitle,
    )
    return parser


_markdown = _parser()


@functools.lru_cache(maxsize=256)
def safe_html(text: str) -> str:
    """Render Markdown as HTML that contains only text structure, and links to the web or this site."""
    return nh3.clean(
        _markdown.render(text), tags=_TAGS, attributes={"a": {"href", "title"}}, url_schemes={"http", "https"}
    )


@functools.lru_cache(maxsize=256)
def plain_text(text: str) -> str:
    """The same text without markup, as one line per paragraph."""
    return html.unescape(_TAG.sub("", safe_html(text))).strip()
