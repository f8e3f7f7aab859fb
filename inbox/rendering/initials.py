"""The initials of a name, as `face.js` makes them."""

import re

from .wording import first_character

_BETWEEN = re.compile("[\\s\u2066-\u2069]+")  # blanks, and the isolates around a name


def initials_of(name: str) -> str:
    """Of the first and the last word; of one word, its first letter."""
    words = [word for word in _BETWEEN.split(name) if word]
    ends = [words[0], words[-1]] if len(words) > 1 else words
    return "".join(map(first_character, ends)).upper()
