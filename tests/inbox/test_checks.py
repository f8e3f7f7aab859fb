"""A setting that can't be is said at start-up."""

from typing import Any

import pytest

from inbox import checks

pytestmark = pytest.mark.anywhere


@pytest.mark.parametrize("name", checks.NUMBERS)
@pytest.mark.parametrize("value", [0, -1, "600", True, 1.5])
def test_numbers(settings: Any, name: str, value: Any) -> None:
    setattr(settings, name, 5)
    assert checks.check_numbers() == []
    setattr(settings, name, value)
    [error] = checks.check_numbers()
    assert (error.id, error.msg) == ("inbox.E001", f"{name} is {value!r}.")
