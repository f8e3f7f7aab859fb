"""Fills the formats of messages with the values of their columns, and cuts long texts."""

import string
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from .bidi import balanced, is_rtl, isolated

ELLIPSIS = "…"
MAX_SPEC_DIGITS = 3  # a width of nine digits would make a gigabyte of blanks
MAX_CLUSTER = 32  # code points of one character; a longer one is cut in its middle


class Piece(NamedTuple):
    """A piece of a format: literal text, and the placeholder that follows it, if any."""

    literal: str
    name: str | None
    spec: str
    conversion: str | None


def fill(form: str, words: Mapping[str, object]) -> str:
    """Fill the placeholders of a format. Each value is isolated from the text around it (`inbox.rendering.bidi`).

    Like `str.format_map`, but a placeholder can't access attributes or items of a value. Raises ValueError, TypeError
    or KeyError if it can't be filled.
    """
    pieces = parse(form)
    if len(pieces) == 1 and not pieces[0].literal and pieces[0].name is not None:
        return balanced(_value(pieces[0], words))  # the value is the whole text, so it needs no isolation
    within_rtl = is_rtl() if words else False
    return "".join(
        piece.literal if piece.name is None else piece.literal + isolated(_value(piece, words), within_rtl)
        for piece in pieces
    )


def placeholders(form: str) -> list[str]:
    """The names in a format. Raises ValueError as `parse`."""
    return [piece.name for piece in parse(form) if piece.name is not None]


@lru_cache(maxsize=1000)
def parse(form: str) -> tuple[Piece, ...]:
    """The pieces of a format. Raises ValueError with a message that says what is wrong with it."""
    pieces = []
    for literal, name, spec, conversion in string.Formatter().parse(form):
        if name is not None and not name.isidentifier():
            raise ValueError(f"“{{{name}}}” is not the name of a column")
        if spec and ("{" in spec or sum(map(str.isdigit, spec)) > MAX_SPEC_DIGITS):
            raise ValueError(f"“{spec}” is no format that is allowed")
        pieces.append(Piece(literal, name, spec or "", conversion))
    return tuple(pieces)


_FORMATTER = string.Formatter()


def _value(piece: Piece, words: Mapping[str, object]) -> str:
    value = words[str(piece.name)]
    return format(_FORMATTER.convert_field(value, piece.conversion), piece.spec)


def shortened(text: str, most: int) -> str:
    """The text, cut to `most` code points, including “…”. Does not cut a visible character in its middle."""
    if len(text) <= most:
        return text
    end = most - len(ELLIPSIS)
    while end > 0 and most - end <= MAX_CLUSTER and _joins(text, end):
        end -= 1
    return balanced(text[:end].rstrip()) + ELLIPSIS


def first_character(text: str) -> str:
    """What a reader takes for the first character: with its marks, as a whole flag, a family of emoji."""
    end = 1
    while end < min(len(text), MAX_CLUSTER) and _joins(text, end):
        end += 1
    return text[:end]


def _joins(text: str, end: int) -> bool:
    """Whether a cut here would split a visible character: before a mark or a modifier, after a joiner, or in a flag."""
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
    """Whether it is a regional indicator; two of them make a flag."""
    return "\U0001f1e6" <= character <= "\U0001f1ff"
