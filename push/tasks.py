"""The Celery tasks. They take ids and call what does the work; doing one twice does no harm."""

from celery import shared_task

from inbox import services
from inbox.snapshots import UserId

from . import bus, outlets
from .bus import Nudge


@shared_task(ignore_result=True)
def fan_out(user_ids: list[UserId], item: str | None = None) -> None:
    """Tell everyone who delivers that these users' state may have changed (at most `conf.BULK` of them)."""
    bus.publish(Nudge(user_ids, item))
    outlets.changed(user_ids)


@shared_task(ignore_result=True)
def fan_out_broadcast(item: str | None = None) -> None:
    """Tell everyone who delivers that everybody's state may have changed."""
    bus.publish(Nudge(None, item))
    outlets.changed(None)


@shared_task(ignore_result=True)
def sweep() -> None:
    """What is due by time (broadcasts, deleted messages), and what outlets have missed. Run by beat and by the hubs."""
    outlets.sweep()
    services.apply_due()
    services.purge_deleted()
