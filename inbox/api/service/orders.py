"""Builds orders from the events of a request. Looks up the users of all events together."""

from collections.abc import Sequence

from django.contrib.auth.models import AbstractBaseUser, Group
from django.utils.translation import gettext as _

from ... import services
from ...core.users import UserPk
from ...errors import BadValue
from ...models import ServiceToken, ledger
from ...services import Order, recipients
from ...services.recipients import Recipient
from ..shared.faults import fault
from ..shared.problems import BadValues
from .events import Event

MAX_NAMED = 5  # unknown recipients named in an error


class OrderBuilder:
    """Builds the orders of one request. The owner of the token is the actor of events that name none."""

    def __init__(self, events: Sequence[Event], token: ServiceToken) -> None:
        self._owner, self._service = token.owner, token.service_id
        named = [recipient for event in events for recipient in event.recipients or ()]
        actors = [event.actor for event in events if event.actor is not None]
        self._directory = recipients.Directory([*named, *actors])
        self._audiences: dict[tuple[str, tuple[str, ...]], list[UserPk]] = {}

    def build(self, event: Event) -> Order:
        """Raises BadValues for errors that the schema can't find, but the database or the model can."""
        known, unknown = self._recipients(event)
        if unknown and event.strict:
            shown = ", ".join(str(recipient) for recipient in unknown[:MAX_NAMED])
            raise BadValues([fault("body", ["recipients"], _("There is no such user: %s.") % shown)])
        try:
            about = event.topic if event.subject is None else event.subject
            columns = {"dedupe_key": self._dedupe_key(event), "target": about, **event.columns()}
            columns["buttons"] = event.stored_buttons()
            message = services.draft(event.model(), actor=self._actor(event), **columns)
        except BadValue as error:
            raise BadValues([fault("body", [], error.detail)]) from error
        return Order(message, known, unknown, event.key, event.topic or "")

    def _dedupe_key(self, event: Event) -> str | None:
        if event.dedupe_key is None or self._service is None:
            return event.dedupe_key
        return services.scoped_key(self._service, event.dedupe_key)

    def _recipients(self, event: Event) -> tuple[list[UserPk], list[Recipient]]:
        """The primary keys of recipients, sorted; and the recipients that do not exist."""
        if event.recipients is not None or event.topic is not None:
            return self._directory.sort(event.recipients or [])
        named = (event.audience, tuple(event.groups or ()))
        if named not in self._audiences:
            self._audiences[named] = recipients.audience(event.audience, group_keys(event.groups or []))
        return self._audiences[named], []

    def _actor(self, event: Event) -> AbstractBaseUser | UserPk | None:
        if event.actor is None:
            return None if "actor" in event.model_fields_set else self._owner
        if (found := self._directory.find(event.actor)) is None:
            raise BadValues([fault("body", ["actor"], _("There is no such user."))])
        return found


def group_keys(names: Sequence[str]) -> list[int]:
    """Primary keys of the groups with these names. Raises BadValues for unknown names."""
    found = dict(Group.objects.using(ledger.alias()).filter(name__in=names).values_list("name", "pk"))
    missing = [(n, name) for n, name in enumerate(names) if name not in found]
    if missing:
        raise BadValues([fault("body", ["groups", n], _("There is no group “%s”.") % name) for n, name in missing])
    return list(found.values())
