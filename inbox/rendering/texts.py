"""Which of an announcement's texts a reader gets: the one in their language, or the original."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """Title and Markdown in one language; "" if the language is not known."""

    language: str
    title: str
    body: str


Translations = Mapping[str, Mapping[str, str]]  # language -> {"title": …, "body": …}


def others(translations: Translations) -> dict[str, Text]:
    """The texts by language. What is no valid translation is passed over: not every write is validated."""
    texts: dict[str, Text] = {}
    for code, text in translations.items() if isinstance(translations, Mapping) else ():
        if isinstance(text, Mapping) and isinstance(title := text.get("title"), str) and title:
            body = text.get("body")
            texts[code] = Text(code, title, body if isinstance(body, str) else "")
    return texts


def chosen(original: Text, translations: Translations, wanted: str | None) -> Text:
    """The text in the wanted language, or in the nearest that there is ("zh-hant" for "zh-hans"), or the original."""
    texts = {text.language.lower(): text for text in (original, *others(translations).values())}
    for language in _nearest((wanted or "").lower()):
        if language in texts:
            return texts[language]
        variants = [found for known, found in texts.items() if known.startswith(f"{language}-")]
        if variants:
            return variants[0]
    return original


def _nearest(language: str) -> Iterator[str]:
    """The language and what it is a variant of: zh-hans-cn, zh-hans, zh."""
    while language:
        yield language
        language = language.rpartition("-")[0]
