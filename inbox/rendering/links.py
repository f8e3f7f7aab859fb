"""Links that may stand in an item: what every browser and every library reads in the same way.

WHATWG URL and RFC 3986 differ; a link that one of them refuses breaks a page, and one that they understand differently
leads somebody astray. So a link is a path on this site, or http(s) with an ordinary host: a name, an IPv4 address in
four decimal numbers, an IPv6 address in brackets. No user or password, no port 0, no blanks, backslashes or controls.
"""

import re
from functools import lru_cache
from ipaddress import IPv6Address
from urllib.parse import urlsplit

import idna

# Controls, blanks and backslashes. Spelled out, as digits are: Python and ECMA-262 differ about \s and \d.
_OUT = r"\x00-\x20\x7f-\xa0\\\u1680\u180e\u2000-\u200b\u2028-\u202f\u205f-\u206f\u3000\ufeff\ufff0-\uffff"
_PORT = r"(?::(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])?)?"
_REST = rf"(?:[/?#][^{_OUT}]*)?"
_BYTE = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_IPV4 = rf"{_BYTE}(?:\.{_BYTE}){{3}}"
_HEX = r"[0-9A-Fa-f]{1,4}"
# The last label begins with a letter: else WHATWG takes the whole for an IPv4 address.
_NAME = r"(?:[0-9A-Za-z_]+(?:-[0-9A-Za-z_]+)*\.)*[A-Za-z][0-9A-Za-z_]*(?:-[0-9A-Za-z_]+)*\.?"
# What most links are, as a JSON Schema can say it. Other hosts (IDN, IPv6 in short, two hyphens) are `_is_host`'s.
LINK_PATTERN = rf"^(?:/(?:[^/{_OUT}][^{_OUT}]*)?|[Hh][Tt][Tt][Pp][Ss]?://(?:{_NAME}|{_IPV4}|\[(?:{_HEX}:){{7}}{_HEX}\]){_PORT}{_REST})?$"
_USUAL = re.compile(LINK_PATTERN.removeprefix("^").removesuffix("$"), re.ASCII)
_UNUSUAL = re.compile(rf"https?://(\[[0-9a-f:.]+\]|[^/?#\[\]:@%{_OUT}]+){_PORT}{_REST}", re.ASCII | re.IGNORECASE)
_SURROGATE = re.compile("[\ud800-\udfff]")  # a lone one; JSON has none, so the pattern need not say so
_LABEL = re.compile(r"[0-9a-z_](?:[0-9a-z_-]*[0-9a-z_])?", re.IGNORECASE | re.ASCII)
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]")


@lru_cache(maxsize=1000)
def is_link(text: str) -> bool:
    """Whether this may be the link of an item; "" is none."""
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
    except UnicodeError:  # of which idna's errors are
        return False
    turns = any(map(_RIGHT_TO_LEFT.search, shown))  # then no label may begin with a digit (RFC 5893, section 2)
    return all(map(_LABEL.fullmatch, labels)) and labels[-1][0].isalpha() and (not turns or all(map(_keeps, labels)))


def _ascii(label: str) -> str:
    """As it goes into the DNS."""
    if label.isascii() and not label.lower().startswith("xn--"):
        return label
    return idna.encode(label, uts46=True).decode()


def _keeps(label: str) -> bool:
    return label[0].isalpha() and label[-1].isalnum()


def _is_ipv6(address: str) -> bool:
    try:
        return bool(IPv6Address(address))
    except ValueError:
        return False


def _splits(text: str) -> bool:
    """Whether Python reads it too: it looks at characters that become others when normalised."""
    try:
        urlsplit(text).port  # noqa: B018 (asking raises)
    except ValueError:
        return False
    return True
