"""Forms that create something, sent twice: by a double click, by the back button, by a browser that tries again.

A form carries a key of its own, drawn when it is shown. The key, with what was filled in, is claimed in the transaction
that creates: a second transaction with the same waits for the first one's end, and is refused if that has committed. A
form that was filled in anew after going back is another.
"""

import uuid
from datetime import timedelta

from django.db import IntegrityError, transaction

from ..core import ledger
from ..errors import InboxError
from ..models import Submission

LIFETIME = timedelta(days=1)  # longer than a form is kept open


class AlreadySubmitted(InboxError):
    """A form with this claim has created what it was to create; `result` is what `settle_form` noted."""

    code = "already_submitted"

    def __init__(self, claim: str) -> None:
        super().__init__(claim)
        self.claim = claim

    @property
    def result(self) -> str:
        """Read it after the transaction in which this was raised has been rolled back."""
        found = Submission.objects.filter(pk=self.claim).values_list("result", flat=True).first()
        return found or ""


def new_form_key() -> str:
    """For a form that is about to be shown."""
    return str(uuid.uuid4())


def claim_form(key: str, said: object) -> str:
    """Call it first in the transaction that creates, with what was filled in (its `repr` counts); returns the claim.

    Raises AlreadySubmitted. What is no key of ours is passed over: the claim is empty then.
    """
    try:
        claim = str(uuid.uuid5(uuid.UUID(key), repr(said).encode("utf-8", "surrogatepass").hex()))
    except ValueError:
        return ""
    try:
        with transaction.atomic(using=ledger.alias()):
            Submission.objects.create(key=claim)
    except IntegrityError as error:
        raise AlreadySubmitted(claim) from error
    return claim


def settle_form(claim: str, result: str) -> None:
    """Note what was created, in the same transaction."""
    if claim:
        Submission.objects.filter(pk=claim).update(result=result)
