"""No text makes rendering slow: every pattern costs a small multiple of as much plain text.

Patterns of CommonMark's own `pathological_tests.py`, and whatever hypothesis makes of the characters with a meaning.
"""

import time
from functools import cache
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it.rules_inline import StateInline

from inbox.rendering import markdown, markup

from .examples import examples

pytestmark = [pytest.mark.anywhere, pytest.mark.any_django]

LENGTH = 10_000  # of a broadcast's text, at most
TIMES = 8  # what costs most without being quadratic (emphasis in each second character) costs three to five times

PATTERNS = {
    "images": "![",
    "brackets": "[",
    "closing brackets": "]",
    "image links": "![](",
    "images in links": "![[]()",
    "labels": "[a][b",
    "nested labels": "[[a]",
    "links without an end": "[a](b",
    "links in angles": "[a](<b",
    "links with titles": '[a]("',
    "links": "[a](b) ",
    "deep parentheses": "[x](((",
    "reference links": "[a]: b\n",
    "stars": "*",
    "underscores": "_",
    "both": "*_",
    "openers": "*a _b ",
    "strong": "**a *b ",
    "closers": "a** b_ ",
    "inside words": "a**b",
    "backticks": "`",
    "code spans": "a`b``c",
    "fences": "```\n",
    "angles": "<",
    "mail": "<a@b",
    "addresses": "<http://a ",
    "comments": "<!--",
    "instructions": "<?",
    "tags": "<a ",
    "quotes": "> ",
    "quotes without spaces": ">",
    "lists": "- ",
    "numbers": "1. ",
    "rules": "***a",
    "headings": "# ",
    "underlined": "h\n=\n",
    "tables": "|a|\n|-|\n",
    "rows": "a|",
    "backslashes": "\\",
    "entities": "&#1;",
    "half entities": "&",
    "tabs": "\t",
    "lines": "a\n",
    "tildes": "~~a~",
    "bare links": "http://a.b ",
    "half links": "http://",
    "addresses of mail": "a@b.cc ",
    "at signs": "a@",
    "times": "{{time 2026-12-01T02:00 Europe/Berlin}}",
    "half times": "{{time ",
    "braces": "{",
    "definitions": "[a]: b\n[a]",
}
SHAPES = {
    "nested brackets": "[" * 4999 + "a" + "]" * 4999,
    "nested emphasis": "*a **b " * 700 + "b** a* " * 700,
    "backticks of every length": "".join("`" * n + " " for n in range(1, 139)),
    "lists in lists": "".join("  " * n + "- a\n" for n in range(98)),
    "quotes in lists": "".join(" " * n + "> " * 20 + "a\n" for n in range(85)),
    "lines of quotes": ("> " * 100 + "a\n") * 49,
    "a wide table": "a|" * 2000 + "\n" + "-|" * 2000,
    "a table of empty rows": "a|a|a|a\n-|-|-|-\n" + "|\n" * 4900,
    "one reference, used": "[a]: " + "x" * 5000 + "\n" + "[a]" * 1600,
    "many references": "[a]: b\n" * 700 + "[a]" * 1600,
    "images in images": "![a" * 3000,
}


class Rendering(NamedTuple):
    seconds: float  # of CPU
    length: int


def render(text: str) -> Rendering:
    markup.cache_clear()
    start = time.thread_time()
    html = markup.safe_html(text[:LENGTH])
    return Rendering(time.thread_time() - start, len(html))


rendered = cache(render)  # the first time


def is_cheap(text: str, plain: float) -> bool:
    """At the first time or, as others may work on this machine, at the second."""
    return any(rendering(text).seconds < TIMES * plain for rendering in (rendered, render))


@pytest.fixture(scope="module")
def plain() -> float:
    return min(render("a\n" * (LENGTH // 2)).seconds for _ in range(2))


TEXTS = {name: (piece * LENGTH)[:LENGTH] for name, piece in PATTERNS.items()} | SHAPES


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_pathological_text_costs_little_more_than_a_plain_one(plain: float, text: str) -> None:
    assert is_cheap(text, plain)


@given(st.text("![]()*_`<>&\\|#-=\"'~ \na1.:", min_size=1, max_size=12), st.text("![]()*_`<> \na", max_size=6))
@examples(15)
def test_so_does_any_repetition(plain: float, piece: str, end: str) -> None:
    text = piece * (LENGTH // len(piece) // 2)
    assert is_cheap(text + end * (LENGTH // max(1, len(end)) // 2), plain)


def test_few_labels_without_an_end_are_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each search goes on to the end of the paragraph: without a limit, they take twenty times as long as with it."""
    searched: list[int] = []
    search = markdown.helpers.parseLinkLabel

    def counted(state: StateInline, start: int, disable_nested: bool = False) -> int:
        searched.append(start)
        return search(state, start, disable_nested)

    monkeypatch.setattr(markdown.helpers, "parseLinkLabel", counted)
    markup.cache_clear()
    assert markup.plain_text("[" * LENGTH) == "[" * LENGTH
    assert 0 < len(searched) < LENGTH / 50


def test_the_answer_is_not_much_longer_than_the_text() -> None:
    for text in TEXTS.values():
        assert rendered(text).length < 10 * LENGTH


def test_links_are_still_links() -> None:
    assert '<a href="https://example.org"' in markup.safe_html("see [this [or] that](https://example.org)")
    many = markup.safe_html("[a](/b) [ ] " * 800)
    assert many.count("<a ") == 800
