"""Which of an announcement's texts and labels a reader gets: those in their language, or the originals."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

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


def valid_buttons(rows: Sequence[Mapping[str, object]]) -> list[dict[str, Any]]:
    """What is no valid button, or label, is passed over, as in `others`."""
    found: list[dict[str, Any]] = []
    for row in rows if isinstance(rows, list) else ():
        button = row if isinstance(row, Mapping) else {}
        label, url, labels = button.get("label"), button.get("url"), button.get("labels")
        if _is_text(label) and _is_text(url) and is_link(str(url)):
            known = labels.items() if isinstance(labels, Mapping) else ()
            found.append({"url": url, "label": label, "labels": {code: text for code, text in known if _is_text(text)}})
    return found


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def buttons(original: str, rows: Sequence[Mapping[str, object]], wanted: str | None) -> list[Button]:
    """The valid buttons with their labels in the wanted language; `original` is the language of those without one."""
    found = []
    for row in valid_buttons(rows):
        labels = {code: {"title": label} for code, label in row["labels"].items()}
        text = chosen(Text(original, row["label"], ""), labels, wanted)
        found.append(Button(text.title, row["url"], text.language))
    return found


def _nearest(language: str) -> Iterator[str]:
    """The language and what it is a variant of: zh-hans-cn, zh-hans, zh."""
    while language:
        yield language
        language = language.rpartition("-")[0]
