"""The words that a person sees in a page, or hears from a screen reader."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
NOT_WORDS = {"script", "style", "template", "code", "kbd"}
SPOKEN = ("alt", "aria-label", "aria-description", "placeholder", "title", "label")
BUTTONS = {"submit", "button", "reset"}

LATIN = re.compile(r"[A-Za-z]{2,}")
CHINESE = re.compile(r"[\u3400-\u9fff]")
NAMES = re.compile(
    r"\b(admin|Red Dot|kB|ms|CSV|English|Deutsch|Markdown|MQTT|WebSocket|ID|[a-z]+-\d+)\b"
)  # comment-1 is a ref
# Of others: nobody has translated these texts of Django and of apps that we use.
OTHERS = re.compile(
    "Axes |Django_Eventstream |Add link$|Change or view list link$|Model name$|Search$|True$|False$"
    "|After you’ve created a user, you’ll be able to edit more user options."
)


class Page(HTMLParser):
    """`texts` and `links` of a page. Elements in a language of their own (`lang`), and names that have no
    translation (`translate="no"`), are left out of the texts."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.texts, self.links = list[str](), list[str]()
        self._open = [("", False)]  # elements, and whether their texts are left out
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        is_foreign = (tag != "html" and "lang" in values) or values.get("translate") == "no"
        is_out = self._open[-1][1] or tag in NOT_WORDS or is_foreign
        if not is_out:
            self.texts += [values[name] for name in SPOKEN if name in values]
            self.texts += [values.get("value", "")] if tag == "input" and values.get("type") in BUTTONS else []
        if tag == "a":
            self.links.append(values.get("href", ""))
        if tag not in VOID:
            self._open.append((tag, is_out))

    def handle_endtag(self, tag: str) -> None:
        if any(tag == name for name, _is_out in self._open):
            while self._open.pop()[0] != tag:
                pass

    def handle_data(self, data: str) -> None:
        if not self._open[-1][1]:
            self.texts.append(data)


def english(texts: list[str]) -> Iterator[str]:
    """Those of a Chinese page that nobody translated: Latin letters with nothing Chinese beside them."""
    for text in (" ".join(each.split()) for each in texts):
        if LATIN.search(NAMES.sub("", text)) and not CHINESE.search(text) and not OTHERS.match(text):
            yield text
