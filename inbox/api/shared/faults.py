"""What is wrong with a value, in the language of the request: pydantic has English sentences only."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

STRING = _("A string is expected.")
NUMBER, WHOLE_NUMBER = _("A number is expected."), _("A whole number is expected.")
TRUE_OR_FALSE = _("true or false is expected.")
LIST, OBJECT = _("A list is expected."), _("An object is expected.")
LEAST, MOST = _("Expected: at least %(bound)s."), _("Expected: at most %(bound)s.")
FEWEST_CHARACTERS = _("Number of characters: at least %(bound)s.")
MOST_CHARACTERS = _("Number of characters: at most %(bound)s.")
FEWEST_ENTRIES, MOST_ENTRIES = _("Number of entries: at least %(bound)s."), _("Number of entries: at most %(bound)s.")
MOMENT = _("A time with its time zone is expected, as in 2030-01-31T12:00:00Z (RFC 3339).")
ONE_OF = _("One of these is expected: %(bound)s.")

# By the type of a pydantic error, and the part of its context that is the bound:
# https://docs.pydantic.dev/latest/errors/validation_errors/
SENTENCES: dict[str, tuple[Promise, str]] = {
    "missing": (_("This value is missing."), ""),
    "extra_forbidden": (_("There is no field of this name."), ""),
    "string_type": (STRING, ""),
    "string_unicode": (_("Null characters and lone surrogates are not allowed."), ""),
    "string_too_short": (FEWEST_CHARACTERS, "min_length"),
    "string_too_long": (MOST_CHARACTERS, "max_length"),
    "string_pattern_mismatch": (_("Expected: a text of the form %(bound)s"), "pattern"),
    "too_short": (FEWEST_ENTRIES, "min_length"),
    "too_long": (MOST_ENTRIES, "max_length"),
    "float_type": (NUMBER, ""),
    "finite_number": (NUMBER, ""),
    "int_type": (WHOLE_NUMBER, ""),
    "int_parsing": (WHOLE_NUMBER, ""),
    "int_parsing_size": (WHOLE_NUMBER, ""),
    "int_from_float": (WHOLE_NUMBER, ""),
    "greater_than_equal": (LEAST, "ge"),
    "less_than_equal": (MOST, "le"),
    "bool_type": (TRUE_OR_FALSE, ""),
    "bool_parsing": (TRUE_OR_FALSE, ""),
    "datetime_from_date_parsing": (MOMENT, ""),
    "datetime_object_invalid": (MOMENT, ""),
    "datetime_parsing": (MOMENT, ""),
    "timezone_aware": (MOMENT, ""),
    "list_type": (LIST, ""),
    "dict_type": (OBJECT, ""),
    "model_type": (OBJECT, ""),
    "model_attributes_type": (OBJECT, ""),
    "enum": (ONE_OF, "expected"),
    "literal_error": (ONE_OF, "expected"),
    "union_tag_invalid": (ONE_OF, "expected_tags"),
    "union_tag_not_found": (_("The type is missing."), ""),
}


def sentence(error: Mapping[str, Any]) -> str:
    """About an error of pydantic. The `ValueError` of a validator of ours has its own sentence, translated already."""
    text, bound = SENTENCES.get(error["type"], (None, ""))
    if text is None:
        return str(error["msg"]).removeprefix("Value error, ")
    return str(text) % {"bound": str(error["ctx"][bound]).replace(" or ", ", ")} if bound else str(text)


def fault(part: str, path: Iterable[str | int], detail: str) -> dict[str, str]:
    """One entry of `errors`: a part of the request (body, query or path) and a JSON Pointer (RFC 6901) into it."""
    steps = (str(step).replace("~", "~0").replace("/", "~1") for step in path)
    return {"part": part, "pointer": "".join(f"/{step}" for step in steps), "detail": detail}
