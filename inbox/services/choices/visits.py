"""A page about a subject was shown: what the user has unread about that subject is read."""

from functools import cache
from typing import Any

from django.db.models import Value

from ...core.lookups import RECIPIENT, Parameter
from ...core.snapshots import CLOCK_UNIT, user_id
from ...core.sql.compiled import Compiled
from ...core.subjects import Target, subject_of
from ...core.users import UserOrPk, UserPk, user_pk
from ...core.visits import read_visit
from ...models import Message, event_types, ledger
from ..acts.actions import READ, perform
from ..acts.journal import locked_mailbox
from ..acts.marked import compiled, of_messages, owned_by, write
from ..sending import let_others_write

BATCH = 1000  # messages per transaction
SUBJECT, VERSION = Parameter(), Parameter()


def visit(user: UserOrPk, visit: str) -> int:
    """Read what the visited page could show: `visit` is what `{% visited %}` has put into it. Returns how many changed.

    Raises BadValue for a visit that is broken, too old or another user's.
    """
    pk = user_pk(user)
    subject, version = read_visit(visit, user_id(pk))
    return read_about(pk, subject, version)


def read_about(user: UserOrPk, target: Target, up_to: int) -> int:
    """Mark as read everything about this object that was unread at version `up_to`; returns how many changed.

    What arrives or becomes unread again after that version stays unread. Works in batches. Raises NotFound for an
    unknown user.
    """
    pk, subject, version = user_pk(user), subject_of(target), up_to % CLOCK_UNIT
    marked = 0
    while batch := _read_batch(pk, subject, version):
        marked += batch
        if batch < BATCH:
            break
        let_others_write()
    return marked


@ledger.retrying
def _read_batch(pk: UserPk, subject: str, version: int) -> int:
    """All types in one transaction, so that a badge changes once."""
    with locked_mailbox(pk):
        values = {**owned_by(pk), SUBJECT: subject, VERSION: version}
        rows = of_messages([(_about(ledger.alias(), model), values) for model in event_types().values()], BATCH)
        for row in rows:
            perform(READ, row)
        return write(pk, rows)


@cache
def _about(alias: str, model: type[Message]) -> Compiled[Any]:
    rows = model.objects.using(alias).unread().filter(recipient=Value(RECIPIENT), subject=Value(SUBJECT))
    return compiled(rows.filter(seq__lte=Value(VERSION)).exclude(since__gt=Value(VERSION)))
