"""Every README says the same: the same parts, code, settings, links and numbers. What is run of one is run of all."""

import re
from collections import Counter
from collections.abc import Callable
from itertools import zip_longest

import pytest

from .pages import CODE_BLOCK, README, READMES, TEXTS, headings, rows, sections

TRANSLATIONS = [name for name in READMES if name != "README.md"]


def inline_code(text: str) -> Counter[str]:
    return Counter(" ".join(code.split()) for code in re.findall(r"`([^`]+)`", text))


def links(text: str) -> Counter[str]:
    """The other page is linked too, but from one place only."""
    found = re.findall(r"\]\(([^)]+)\)|<(https?:[^>]+)>", text)
    return Counter(link for pair in found for link in pair if link and link not in READMES)


def numbers(text: str) -> Counter[str]:
    """In digits, outside of code and links."""
    return Counter(re.findall(r"\d+(?:,\d{3})*", re.sub(r"`[^`]+`|\]\([^)]+\)|<http[^>]+>", "", text)))


@pytest.mark.parametrize("name", TRANSLATIONS)
class TestTranslation:
    def test_headings(self, name: str) -> None:
        assert [level for level, _text in headings(name)] == [level for level, _text in headings("README.md")]

    def test_blocks_of_code(self, name: str) -> None:
        assert CODE_BLOCK.findall(TEXTS[name]) == CODE_BLOCK.findall(README)

    @pytest.mark.parametrize("found_in", [inline_code, links, numbers])
    def test_what_every_part_names(self, name: str, found_in: Callable[[str], Counter[str]]) -> None:
        for (_level, heading), theirs, ours in zip(headings(name), sections(name), sections("README.md"), strict=True):
            assert found_in(theirs) == found_in(ours), heading

    def test_rows_of_tables(self, name: str) -> None:
        for theirs, ours in zip(sections(name), sections("README.md"), strict=True):
            for their_row, our_row in zip_longest(rows(theirs), rows(ours), fillvalue=[]):
                assert list(map(inline_code, their_row)) == list(map(inline_code, our_row))

    def test_they_link_to_each_other(self, name: str) -> None:
        assert f"({name})" in README
        assert "(README.md)" in TEXTS[name]
