"""Calls the functions that a site names in settings (`INBOX_MAY_FOLLOW`, `INBOX_ACTORS`).

Such a function may raise anything, and return anything. Both are caught and logged here, for all of them alike, so that
callers only decide what they do without an answer.
"""

from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from itertools import islice
from typing import Any, TypeVar

from django.db import connections, transaction
from django.utils.translation import gettext as _

from .. import conf
from ..errors import SiteFunctionFailed
from .isolation import log_failure

Answer = TypeVar("Answer")
NAMED = 5  # users in a record of the log


def ask(setting: str, *given: object, read: Callable[[Any], Answer], about: str) -> Answer:
    """Call the function that this setting names, and return what `read` makes of its answer.

    `about` says in the log what was asked about: ids, and no contents. Raises SiteFunctionFailed, whose cause is what
    the function or `read` has raised.
    """
    try:
        with in_savepoints():
            return read(conf.function(setting)(*given))
    except Exception as error:
        log_failure(f"Asking {setting}", about)
        raise SiteFunctionFailed(_("The function that %s names has failed.") % setting) from error


def some(users: Collection[object]) -> str:
    """The first of these ids, for the log."""
    more = f" and {len(users) - NAMED} more" if len(users) > NAMED else ""
    return ", ".join(map(str, islice(users, NAMED))) + more


@contextmanager
def in_savepoints() -> Iterator[None]:
    """If the caller has transactions open, they can go on after an error of a database within. Opens no transaction."""
    with ExitStack() as stack:
        for connection in connections.all(initialized_only=True):
            if connection.in_atomic_block:
                stack.enter_context(transaction.atomic(using=connection.alias))
        yield
