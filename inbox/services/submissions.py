"""Forms that create something, protected against a second submission: by a double click, by the back button, or by a
browser that retries.

Each form has a random key, made when it is rendered. The transaction that creates the object first claims the key
together with the submitted values. A second transaction with the same claim waits for the end of the first one, and is
refused if that one has committed. If a user goes back and changes the values, that is a new claim.
"""

import uuid
from datetime import timedelta

from django.db import IntegrityError, transaction

from ..errors import InboxError
from ..models import Submission, ledger

LIFETIME = timedelta(days=1)  # longer than a form is kept open


class AlreadySubmitted(InboxError):
    """A form with this claim has created its object already; `result` is what `settle_form` stored."""

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
    """The random key of a form that is about to be rendered."""
    return str(uuid.uuid4())


def claim_form(key: str, said: object) -> str:
    """Claim a form. Call it first in the transaction that creates, with the submitted values (their `repr` counts).

    Returns the claim; "" if `key` is no key of ours. Raises AlreadySubmitted.
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
    """Store what was created. Call it in the same transaction."""
    if claim:
        Submission.objects.filter(pk=claim).update(result=result)
