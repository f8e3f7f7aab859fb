"""The purposes of tickets, beside connecting. Other apps register theirs in `AppConfig.ready`."""

from typing import Any

from pydantic_core import PydanticCustomError

CONNECTING = ""

_purposes: dict[str, str] = {CONNECTING: ""}  # name -> meaning


def register(name: str, meaning: str) -> None:
    """Add a purpose. `meaning` is a clause for the API's documentation."""
    _purposes[name] = meaning


def check(name: str) -> str:
    """The name, if it is registered. Raises PydanticCustomError."""
    if name not in _purposes:
        expected = " or ".join(repr(known) for known in _purposes)
        raise PydanticCustomError("literal_error", "Input should be {expected}", {"expected": expected})
    return name


def describe(schema: dict[str, Any]) -> None:
    """Fill in the JSON schema of a purpose. Called when the OpenAPI document is generated, after all apps have
    started."""
    schema["enum"] = list(_purposes)
    schema["description"] = " ".join(f"“{name}”: {meaning}." for name, meaning in _purposes.items() if meaning)
