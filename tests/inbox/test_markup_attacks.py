"""Announcements whose texts attack their readers: what is shown is harmless, and the author learns what is not."""

import re
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser
from urllib.parse import unquote

import nh3
import pytest
from django.test import override_settings
from django.utils import translation

from inbox.rendering import markup
from inbox.rendering.texts import valid_buttons
from tests.payloads import ADDRESSES, BODIES, TEXTS, packed

pytestmark = [pytest.mark.anywhere, pytest.mark.any_django]

# As browsers parse an address, without the blanks around it and the line ends within.
SAFE = {"href": r"https?://[^/\\].*|mailto:.+|(?![a-z][a-z0-9+.-]*:|[/\\]{2}).+", "src": r"/media/[^\\]*"}
OTHERS = {"title", "alt", "start", "datetime", "class", "rel", "loading", "referrerpolicy"}
WORD = re.compile(r"[^\W\d_]+")
MOMENT = re.compile(r"\{\{time 2026-12-01T02:00 Europe/Berlin\}\}")  # shown in the words of the reader's language


class Shown(HTMLParser):
    """The words of a document that readers can see, and what of its markup is dangerous."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.dangers: list[str] = []
        self.feed(html)
        self.close()

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            known = name in OTHERS or is_safe(name, value or "")
            self.dangers += [] if known else [f"<{tag} {name}={value!r}>"]
            self.texts += [value or ""] * (name in ("href", "src", "title", "alt"))

    def words(self) -> set[str]:
        return words(" ".join(self.texts))


def is_safe(name: str, address: str) -> bool:
    parsed = re.sub(r"[\t\n\r]", "", address.strip("".join(map(chr, range(33)))))
    return re.fullmatch(SAFE.get(name, r"(?!)"), parsed, re.IGNORECASE) is not None


def words(text: str) -> set[str]:
    return set(WORD.findall(unquote(text)))


@pytest.fixture(autouse=True)
def images() -> Iterator[None]:
    with override_settings(MEDIA_URL="/media/", INBOX_IMAGE_HOSTS=[]), translation.override("en"):
        yield


@pytest.mark.parametrize("texts", [BODIES, tuple(packed(BODIES, 9_000, "\n\n"))], ids=["one by one", "together"])
def test_nothing_dangerous_is_left(texts: tuple[str, ...]) -> None:
    """Nor would the browser make something else of it: parsed once more it stays as it is."""
    for text in texts:
        html = markup.safe_html(text)
        assert Shown(html).dangers == [], text
        assert not re.search(r"<(?!/?(?:p|h1|blockquote|pre|code|table|t[hdr]|thead|tbody|a|img|time|em)\b)", html), (
            text
        )
        assert nh3.clean(html, attributes={"*": {*OTHERS, *SAFE} - {"rel"}}, tags={*nh3.ALLOWED_TAGS, "time"}) == html


def test_the_sanitiser_alone_holds() -> None:
    """Should the parser ever let markup pass."""
    for text in (*TEXTS, " ".join(TEXTS)):
        html = markup.sanitised(text)
        assert Shown(html).dangers == [], text
        assert not re.search(r"<(script|style|svg|math|iframe|form|input|template|noscript)", html, re.IGNORECASE), text
        assert markup.sanitised(html) == html


def test_nothing_is_lost_without_a_word() -> None:
    """All words of the text are shown as text or in an address, or the author gets a sentence."""
    silent = []
    for text in BODIES:
        found = markup.rendered(text)
        written, shown = MOMENT.sub("", text), Shown(found.html).words()
        lost = [words(each) - shown for each in (written, unescape(written))]  # an entity may stay as it is written
        if all(lost) and not found.left_out:
            silent.append((text, lost))
    assert silent == []


def test_no_button_leads_to_a_dangerous_address() -> None:
    buttons = valid_buttons([{"url": address, "label": "x", "labels": {}} for address in ADDRESSES])
    assert [button["url"] for button in buttons if not is_safe("href", button["url"])] == []
