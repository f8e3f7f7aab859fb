"""Forms that create something, sent twice: by a double click, by the back button, by a browser that tries again.

A form carries a key of its own, drawn when it is shown. The key is claimed in the transaction that creates: a second
transaction with the same key waits for the first one's end, and is refused if that has committed.
"""

import uuid
from datetime import timedelta

from django.db import IntegrityError, transaction

from .. import ledger
from ..errors import InboxError
from ..models import Submission

LIFETIME = timedelta(days=1)  # longer than a form is kept open


class AlreadySubmitted(InboxError):
    """A form with this key has created what it was to create; `result` is what `settle_form` noted."""

    code = "already_submitted"

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key

    @property
    def result(self) -> str:
        """Read it after the transaction in which this was raised has been rolled back."""
        found = Submission.objects.filter(pk=self.key).values_list("result", flat=True).first()
        return found or ""


def new_form_key() -> str:
    """For a form that is about to be shown."""
    return str(uuid.uuid4())


def claim_form(key: str) -> None:
    """Call it first in the transaction that creates. Raises AlreadySubmitted; what is no key of ours is passed over."""
    if not _is_key(key):
        return
    try:
        with transaction.atomic(using=ledger.alias()):
            Submission.objects.create(key=key)
    except IntegrityError as error:
        raise AlreadySubmitted(key) from error


def settle_form(key: str, result: str) -> None:
    """Note what was created, in the same transaction."""
    if _is_key(key):
        Submission.objects.filter(pk=key).update(result=result)


def _is_key(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False
