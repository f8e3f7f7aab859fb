"""From the events of a request to what is to be sent: everybody whom they name is looked up together."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.contrib.auth.models import Group
from django.utils.translation import gettext as _

from ... import services
from ...core import ledger, recipients
from ...errors import BadValue
from ...services.sends import Order
from ..shared.problems import BadValues, fault
from .events import Event

NAMED = 5  # unknown recipients in a sentence


class Addressed(NamedTuple):
    """An order, and the recipients that do not exist, as they were given."""

    order: Order
    unknown: list[Any]


class Addresses:
    """Everybody whom some events name."""

    def __init__(self, events: Sequence[Event], owner: Any) -> None:
        self._owner = owner
        named = [one for event in events for one in event.recipients or ()]
        actors = [event.actor for event in events if event.actor is not None]
        self._directory = recipients.Directory([*named, *actors])
        self._audiences: dict[Any, list[Any]] = {}

    def order(self, event: Event) -> Addressed:
        """What is to be sent. Raises BadValues for what the event's schema could not know."""
        known, unknown = self._recipients(event)
        if unknown and event.strict:
            shown = ", ".join(str(one) for one in unknown[:NAMED])
            raise BadValues([fault("body", ["recipients"], _("There is no such user: %s.") % shown)])
        try:
            columns = {"dedupe_key": event.dedupe_key, **event.columns()}
            message = services.draft(event.model(), actor=self._actor(event), **columns)
        except BadValue as error:
            raise BadValues([fault("body", [], error.detail)]) from error
        return Addressed(Order(message, known, len(unknown)), unknown)

    def _recipients(self, event: Event) -> tuple[list[Any], list[Any]]:
        if event.recipients is not None:
            return self._directory.sort(event.recipients)
        named = (event.audience, tuple(event.groups or ()))
        if named not in self._audiences:
            self._audiences[named] = recipients.audience(event.audience, group_keys(event.groups or []))
        return self._audiences[named], []

    def _actor(self, event: Event) -> Any:
        if event.actor is None:
            return None if "actor" in event.model_fields_set else self._owner
        if (found := self._directory.find(event.actor)) is None:
            raise BadValues([fault("body", ["actor"], _("There is no such user."))])
        return found


def group_keys(names: Sequence[str]) -> list[Any]:
    """Primary keys of the groups of these names. Raises BadValues if there is none of one."""
    found = dict(Group.objects.using(ledger.alias()).filter(name__in=names).values_list("name", "pk"))
    missing = [(n, name) for n, name in enumerate(names) if name not in found]
    if missing:
        raise BadValues([fault("body", ["groups", n], _("There is no group “%s”.") % name) for n, name in missing])
    return list(found.values())
