"""Which of an announcement's texts and labels a reader gets: those in their language, or the originals."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from .links import is_link


@dataclass(frozen=True, slots=True)
class Text:
    """Title and Markdown in one language; "" if the language is not known."""

    language: str
    title: str
    body: str


@dataclass(frozen=True, slots=True)
class Button:
    """A link below the text. `language` is that of the label; "" if it is not known."""

    label: str
    url: str
    language: str


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


def buttons(original: str, rows: Sequence[Mapping[str, object]], wanted: str | None) -> list[Button]:
    """The buttons with their labels in the wanted language; `original` is the language of those without one. What is
    no valid button is passed over, as in `others`."""
    found = []
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, Mapping) and isinstance(label := row.get("label"), str) and label:
            labels, url = row.get("labels"), row.get("url")
            others = {code: {"title": each} for code, each in labels.items()} if isinstance(labels, Mapping) else {}
            text = chosen(Text(original, label, ""), others, wanted)
            if isinstance(url, str) and url and is_link(url):
                found.append(Button(text.title, url, text.language))
    return found


def _nearest(language: str) -> Iterator[str]:
    """The language and what it is a variant of: zh-hans-cn, zh-hans, zh."""
    while language:
        yield language
        language = language.rpartition("-")[0]
