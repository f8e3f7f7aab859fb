"""The links that an item may have: those that every browser and every library parses in the same way.

WHATWG URL and RFC 3986 differ. If one of them refuses a link, a page can break; if they parse it differently, it can
lead to a wrong host. So a link is a path on this site, or http(s) with an ordinary host: a name, an IPv4 address of
four decimal numbers, or an IPv6 address in brackets. No user or password, no port 0, no blanks, backslashes or control
characters.
"""

import re
from functools import lru_cache
from ipaddress import IPv6Address
from urllib.parse import urlsplit

import idna

# Controls, blanks and backslashes. Listed one by one, like digits, because Python and ECMA-262 differ about \s and \d.
_OUT = r"\x00-\x20\x7f-\xa0\\\u1680\u180e\u2000-\u200b\u2028-\u202f\u205f-\u206f\u3000\ufeff\ufff0-\uffff"
_PORT = r"(?::(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])?)?"
_REST = rf"(?:[/?#][^{_OUT}]*)?"
_BYTE = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_IPV4 = rf"{_BYTE}(?:\.{_BYTE}){{3}}"
_HEX = r"[0-9A-Fa-f]{1,4}"
# The last label begins with a letter. Otherwise WHATWG parses the host as an IPv4 address.
_NAME = r"(?:[0-9A-Za-z_]+(?:-[0-9A-Za-z_]+)*\.)*[A-Za-z][0-9A-Za-z_]*(?:-[0-9A-Za-z_]+)*\.?"
# Matches most links, and is valid in JSON Schema. `_is_host` checks other hosts (IDN, short IPv6, two hyphens).
LINK_PATTERN = rf"^(?:/(?:[^/{_OUT}][^{_OUT}]*)?|[Hh][Tt][Tt][Pp][Ss]?://(?:{_NAME}|{_IPV4}|\[(?:{_HEX}:){{7}}{_HEX}\]){_PORT}{_REST})?$"
_USUAL = re.compile(LINK_PATTERN.removeprefix("^").removesuffix("$"), re.ASCII)
_UNUSUAL = re.compile(rf"https?://(\[[0-9a-f:.]+\]|[^/?#\[\]:@%{_OUT}]+){_PORT}{_REST}", re.ASCII | re.IGNORECASE)
_SURROGATE = re.compile("[\ud800-\udfff]")  # a lone one; JSON has none, so the pattern above allows it
_LABEL = re.compile(r"[0-9a-z_](?:[0-9a-z_-]*[0-9a-z_])?", re.IGNORECASE | re.ASCII)
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]")


@lru_cache(maxsize=1000)
def is_link(text: str) -> bool:
    """Whether an item may have this link. "" means no link, and is allowed."""
    if _SURROGATE.search(text):
        return False
    if _USUAL.fullmatch(text):
        return True
    found = _UNUSUAL.fullmatch(text)
    return found is not None and _is_host(found[1]) and _splits(text)


def _is_host(host: str) -> bool:
    if host.startswith("["):
        return _is_ipv6(host[1:-1])
    try:
        labels = [_ascii(label) for label in re.split("[.\u3002\uff0e\uff61]", host.removesuffix("."))]
        shown = [idna.ulabel(label) if label.lower().startswith("xn--") else label for label in labels]
    except UnicodeError:  # the base class of idna's errors, too
        return False
    is_rtl = any(map(_RIGHT_TO_LEFT.search, shown))  # then no label may begin with a digit (RFC 5893, section 2)
    return (
        all(map(_LABEL.fullmatch, labels)) and labels[-1][0].isalpha() and (not is_rtl or all(map(_fits_rtl, labels)))
    )


def _ascii(label: str) -> str:
    """The label as it is used in the DNS."""
    if label.isascii() and not label.lower().startswith("xn--"):
        return label
    return idna.encode(label, uts46=True).decode()


def _fits_rtl(label: str) -> bool:
    return label[0].isalpha() and label[-1].isalnum()


def _is_ipv6(address: str) -> bool:
    try:
        return bool(IPv6Address(address))
    except ValueError:
        return False


def _splits(text: str) -> bool:
    """Whether Python can parse it. `urlsplit` refuses characters that become delimiters when normalised."""
    try:
        urlsplit(text).port  # noqa: B018 (asking raises)
    except ValueError:
        return False
    return True
