"""Users' text inside a sentence of ours: if it runs from right to left, it must not change the order of the sentence.

By Unicode Standard Annex #9, an isolate (FSI … PDI) is laid out by itself. Embeddings, overrides and isolates that a
text opens are closed at its end. Controls that close something it has not opened are removed, so that the text can't
end its own isolate.
"""

import re

from django.conf import settings
from django.utils.translation import get_language

FSI, PDI, PDF = "\u2068", "\u2069", "\u202c"
_ISOLATES = frozenset("\u2066\u2067\u2068")  # LRI, RLI, FSI; closed by PDI
_EMBEDDINGS = frozenset("\u202a\u202b\u202d\u202e")  # LRE, RLE, LRO, RLO; closed by PDF
_CONTROL = re.compile("[\u202a-\u202e\u2066-\u2069]")
# A paragraph separator (bidi class B) ends every isolate.
_PARAGRAPH = re.compile("[^\n\r\x1c-\x1e\x85\u2029]+")
# Controls, marks (ALM, LRM, RLM), and the blocks of the scripts that run from right to left.
_TURNS = re.compile(
    "[\u0590-\u08ff\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufeff"
    "\U00010800-\U00010fff\U0001e800-\U0001efff]"
)


def is_rtl() -> bool:
    """Whether the active language is written from right to left. As `get_language_bidi` of Django, which looks the
    language up twice: that takes as long as all else that a title needs."""
    return (get_language() or "").partition("-")[0] in settings.LANGUAGES_BIDI


def isolated(text: str, within_rtl: bool | None = None) -> str:
    """The text, isolated for use inside another one. Text with the direction of its surroundings stays unchanged.
    `within_rtl`: whether these run from right to left; None: as the active language does, which takes time to look up.
    """
    if not _TURNS.search(text) and not (is_rtl() if within_rtl is None else within_rtl):
        return text
    return _PARAGRAPH.sub(lambda paragraph: f"{FSI}{_balanced(paragraph[0])}{PDI}", text)


def balanced(text: str) -> str:
    """The text, with every bidirectional control closed at the end of its paragraph."""
    if not _CONTROL.search(text):
        return text
    return _PARAGRAPH.sub(lambda paragraph: _balanced(paragraph[0]), text)


def _balanced(paragraph: str) -> str:
    closers: list[str] = []  # one for each open control
    kept = [_kept(character, closers) for character in paragraph]
    return "".join(kept) + "".join(reversed(closers))


def _kept(character: str, closers: list[str]) -> str:
    if character in _ISOLATES:
        closers.append(PDI)
    elif character in _EMBEDDINGS:
        closers.append(PDF)
    elif character == PDI:  # also closes the embeddings inside its isolate
        return _closed(closers) if PDI in closers else ""
    elif character == PDF:  # can't close a control outside its own isolate
        return closers.pop() if closers and closers[-1] == PDF else ""
    return character


def _closed(closers: list[str]) -> str:
    while closers.pop() != PDI:
        pass
    return PDI
