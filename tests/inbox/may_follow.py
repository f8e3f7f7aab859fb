"""What the tests' site says when it is asked who may follow: everybody, except what a test forbids."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.test import override_settings

asked: list[tuple[set[Any], str]] = []
refused: set[Any] = set()


def may_follow(users: set[Any], subject: str) -> Iterable[Any]:
    asked.append((set(users), subject))
    return () if subject in refused else users - refused


@contextmanager
def a_site_that_lets_follow() -> Iterator[None]:
    asked.clear(), refused.clear()
    with override_settings(INBOX_MAY_FOLLOW=f"{__name__}.may_follow"):
        yield
