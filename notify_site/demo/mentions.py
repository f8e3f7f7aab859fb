"""Who a text mentions: `@name`, of names that exist."""

import re
from collections.abc import Callable, Iterable

from django.contrib.auth.models import User
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

# Not inside an e-mail address; ends on a word character, so that "thanks @bob." finds bob.
MENTION = re.compile(r"(?<![\w@.])@([\w.+-]*\w)")
MAX_PER_TEXT = 20


def names(text: str) -> list[str]:
    """The names a text mentions, each once, in order, at most `MAX_PER_TEXT`."""
    return list(dict.fromkeys(MENTION.findall(text)))[:MAX_PER_TEXT]


def known_names(texts: Iterable[str]) -> frozenset[str]:
    """Those mentioned names that belong to an active user; one query for all texts."""
    found = {name for text in texts for name in names(text)}
    return frozenset(User.objects.filter(username__in=found, is_active=True).values_list("username", flat=True))


def linked(text: str, known: frozenset[str], url_of: Callable[[str], str]) -> SafeString:
    """`text` as safe HTML with the known names linked to `url_of(name)`."""
    parts = MENTION.split(text)  # text, name, text, name, …, text
    pairs = zip(parts[1::2], parts[2::2], strict=True)
    rest = format_html_join("", "{}{}", ((_link(name, known, url_of), after) for name, after in pairs))
    return format_html("{}{}", parts[0], rest)


def _link(name: str, known: frozenset[str], url_of: Callable[[str], str]) -> str:
    if name not in known:
        return f"@{name}"
    return format_html('<a class="mention" href="{}">@{}</a>', url_of(name), name)
