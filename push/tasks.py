"""The Celery tasks. They take ids and call what does the work; doing one twice does no harm."""

from celery import shared_task

from inbox import services
from inbox.snapshots import UserId

from . import bus
from .bus import Nudge


@shared_task(ignore_result=True)
def fan_out(user_ids: list[UserId], item: str | None = None) -> None:
    """Tell everyone who delivers that these users' state may have changed (at most `conf.BULK` of them)."""
    bus.publish(Nudge(user_ids, item))


@shared_task(ignore_result=True)
def fan_out_broadcast(item: str | None = None) -> None:
    """Tell everyone who delivers that everybody's state may have changed."""
    bus.publish(Nudge(None, item))


@shared_task(ignore_result=True)
def sweep() -> None:
    """What is due by time: scheduled and expiring broadcasts, deleted messages. Run by beat and by the hubs."""
    services.apply_due()
    services.purge_deleted()
