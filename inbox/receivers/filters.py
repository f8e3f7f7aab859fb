"""The deletion of saved filters."""

from django.db.models import ProtectedError
from django.utils.translation import gettext as _

from ..models import AudienceFilter, ledger


def filter_deleting(instance: AudienceFilter, **kwargs: object) -> None:
    """Raise ProtectedError if an active series uses it: the next occurrence would lack those whom it finds, or show
    itself to those whom it leaves out."""
    with ledger.locked_clock():
        if instance.is_recurring:
            raise ProtectedError(_("A recurring announcement uses this filter: stop it first."), {instance})
