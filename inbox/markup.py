"""Broadcast text: Markdown in; sanitised HTML or plain text out."""

import functools
import html
import re

import nh3
from markdown_it import MarkdownIt

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
_markdown = MarkdownIt("js-default", {"html": False, "linkify": False})


@functools.lru_cache(maxsize=256)
def safe_html(text: str) -> str:
    """Render Markdown as HTML that holds nothing but text structure and links to the web or this site."""
    return nh3.clean(
        _markdown.render(text), tags=_TAGS, attributes={"a": {"href", "title"}}, url_schemes={"http", "https"}
    )


@functools.lru_cache(maxsize=256)
def plain_text(text: str) -> str:
    """The same text without markup, as one line per paragraph."""
    return html.unescape(_TAG.sub("", safe_html(text))).strip()
