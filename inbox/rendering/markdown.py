"""The Markdown of announcements: CommonMark with tables, strikethrough, bare links and times.

`parse` returns tokens of markdown-it and what they leave out of the text (`left_out.py`). Beyond CommonMark:

- Emphasis beside Chinese, Japanese and Korean characters, where CommonMark wants a blank: `**注意：**今晚`. The rule is
  that of https://github.com/tats-u/markdown-cjk-friendly (specification.md).
- `{{time 2026-12-01T02:00 Europe/Berlin}}` is a moment, which each reader sees in the time zone that they chose, or in
  that of the browser.
- Limits, because some rules of markdown-it take quadratic time or turn a small text into megabytes.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from linkify_it import LinkifyIt
from markdown_it import MarkdownIt, helpers
from markdown_it.parser_inline import ParserInline
from markdown_it.rules_block import StateBlock, table
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.state_inline import Scanned
from markdown_it.token import Token

from .left_out import LEFT_OUT, MAX_NESTING, check

MAX_SCANNED = 30_000  # characters: three times the longest text; labels that don't nest need less than its length
MAX_CELLS = 2_000  # of a table: markdown-it adds the cells that a short row lacks, up to 65,536
_SCANNED, _REFUSED = "characters of labels", "lines of a refused table"

_TIME = re.compile(r"\{\{ *time +([^\s{}]{1,40}) +([^\s{}]{1,40}) *\}\}")
_CELL_END = re.compile(r"(?<!\\)\|")
# Han, kana, bopomofo, Hangul and their punctuation, full and half width forms.
_CJK = re.compile(
    "[\u1100-\u11ff\u2e80-\u303f\u3040-\u31ff\u3200-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff"
    "\ufe10-\ufe1f\ufe30-\ufe6f\uff00-\uffef\U0001aff0-\U0001b16f\U0001f200-\U0001f2ff\U00020000-\U0003ffff]"
)


@dataclass(frozen=True, slots=True)
class Parsed:
    """The tokens of a text; `left_out` says for its author what they don't show, one sentence each."""

    tokens: Sequence[Token]
    left_out: tuple[str, ...]


def parse(text: str) -> Parsed:
    env: dict[str, Any] = {LEFT_OUT: []}
    tokens = _markdown.parse(text, env)
    return Parsed(tokens, tuple(dict.fromkeys(env[LEFT_OUT])))


def render(tokens: Sequence[Token]) -> str:
    """HTML, not sanitised."""
    return str(_markdown.renderer.render(tokens, _markdown.options, {}))


# Inline rules


class Inline(StateInline):
    def scanDelims(self, start: int, canSplitWord: bool) -> Scanned:  # noqa: N802, N803 (markdown-it's names)
        """Whether a run of markers can open or close emphasis. Beside a CJK character, as beside punctuation."""
        scanned = super().scanDelims(start, canSplitWord)
        before = self.src[start - 1] if start > 0 else " "
        after = self.src[start + scanned.length] if start + scanned.length < self.posMax else " "
        if not canSplitWord or before.isspace() or after.isspace() or not (_is_cjk(before) or _is_cjk(after)):
            return scanned
        return Scanned(True, True, scanned.length)


def _is_cjk(character: str) -> bool:
    return _CJK.match(character) is not None


class InlineParser(ParserInline):
    """As its base, with our state."""

    def parse(self, src: str, md: MarkdownIt, env: Any, tokens: list[Token]) -> list[Token]:
        state = Inline(src, md, env, tokens)
        self.tokenize(state)
        for rule in self.ruler2.getRules(""):
            rule(state)
        return state.tokens


def _label_end(state: StateInline, start: int, disable_nested: bool = False) -> int:
    """The end of a link's label as markdown-it finds it, or -1.

    For each bracket that is never closed, markdown-it scans the rest of the paragraph. So after `MAX_SCANNED`
    characters, brackets count as text.
    """
    if state.env.get(_SCANNED, 0) > MAX_SCANNED:
        return -1
    end = helpers.parseLinkLabel(state, start, disable_nested)
    state.env[_SCANNED] = state.env.get(_SCANNED, 0) + (end if end >= 0 else state.posMax) - start
    return end


