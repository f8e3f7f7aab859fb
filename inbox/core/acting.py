"""Who acts: the user for whom the code of this thread or task writes. The history of broadcasts names them."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from .users import UserPk

_actor: ContextVar[UserPk | None] = ContextVar("inbox_actor", default=None)


@contextmanager
def acting(user: UserPk | None) -> Iterator[None]:
    token = _actor.set(user)
    try:
        yield
    finally:
        _actor.reset(token)


def actor() -> UserPk | None:
    """None for what nobody does: a broadcast that starts or ends at its time."""
    return _actor.get()
