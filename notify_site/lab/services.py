"""What the lab's buttons do. Everything goes to the user who pressed one, except a broadcast, which is for staff."""

import logging
import threading
import time
from datetime import timedelta

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from inbox import selectors, services
from inbox.core.snapshots import user_id
from inbox.models import Broadcast, SystemMessage
from push import hub

from .models import Burst
from .stamps import now, stamping

logger = logging.getLogger(__name__)

BURST = 1000  # commits
MOST_BURSTS = 4  # at a time, of all users
REPORT = 50  # commits between two notes of progress
PAUSE = 0.002  # seconds between two commits: SQLite has one writer, and others want to write as well
BROADCAST_LIFE = timedelta(minutes=10)

Commit = tuple[int, float]  # version, epoch milliseconds


class Busy(Exception):
    """Too many bursts are running."""


def may_broadcast(user: User) -> bool:
    """Everybody would see it, so the same people may as in the administration."""
    return user.is_staff and user.has_perms(["inbox.add_broadcast", "inbox.publish_broadcast"])


def event(user: User) -> Commit:
    """One message to this user."""
    with stamping() as stamps:
        _send(user, _("An event from the lab"))
    return selectors.snapshot(user.pk).version, _last(stamps)


def broadcast(user: User) -> Commit:
    """One announcement to everybody, gone after ten minutes. Raises NotApproved under the four-eyes rule."""
    text = _("Sent from the lab; it goes away by itself.")
    expires_at = timezone.now() + BROADCAST_LIFE
    made = Broadcast(title=_("A broadcast from the lab"), body=text, author=user, expires_at=expires_at)
    with stamping() as stamps, transaction.atomic():
        made.save()
        services.publish(made)
    return selectors.snapshot(user.pk).version, _last(stamps)


def disconnect(user: User) -> None:
    """End what this process holds for the user; clients come back. Other processes' connections stay."""
    hub.disconnect(user_id(user.pk))


def start_burst(user: User, total: int = BURST) -> Burst:
    """`total` messages to this user, one commit each, on a thread of its own. Raises Busy."""
    running = Burst.objects.running()
    if running.filter(user=user).exists() or running.count() >= MOST_BURSTS:
        raise Busy
    Burst.objects.filter(user=user).delete()
    burst: Burst = Burst.objects.create(user=user, total=total)
    threading.Thread(target=_run, args=(burst, get_language()), name="lab-burst", daemon=True).start()
    return burst


def _run(burst: Burst, language: str | None) -> None:
    commits: list[Commit] = []
    try:
        with override(language):
            _send_all(burst, commits)
    except Exception:
        logger.exception("Burst %s ended early", burst.pk)
    finally:
        Burst.objects.filter(pk=burst.pk).update(done=len(commits), commits=commits, ended_at=timezone.now())
        connection.close()


def _send_all(burst: Burst, commits: list[Commit]) -> None:
    for number in range(1, burst.total + 1):
        with stamping() as stamps:
            _send(burst.user, _("Event %(number)d of a burst") % {"number": number})
        commits.append((selectors.versions([burst.user_id])[user_id(burst.user_id)], _last(stamps)))
        if number % REPORT == 0:
            Burst.objects.filter(pk=burst.pk).update(done=number)
        time.sleep(PAUSE)


def _send(user: User, title: str) -> None:
    services.send([user], SystemMessage, title=title, url="/lab/")


def _last(stamps: list[float]) -> float:
    """The moment of the newest commit; by now at the latest."""
    return stamps[-1] if stamps else now()
