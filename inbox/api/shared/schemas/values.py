"""The values that many schemas have: versions, refs, types, keys of users."""

from typing import Annotated, Any

from django.contrib.auth import get_user_model
from django.db import connections, models
from django.utils.translation import gettext as _
from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, WithJsonSchema

from ....core.snapshots import MAX_NUMBER, MAX_VERSION
from ....core.users import user_pk
from ....errors import BadValue
from ....models import event_types, ledger
from ....models.refs import BROADCAST
from ..faults import ONE_OF

MAX_REFS = 1000  # as many as one transaction can change


EXAMPLE_VERSION = 5_000_000_010


ABSENT: Any = None  # the value of a field that was not sent; sending null is refused


def item_types() -> list[str]:
    """The possible values of an item's `type`: the installed event types, and "broadcast"."""
    return [*event_types(), BROADCAST]


def _known_type(value: str) -> str:
    if value not in item_types():
        raise ValueError(ONE_OF % {"bound": ", ".join(item_types())})
    return value


def _known_event_type(value: str) -> str:
    if value not in event_types():
        raise ValueError(ONE_OF % {"bound": ", ".join(event_types())})
    return value


def whole(value: Any) -> Any:
    """Convert 5.0 to 5, because both are integers in JSON Schema (2020-12 validation, 6.1.1)."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _known_types(value: str) -> str:
    for name in split_names(value):
        _known_type(name)
    return value


def split_names(value: str) -> tuple[str, ...]:
    return tuple(name for name in value.split(",") if name)


def _list_types(schema: dict[str, Any]) -> None:
    names = "|".join(item_types())
    schema["pattern"] = f"^({names})(,({names}))*$|^$"


def _enumerate_types(schema: dict[str, Any]) -> None:
    schema["enum"] = item_types()  # runs when the document is generated; all apps are loaded then


def _enumerate_event_types(schema: dict[str, Any]) -> None:
    schema["enum"] = list(event_types())


WHOLE = BeforeValidator(whole)


Version = Annotated[int, Field(ge=0, le=MAX_VERSION, examples=[EXAMPLE_VERSION])]


SeenVersion = Annotated[Version, Field(strict=True), WHOLE]


SEEN = (
    "`version` of what was on screen. If a broadcast was shown again since, or a message was rewritten and sent again, "
    "nothing is written (409, `changed`)."
)


Count = Annotated[int, Field(ge=0)]


Ref = Annotated[
    str, Field(pattern=r"^[a-z][a-z0-9_]{0,49}-[0-9a-z][0-9a-z-]{0,35}$", examples=["comment-123", "broadcast-4"])
]


THREAD = "^([0-9a-f]{32}|s[0-9]{1,19}|broadcast-[0-9]{1,19})$"


ThreadKey = Annotated[str, Field(pattern=r"^[0-9a-z_-]{1,90}$", examples=["0f115db062b7c0dd030b16878c99dea5"])]


UserPath = Annotated[str, Field(max_length=100, description="The user's primary key.", examples=["7"])]


ItemType = Annotated[str, AfterValidator(_known_type), Field(json_schema_extra=_enumerate_types)]


Types = Annotated[str, AfterValidator(_known_types), Field(json_schema_extra=_list_types, max_length=1000)]


EventType = Annotated[str, AfterValidator(_known_event_type), Field(json_schema_extra=_enumerate_event_types)]


Moment = Annotated[str, Field(json_schema_extra={"format": "date-time"})]


User = Annotated[
    int | str,
    Field(description="The user's primary key: a number, or a string for UUIDs and numbers beyond 2^53-1."),
]


def _key_of_user(value: Any) -> Any:
    """One error, where a union would give two."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError(_("The primary key of a user is expected."))
    try:
        user_pk(value)
    except BadValue as error:
        raise ValueError(error.detail) from error
    return value


def _schema_of_key() -> dict[str, Any]:
    """The JSON Schema of a primary key of a user, where anything else is refused."""
    field = get_user_model()._meta.pk
    if not isinstance(field, models.IntegerField):
        return {"type": "string"}
    low, high = connections[ledger.alias()].ops.integer_field_range(field.get_internal_type())
    digits = len(str(high or MAX_NUMBER)) - 1
    text = {"type": "string", "pattern": f"^[0-9]{{1,{digits}}}$"}
    return {"anyOf": [{"type": "integer", "minimum": low, "maximum": high}, text]}


UserGiven = Annotated[User, BeforeValidator(_key_of_user), WHOLE, WithJsonSchema(_schema_of_key())]


class LanguageQuery(BaseModel):
    """How to show texts. It is active when the view runs: see `auth.py`."""

    language: str = Field(
        default=ABSENT, max_length=500, description="The language of titles and texts; ignored if the site lacks it."
    )
