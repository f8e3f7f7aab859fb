"""What readers do not see of an announcement's Markdown, in sentences for its author.

No link, image, cell or word goes without one. Links and images that are not allowed are replaced by their text.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from .images import is_allowed
from .links import is_link

LEFT_OUT = "left out"  # in the environment of a parser: the sentences so far
MAX_LINKED = 30_000  # characters of all addresses: one that a reference defines is repeated by each use
MAX_NESTING = 100  # of js-default; markdown-it leaves out what is deeper

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_MAIL = re.compile(r"mailto:[^\s<>@]+@[^\s<>@]+", re.IGNORECASE)
_LANGUAGE = re.compile(r"[\w+#.-]*")  # of code, beside its opening marks


def check(state: StateCore) -> None:
    """Replace links and images that are not allowed by their text, and report what is left out."""
    left_out: list[str] = state.env[LEFT_OUT]
    left_out += _unused(state)
    linked = 0
    for token in state.tokens:
        if token.level >= MAX_NESTING - 1:
            left_out.append(_("Lists and quotes are nested too deeply: the innermost are left out."))
        if token.type == "fence":
            left_out += _beside_code(token)
        elif token.children:
            linked = _check_inline(token.children, left_out, linked)


def _unused(state: StateCore) -> Iterator[str]:
    """The lines `[label]: address` of which no link or image has the address. They are not shown."""
    first: Mapping[str, Any] = state.env.get("references", {})
    lines, used = state.src.split("\n"), _used(state)
    for reference in (*first.values(), *state.env.get("duplicate_refs", ())):
        if reference["href"] not in used:
            start, end = reference["map"]
            line = " ".join(lines[start:end]).lstrip("> ")
            yield _("No link uses this line, so it is left out: %s") % shown(line)


def _used(state: StateCore) -> set[str]:
    """All addresses in the text, also those in the descriptions of images."""
    return {address for token in state.tokens for address in _addresses(token)}


def _addresses(token: Token) -> Iterator[str]:
    if token.type in ("link_open", "image"):
        yield str(token.attrs.get("href", token.attrs.get("src")))
    for child in token.children or ():
        yield from _addresses(child)


def _beside_code(token: Token) -> Iterator[str]:
    """Nothing shows the language of code. Other words beside it are reported."""
    if not _LANGUAGE.fullmatch(token.info.strip()):
        yield _("The words beside %(marks)s are left out: %(words)s") % {
            "marks": token.markup,
            "words": shown(token.info.strip()),
        }
    token.info = ""


def _check_inline(tokens: list[Token], left_out: list[str], linked: int) -> int:
    """Changes `tokens`. `linked` and the result: the length of all addresses so far."""
    open_links: list[bool] = []
    for token in tokens:
        if token.type == "link_open":
            address = str(token.attrs["href"])
            linked += len(address) + len(str(token.attrs.get("title", "")))
            open_links.append(is_linkable(address) and linked <= MAX_LINKED)
            if not open_links[-1]:
                left_out.append(_without_link(address))
                _become_text(token)
        elif token.type == "link_close":
            if not open_links.pop():
                _become_text(token)
        elif token.type == "image":
            address = str(token.attrs["src"])
            linked += len(address)
            left_out += _in_description(token)
            if linked <= MAX_LINKED and is_allowed(address):
                token.attrs |= {"loading": "lazy", "referrerpolicy": "no-referrer"}
            else:
                left_out.append(_without_image(address))
                _become_text(token, _words(token.children or []))
    return linked


def _in_description(image: Token) -> Iterator[str]:
    """The description of an image is text: links and images in it lose their addresses."""
    for child in image.children or ():
        if child.type == "link_open":
            yield _without_link(str(child.attrs["href"]))
        elif child.type == "image":
            yield from _in_description(child)
            yield _without_image(str(child.attrs["src"]))


def _without_link(address: str) -> str:
    return _("The link to %s is left out.") % shown(address)


def _without_image(address: str) -> str:
    return _("The image %s is left out; its description is shown.") % shown(address)


def _become_text(token: Token, content: str = "") -> None:
    token.type, token.tag, token.nesting, token.attrs, token.content, token.children = "text", "", 0, {}, content, None


def _words(tokens: Sequence[Token]) -> str:
    return "".join(token.content if token.type != "image" else _words(token.children or []) for token in tokens)


def shown(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:59]}…"


def is_linkable(address: str) -> bool:
    """The web, a mail address, or a path relative to the page."""
    if _SCHEME.match(address):
        return is_link(address) or _MAIL.fullmatch(address) is not None
    return not address.startswith(("//", "/\\", "\\"))