def _time(state: StateInline, silent: bool) -> bool:
    """`{{time 2026-12-01T02:00 Europe/Berlin}}`. What is no moment stays as it was written."""
    if not state.src.startswith("{{", state.pos):
        return False
    found = _TIME.match(state.src, state.pos, state.posMax)
    if found is None:
        return False
    try:
        moment = moment_of(found[1], found[2])
    except ValueError as error:
        if not silent:
            state.env[LEFT_OUT].append(f"{found[0]}: {error}")
        return False
    if not silent:
        token = state.push("time", "time", 0)
        token.content = shown_moment(moment, found[2])
        token.attrs = {"datetime": moment.astimezone(ZoneInfo("UTC")).strftime("%Y-%m-%dT%H:%MZ")}
    state.pos = found.end()
    return True


def shown_moment(local: datetime, zone: str) -> str:
    """ "Dec. 1, 2026, 2 a.m. (Europe/Berlin)" """
    return f"{date_format(local, 'DATETIME_FORMAT')} ({zone})"


def moment_of(local: str, zone: str) -> datetime:
    """The moment at which clocks there show this local time. Raises ValueError, with a sentence for people."""
    try:
        place: tzinfo = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(_("There is no time zone of this name.")) from error
    try:
        naive = datetime.fromisoformat(local)
    except ValueError as error:
        raise ValueError(_("This is no time; write it as 2026-12-01T02:00.")) from error
    if naive.tzinfo is not None or not 1900 <= naive.year <= 9000:
        raise ValueError(_("This is no time; write it as 2026-12-01T02:00."))
    moment = naive.replace(tzinfo=place)
    if moment.utcoffset() != moment.replace(fold=1).utcoffset():
        raise ValueError(_("The clocks change then, so this time is skipped, or happens twice."))
    return moment


# Rules for blocks and for the whole text


def _table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """As markdown-it's, but a table of more than `MAX_CELLS` is shown as it was written."""
    if start < state.env.get(_REFUSED, 0) or not table(state, start, end, True):
        return False
    columns, last = _cells(state, start), start
    while last < end and not state.isEmpty(last):
        last += 1
    if columns * (last - start) > MAX_CELLS:
        state.env[_REFUSED] = last
        state.env[LEFT_OUT].append(_("A table has more than %d cells, so it is shown as text.") % MAX_CELLS)
        return False
    if silent:
        return True
    table(state, start, end, False)
    if any(_cells(state, line) > columns for line in range(start, state.line)):
        state.env[LEFT_OUT].append(_("A row of a table has more cells than its head: the last ones are left out."))
    return True


def _cells(state: StateBlock, line: int) -> int:
    """How many cells this row of a table has."""
    row = state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]].strip()
    cells = _CELL_END.split(row)
    return len(cells) - (not cells[0]) - (not cells[-1])


# Rendering


def _render_time(self: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    token = tokens[index]
    return f'<time datetime="{token.attrs["datetime"]}">{_escaped(token.content)}</time>'


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _align(self: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    """A class instead of a style, which a Content-Security-Policy forbids."""
    token = tokens[index]
    where = str(token.attrs.pop("style", "")).removeprefix("text-align:")
    if where:
        token.attrs["class"] = f"rd-{where}"
    return str(self.renderToken(tokens, index, options, env))


def _parser() -> MarkdownIt:
    parser = MarkdownIt("js-default")
    parser.inline = InlineParser()
    parser.configure("js-default", {"html": False, "linkify": True, "maxNesting": MAX_NESTING})
    parser.linkify = LinkifyIt(options={"fuzzy_link": False, "fuzzy_ip": False})
    parser.inline.ruler.before("escape", "time", _time)
    parser.block.ruler.at("table", _table, {"alt": ["paragraph", "reference"]})
    parser.core.ruler.push("check", check)
    parser.validateLink = lambda url: True  # type: ignore[method-assign]  # `check` decides, and reports it
    parser.helpers = SimpleNamespace(  # type: ignore[assignment]
        parseLinkLabel=_label_end,
        parseLinkDestination=helpers.parseLinkDestination,
        parseLinkTitle=helpers.parseLinkTitle,
    )
    parser.add_render_rule("time", _render_time)
    parser.add_render_rule("th_open", _align)
    parser.add_render_rule("td_open", _align)
    return parser


_markdown = _parser()
