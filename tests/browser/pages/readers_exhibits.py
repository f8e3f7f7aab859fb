"""What the pages of readers show, beside the demo's data and `exhibits.furnish`. It runs inside a site:
`site.call("tests.browser.pages.readers_exhibits.furnish", names)`."""

from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.utils import timezone

from inbox import models, services
from tests.browser.pages.exhibits import BODY, BUTTONS, LONG, TRANSLATED

ARABIC = "النسخة الاحتياطية جاهزة الآن"
NOTICES = {"info": "New printer in the studio", "success": "The archive is back", "critical": "Change your password"}
TABLE = "| Day | Room |\n|---|---|\n| Monday | Library |\n| Tuesday | Studio |\n\n> Bring a friend.\n\n1. tea\n2. cake"


def furnish(names: dict[str, int]) -> None:
    """nobody has nothing, single has one message, long has long words, greeted must confirm, crowded has banners."""
    live = models.Broadcast.objects.get(pk=names["live"])
    nobody, single, long, crowded, _greeted = (
        person(name) for name in ("nobody", "single", "long", "crowded", "greeted")
    )
    demo = [*get_user_model().objects.filter(username__in=("alice", "bob", "carol"))]
    for each in (*demo, nobody, single, long, crowded):
        services.confirm(each, [live.ref])
        if each != crowded:
            services.close_banner(each, [live.ref])
    for each in (nobody, single):
        services.delete(each, [live.ref])
    services.send([single], models.SystemMessage, title="Your account is ready", url="/people/")
    crowd(crowded)
    tell_much(long)


def person(name: str) -> Any:
    return get_user_model().objects.create(username=name)


def crowd(reader: Any) -> None:
    group = Group.objects.create(name="The crowd")
    reader.groups.add(group)
    admin = get_user_model().objects.get(username="admin")
    for level, title in NOTICES.items():
        values = {"title": title, "body": BODY, "level": level, "audience": "groups", "as_banner": True}
        made = services.create_broadcast(admin, {**values, "groups": [group.pk], "translations": TRANSLATED})
        services.publish(made)


def tell_much(reader: Any) -> None:
    """All levels, buttons, markup, and words that do not fit."""
    alice = get_user_model().objects.get(username="alice")
    sends = services.send
    sends([reader], models.CommentMessage, actor=alice, target_title=LONG * 2, excerpt=f"https://example.org/{LONG}")
    sends([reader], models.ShareMessage, actor=alice, resource_title=ARABIC, note=ARABIC)
    sends([reader], models.SystemMessage, title="A backup is late", body="Tea\n" * 6, level="warning", buttons=BUTTONS)
    sends([reader], models.SystemMessage, title=LONG, body="It is done. " * 30, level="success")
    sends(
        [reader], models.SystemMessage, title="The disk is full", body=f"{LONG} " * 3, level="critical", url="/people/"
    )
    group = Group.objects.create(name="The long")
    reader.groups.add(group)
    values = {"title": "Reading club", "body": TABLE, "audience": "groups", "groups": [group.pk], "buttons": BUTTONS}
    services.publish(services.create_broadcast(get_user_model().objects.get(username="admin"), values))
    for number, subject in enumerate(("demo.post:1", f"demo.post:{LONG}")):
        models.Following.objects.create(mailbox_id=reader.pk, subject=subject)
        until = timezone.now() + timedelta(days=number + 1)
        models.Silence.objects.create(mailbox_id=reader.pk, subject=subject, until=until if number else None)
