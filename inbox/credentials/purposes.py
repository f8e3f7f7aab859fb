"""What a ticket may be minted for, beside connecting. Other apps add theirs when they start (`AppConfig.ready`)."""

from typing import Any

from pydantic_core import PydanticCustomError

CONNECTING = ""

_purposes: dict[str, str] = {CONNECTING: ""}  # name -> what it means


def register(name: str, meaning: str) -> None:
    """Add a purpose; `meaning` is a clause for the API's documentation."""
    _purposes[name] = meaning


def check(name: str) -> str:
    """The name, if it is registered. Raises PydanticCustomError."""
    if name not in _purposes:
        expected = " or ".join(repr(known) for known in _purposes)
        raise PydanticCustomError("literal_error", "Input should be {expected}", {"expected": expected})
    return name


def describe(schema: dict[str, Any]) -> None:
    """Complete the schema of a purpose: it is made when the document is, after every app has started."""
    schema["enum"] = list(_purposes)
    schema["description"] = " ".join(f"“{name}”: {meaning}." for name, meaning in _purposes.items() if meaning)
