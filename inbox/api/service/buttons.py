"""The schemas of links and buttons, which messages and broadcasts have."""

from collections.abc import Callable
from typing import Annotated, Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from ...core.validators import MAX_LABEL, SAYING_PATTERN, validate_link, validate_says_something
from ...rendering.links import LINK_PATTERN

MAX_LANGUAGE = 35  # characters, as the column has it


def checked_by(check: Callable[[Any], object]) -> AfterValidator:
    """Use a Django validator in pydantic."""

    def checked(value: Any) -> Any:
        try:
            check(value)
        except ValidationError as error:
            raise ValueError(" ".join(error.messages)) from error
        return value

    return AfterValidator(checked)


def _known_language(code: str) -> str:
    if code not in _languages():
        raise ValueError(_("This site has no language “%s”.") % code)
    return code


def _languages() -> list[str]:
    return [code for code, _name in settings.LANGUAGES]


def _enumerate_languages(schema: dict[str, Any]) -> None:
    schema["enum"] = _languages()


Language = Annotated[
    str,
    Field(max_length=MAX_LANGUAGE, json_schema_extra=_enumerate_languages),
    AfterValidator(_known_language),  # last: its sentence names the language, and could not be shown with a surrogate
]
Link = Annotated[str, Field(max_length=500, json_schema_extra={"pattern": LINK_PATTERN}), checked_by(validate_link)]
Label = Annotated[
    str,
    Field(min_length=1, max_length=MAX_LABEL, json_schema_extra={"pattern": SAYING_PATTERN}),
    checked_by(validate_says_something),
]


class Labels(BaseModel):
    """A button below the text, with a label for each language."""

    model_config = ConfigDict(extra="forbid")

    url: Annotated[Link, Field(min_length=1, description="http(s), or a path on this site.")]
    label: Label = Field(description="Readers without a label in their language get this one.")
    labels: dict[Language, Label] = Field(default={}, description="By language.")
