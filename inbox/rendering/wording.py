"""What a message says: its type's format, filled from its columns; and how a text is cut."""

import string
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from .bidi import balanced, isolated

ELLIPSIS = "…"
MAX_SPEC_DIGITS = 3  # a width of nine digits would be a gigabyte of blanks
MAX_CLUSTER = 32  # code points; a longer one is cut like anything else


class Piece(NamedTuple):
    """Text, then the placeholder that follows it, if one does."""

    literal: str
    name: str | None
    spec: str
    conversion: str | None


def fill(form: str, words: Mapping[str, Any]) -> str:
    """The format with its placeholders filled, each value isolated from the text around it (`inbox.rendering.bidi`).

    As `str.format_map`, but a placeholder is the name of a word: no attribute and no item of it can be reached.
    Raises ValueError, TypeError or KeyError for what can't be filled.
    """
    pieces = parse(form)
    if len(pieces) == 1 and not pieces[0].literal and pieces[0].name is not None:
        return balanced(_value(pieces[0], words))  # it is the whole text: whoever shows it decides its direction
    return "".join(
        piece.literal if piece.name is None else piece.literal + isolated(_value(piece, words)) for piece in pieces
    )


@lru_cache(maxsize=1000)
def parse(form: str) -> tuple[Piece, ...]:
    """The pieces of a format. Raises ValueError with what is wrong with it."""
    pieces = []
    for literal, name, spec, conversion in string.Formatter().parse(form):
        if name is not None and not name.isidentifier():
            raise ValueError(f"“{{{name}}}” is not the name of a column")
        if spec and ("{" in spec or sum(map(str.isdigit, spec)) > MAX_SPEC_DIGITS):
            raise ValueError(f"“{spec}” is no format that is allowed")
        pieces.append(Piece(literal, name, spec or "", conversion))
    return tuple(pieces)


_FORMATTER = string.Formatter()


def _value(piece: Piece, words: Mapping[str, Any]) -> str:
    value = words[str(piece.name)]
    return format(_FORMATTER.convert_field(value, piece.conversion), piece.spec)


def shortened(text: str, most: int) -> str:
    """The text, cut to `most` characters (code points) with “…”, at the end of what a reader takes for a character."""
    if len(text) <= most:
        return text
    end = most - len(ELLIPSIS)
    while end > 0 and most - end <= MAX_CLUSTER and _joins(text, end):
        end -= 1
    return balanced(text[:end].rstrip()) + ELLIPSIS


def _joins(text: str, end: int) -> bool:
    """Whether a cut here would come inside of a character: before a mark or a modifier, after a joiner, in a flag."""
    here, before = text[end], text[end - 1]
    if before == "\u200d" or here == "\u200d" or unicodedata.category(here).startswith("M"):
        return True
    if "\U0001f3fb" <= here <= "\U0001f3ff" or "\U000e0020" <= here <= "\U000e007f":
        return True
    flags = 0
    while flags < end and _is_flag(text[end - 1 - flags]):
        flags += 1
    return _is_flag(here) and flags % 2 == 1


def _is_flag(character: str) -> bool:
    """Of two such, a flag is made (regional indicators)."""
    return "\U0001f1e6" <= character <= "\U0001f1ff"
