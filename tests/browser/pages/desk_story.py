"""What is on the pictures of the READMEs that show the desk of announcements. It runs inside a site, with the demo's
data: `site.agent.call("tests.browser.pages.desk_story.tell")`."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.utils import timezone

from inbox import services
from inbox.models import Broadcast, BroadcastReceipt, Engagement, Noticed

READERS = 160
AGE = timedelta(days=3)  # of the announcement that they read
MAINTENANCE = {
    "title": "Maintenance on Tuesday night",
    "body": "From {{time 2026-12-01T02:00 Europe/Berlin}} to **four**, posts can be read but not written.",
    "language": "en",
    "translations": {
        "de": {"title": "Wartung in der Nacht zum Dienstag", "body": "Beiträge sind **nur lesbar**."},
        "zh-hans": {"title": "周二夜间维护", "body": "帖子**只能**阅读。"},
    },
    "level": "warning",
    "as_banner": True,
    "late_joiners": True,
    "buttons": [
        {"label": "What changes", "labels": {"de": "Was sich ändert", "zh-hans": "有哪些变化"}, "url": "/people/"}
    ],
}
OTHERS = {  # title: days from now, days until it expires
    "Summer hours": (-24, 14),
    "Red Dot has a new address": (-12, 9),
    "Reading club: the short story evening": (7, 2),
    "New printer in the studio": (14, 0),
}


def tell() -> int:
    """The key of the announcement that was read."""
    admin, now = get_user_model().objects.get(username="admin"), timezone.now()
    for title, (days, lasts) in OTHERS.items():
        at = now + timedelta(days=days)
        announce(admin, title, at, at + timedelta(days=lasts) if lasts else None)
    get_user_model().objects.bulk_create(get_user_model()(username=f"reader{number:03}") for number in range(READERS))
    read = services.create_broadcast(admin, MAINTENANCE)
    services.publish(read)
    begin = now - AGE
    Broadcast.objects.filter(pk=read.pk).update(published_at=begin)
    for number, reader in enumerate(get_user_model().objects.filter(username__startswith="reader")):
        notice(read, reader, number, begin)
    services.close_banner(admin, [read.ref])
    return read.pk


def announce(admin: Any, title: str, at: datetime, expires_at: datetime | None) -> None:
    made = services.create_broadcast(admin, {"title": title})
    if at > timezone.now():
        services.change_broadcast(made, {"publish_at": at, "expires_at": expires_at})
        services.publish(made)
        return
    services.publish(made)
    services.expire(made)
    Broadcast.objects.filter(pk=made.pk).update(published_at=at, expires_at=expires_at)


def notice(read: Broadcast, reader: Any, number: int, begin: datetime) -> None:
    """Most of them on the first day, each a little later than the one before, and each does less of it."""
    at = begin + AGE * 0.98 * (number / READERS) ** 2.5
    whats = [Noticed.SHOWN, Noticed.SEEN, Noticed.BUTTON_0][: 1 + (number % 6 > 0) + (number % 5 > 2)]
    acts = [services.mark_read, services.close_banner][: 2 - (number % 4 > 1) - (number % 9 > 6)]
    services.note_events(reader, [services.Event(read.ref, what) for what in whats])
    for act in acts:
        act(reader, [read.ref])
    for minutes, what in zip((0, 5, 20), whats, strict=False):
        noticed = Engagement.objects.filter(user=reader, broadcast=read, what=what)
        noticed.update(at=at + timedelta(minutes=minutes))
    for minutes, column in ((90, "read_at"), (240, "banner_closed_at")):
        done = BroadcastReceipt.objects.filter(recipient=reader, broadcast=read, **{f"{column}__isnull": False})
        done.update(**{column: min(at + timedelta(minutes=minutes), timezone.now())})
