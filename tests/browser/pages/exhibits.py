"""What the pages of the administration show when each has something to show. It runs inside a site, with the demo's
data: `site.call("tests.browser.pages.exhibits.furnish")`."""

from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.utils import timezone

from inbox import models, services
from inbox.models import Broadcast, Noticed, Scope

READERS = 120  # more than a page of the list has
ACTIVE = 36
TRANSLATED = {
    "de": {
        "title": "Wartung in der Nacht zum Dienstag",
        "body": "Von {{time 2026-12-01T02:00 Europe/Berlin}} an sind Beiträge **nur lesbar**.",
    },
    "zh-hans": {"title": "周二夜间维护", "body": "从 {{time 2026-12-01T02:00 Europe/Berlin}} 起，帖子**只能**阅读。"},
}
BUTTONS = [
    {
        "label": "Status page",
        "labels": {"de": "Statusseite", "zh-hans": "状态页"},
        "url": "https://status.example.org/",
    },
    {"label": "What changes", "labels": {}, "url": "/people/"},
]
BODY = "From {{time 2026-12-01T02:00 Europe/Berlin}} on, posts can be read but **not written**.\n\n- comments\n- likes"
LONG = "Donaudampfschifffahrtsgesellschaft" * 2


def furnish() -> dict[str, int]:
    """An announcement in each state, what readers did with one, sends, tokens, a deleted user: name -> primary key."""
    now = timezone.now()
    for name in ("Moderators", "Translators", "Operations"):
        Group.objects.create(name=name)
    admin = get_user_model().objects.get(username="admin")
    values = {"title": "Maintenance on Tuesday night", "body": BODY, "language": "en", "translations": TRANSLATED}
    everywhere = {"as_banner": True, "as_dialog": True, "level": "warning", "buttons": BUTTONS}
    made = {"live": services.create_broadcast(admin, {**values, **everywhere, "late_joiners": True})}
    services.publish(made["live"])
    services.confirm(admin, [made["live"].ref])  # else its dialog is in front of every page
    read(made["live"])
    people_who(made["live"], "viewer", "view_broadcast", "view_broadcastseries")
    people_who(made["live"], "author", "view_broadcast", "add_broadcast", "change_broadcast")
    services.change_broadcast(made["live"], {"title": "Maintenance on Tuesday night, 02:00 to 04:00"})
    made |= {
        "draft": services.create_broadcast(admin, {**values, "title": "New printer in the studio", "translations": {}}),
        "scheduled": services.create_broadcast(
            admin,
            {"title": "Reading club", "publish_at": now + timedelta(days=7), "expires_at": now + timedelta(days=9)},
        ),
        "blocked": services.create_broadcast(admin, {"title": "For an empty group"}),
        "expired": services.create_broadcast(admin, {"title": f"Summer hours of the {LONG}"}),
        "withdrawn": services.create_broadcast(admin, {"title": "Wrong date", "level": "critical"}),
        "template": services.create_broadcast(admin, {"title": "Weekly backup", "body": "It takes ten minutes."}),
    }
    services.publish(made["scheduled"])
    for name in ("expired", "withdrawn"):
        services.publish(made[name])
    services.expire(made["expired"])
    services.withdraw(made["withdrawn"])
    Broadcast.objects.filter(pk=made["blocked"].pk).update(state="blocked", publish_at=now - timedelta(hours=1))
    services.upload_list(made["draft"], "alice\nbob\ncarol\n")
    return {name: row.pk for name, row in made.items()} | rest(admin, made["template"], now)


def read(broadcast: Broadcast) -> None:
    """For many; some do what is asked of them, each in a way of their own."""
    users = [get_user_model()(username=f"reader{number:03}") for number in range(READERS)]
    get_user_model().objects.bulk_create(users)
    Broadcast.objects.filter(pk=broadcast.pk).update(audience="everyone")
    for number, user in enumerate(get_user_model().objects.filter(username__startswith="reader")[:ACTIVE]):
        acts = [services.mark_read, services.confirm, services.close_banner][: number % 4]
        whats = [Noticed.SHOWN, Noticed.SEEN, Noticed.BUTTON_0][: number % 3 + 1]
        services.note_events(user, [services.Event(broadcast.ref, what) for what in whats])
        for act in acts:
            act(user, [broadcast.ref])


def people_who(live: Broadcast, name: str, *may: str) -> None:
    """Staff with these permissions."""
    made = get_user_model().objects.create(username=name, is_staff=True)
    services.confirm(made, [live.ref])
    made.user_permissions.set(Permission.objects.filter(codename__in=may))


def rest(admin: Any, template: Broadcast, now: Any) -> dict[str, int]:
    series = {"template": template, "rule": "FREQ=WEEKLY;BYDAY=MO,FR", "starts_on": now.date(), "at": now.time()}
    made = services.create_series(admin, {**series, "time_zone": "Europe/Berlin", "duration": timedelta(hours=2)})
    services.start_series(made)
    saved = models.AudienceFilter.objects.create(name="Here since 2020", joined_after="2020-01-01", language="de")
    services.create_token("shop", admin, [Scope.MESSAGES_WRITE, Scope.MESSAGES_READ])
    services.create_token("intranet with a long name", admin, Scope.values, now + timedelta(days=30))
    revoked = models.ServiceToken.objects.get(name="intranet with a long name")
    services.create_token("old", admin, [Scope.TICKETS])
    services.revoke_token(models.ServiceToken.objects.get(name="old"))
    token = models.ServiceToken.objects.get(name="shop")
    people = {"recipients": 2000, "unknown": 3, "token": token}
    sends = [
        models.Send.objects.create(type="system", created=2000, finished_at=now, **people),
        models.Send.objects.create(type="comment", created=1000, **people),
        models.Send.objects.create(
            type="system", failed_at=now, reason="The database did not answer in time.", **people
        ),
    ]
    about = {"found": 2000, "read": 1500, "reason": "The database did not answer in time."}
    corrections = [
        models.Correction.objects.create(kind="rewrite", send=sends[0], found=2000, read=3, finished_at=now),
        models.Correction.objects.create(kind="recall", subject="demo.post:12345", failed_at=now, **about),
    ]
    models.Following.objects.create(mailbox_id=admin.pk, subject="demo.post:1")
    silence = models.Silence.objects.create(mailbox_id=admin.pk, subject=f"demo.post:{LONG}", until=now)
    models.DeletedUser.objects.create(user="7", total=2000, done=500)
    gone = models.DeletedUser.objects.create(user="8", total=10, done=10, finished_at=now)
    return {
        "series": made.pk,
        "filter": saved.pk,
        "silence": silence.pk,
        "service": models.Service.objects.latest("pk").pk,
        "token": revoked.pk,
        "send": sends[-1].pk,
        "correction": corrections[-1].pk,
        "gone": gone.pk,
        "message": models.CommentMessage.objects.latest("pk").pk,
        "mailbox": admin.pk,
        "receipt": models.BroadcastReceipt.objects.latest("pk").pk,
    }
