"""The settings that are part of users' states: the unread cap, and which levels and types are important.

All processes use what is recorded on the row of the broadcast clock, so one version means one state even while some of
them have other settings, during a deploy. Which settings are recorded is decided by who started last: a process that
finds others than its own reports it, if they were recorded before it started. An older process never writes back, so
each start of a process changes them once at most. Where none are recorded, the default ones are in use.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import NamedTuple

from .. import conf
from ..core.sql.compiled import Compiled
from ..models import BroadcastClock, ledger
from . import undone
from .items import Item


class Recorded(NamedTuple):
    """The settings in use."""

    unread_cap: int
    important: tuple[str, ...]

    def says_important(self, type: str, level: str) -> bool:
        return type in self.important or level in self.important


def own() -> Recorded:
    """Those of this process."""
    return Recorded(conf.unread_cap(), conf.important())


def is_outdated(clock: BroadcastClock | None) -> bool:
    """Whether this process has to record its own settings. The default ones are recorded only over others."""
    at: datetime | None = clock.settings_at if clock else None
    return of(clock) != own() and (at is None or at < conf.STARTED)


def of(clock: BroadcastClock | None) -> Recorded:
    """The settings in this row; the default ones if none are recorded, in every process."""
    if clock is None or clock.unread_cap is None or clock.important is None:
        return Recorded(conf.DEFAULT_UNREAD_CAP, conf.DEFAULT_IMPORTANT)
    return Recorded(clock.unread_cap, tuple(clock.important))


def recorded() -> Recorded:
    """The settings in use. Reports it if this process has to record its own."""
    clock = next(iter(_compiled(ledger.alias()).instances({})), None)
    if is_outdated(clock):
        undone.report_settings()
    return of(clock)


@cache
def _compiled(alias: str) -> Compiled[BroadcastClock]:
    return Compiled(BroadcastClock.objects.using(alias).filter(pk=BroadcastClock.THE_ONE))


def with_importance(items: Iterable[Item]) -> list[Item]:
    """The items, each with the mark whether it is important."""
    settings = recorded()
    return [replace(item, important=True) if settings.says_important(item.type, item.level) else item for item in items]
