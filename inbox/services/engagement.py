"""What clients report in batches: broadcasts that were shown and seen, links that were followed."""

import logging
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from ..core.snapshots import CLOCK_UNIT
from ..core.users import UserOrPk, UserPk, user_pk
from ..errors import BadValue, NotFound
from ..models import Broadcast, Engagement, Noticed, audiences, ledger, refs

BATCH = 100
BUTTONS = {Noticed.BUTTON_0: 1, Noticed.BUTTON_1: 2}  # how many buttons there have to be

Row = tuple[int, int, str]  # of a user: broadcast, `again`, what

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Event:
    """`version`: that of what was on screen. If the broadcast was shown again since, the event is void."""

    ref: str
    what: Noticed
    surface: str = ""
    version: int | None = None


def note_events(user: UserOrPk, events: Collection[Event]) -> int:
    """Note what a user was shown, has seen and followed; returns how much of it is new. Repeated events count once.

    What is not for this user, is not live or has no such button is passed over, so that one such event harms no other.
    Takes no lock on the mailbox and advances no version. Raises BadValue for more than 100 events.
    """
    if len(events) > BATCH:
        raise BadValue(_("At most %(count)d events at a time.") % {"count": BATCH})
    return _note(user_pk(user), events)


def _note(pk: UserPk, events: Iterable[Event]) -> int:
    keys = {event: key for event in events if (key := _key(event.ref)) is not None}
    live = audiences.live_for(pk).filter(pk__in=set(keys.values()))
    found = {row.pk: row for row in live.only("again", "again_clock", "buttons", "url")}
    wanted: dict[Row, str] = {
        (key, found[key].again, event.what): event.surface
        for event, key in keys.items()
        if key in found and _is_valid(event, found[key])
    }
    known = set(Engagement.objects.filter(user=pk, broadcast__in=found).values_list("broadcast", "again", "what"))
    return _write(pk, {row: wanted[row] for row in sorted(_new(set(wanted), known))}) if wanted else 0


def _new(wanted: set[Row], known: set[Row]) -> set[Row]:
    """Without what others imply: who has seen a broadcast was shown it."""
    more = {row[:2] for row in wanted | known if row[2] != Noticed.SHOWN}
    return {row for row in wanted - known if row[2] != Noticed.SHOWN or row[:2] not in more}


def _key(ref: str) -> refs.RowPk | None:
    """The primary key of a broadcast."""
    try:
        [(name, [key])] = refs.parse([ref]).items()
    except NotFound:
        return None
    return key if name == refs.BROADCAST else None


def _is_valid(event: Event, broadcast: Broadcast) -> bool:
    if event.version is not None and broadcast.again_clock > event.version // CLOCK_UNIT:
        return False
    if event.what == Noticed.LINK:
        return bool(broadcast.url)
    return len(broadcast.valid_buttons) >= BUTTONS.get(event.what, 0)


def _write(pk: UserPk, rows: Mapping[Row, str]) -> int:
    """In the order of their keys, so that two batches of a user do not deadlock."""
    made = [
        Engagement(broadcast_id=key, user_id=pk, again=again, what=what, surface=surface)
        for (key, again, what), surface in rows.items()
    ]
    try:
        with transaction.atomic(using=ledger.alias()):
            Engagement.objects.bulk_create(made, ignore_conflicts=True)
    except IntegrityError:  # the broadcast or the user was deleted meanwhile
        logger.info("%d events came too late", len(made))
        return 0
    return len(made)
