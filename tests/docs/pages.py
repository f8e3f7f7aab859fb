"""The README in its languages: the same headings, so that a part of one page is found in the other by its number."""

import re

from tools.processes import ROOT

READMES = ("README.md", "README.zh-CN.md")
TEXTS = {name: (ROOT / name).read_text() for name in READMES}
README = TEXTS["README.md"]

CODE_BLOCK = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)


def headings(name: str) -> list[tuple[str, str]]:
    """Level ("##") and text of each heading."""
    return HEADING.findall(CODE_BLOCK.sub("", TEXTS[name]))


def sections(name: str) -> list[str]:
    """The prose and tables below each heading, without blocks of code."""
    return HEADING.split(CODE_BLOCK.sub("", TEXTS[name]))[3::3]


def rows(section: str) -> list[list[str]]:
    """The rows of a section's table, cell by cell, without its head."""
    lines = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line] for line in lines[2:]]


def table(heading: str, name: str = "README.md") -> list[list[str]]:
    """The rows below a heading of README.md, in this page."""
    number = [text for _level, text in headings("README.md")].index(heading)
    return rows(sections(name)[number])
