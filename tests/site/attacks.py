"""Attacks (tests/payloads.py) in every column that people write, past all validators: the worst that a page can get."""

from collections.abc import Iterator
from datetime import date
from itertools import cycle, islice, zip_longest
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.utils import timezone

from inbox import models, services
from notify_site.demo import services as demo
from tests.payloads import BODIES, LIVE, TEXTS, packed

READER = "bob"
CODE = '"><svg/onload=alert(1)>'  # of a language
LINK = "/people/?\"'><img/src=xss/onerror=alert(1)>"  # is a link within the site, as it stands
LABELS = list(packed(TEXTS, 60))
User = get_user_model()


def fill() -> dict[str, Any]:
    """The keys of what pages are about. In bulk, as far as that goes: it is much."""
    people = _people()
    Group.objects.bulk_create([Group(name=name) for name in packed(TEXTS, 150)])
    day = date(2020, 1, 1)
    models.AudienceFilter.objects.bulk_create(
        [models.AudienceFilter(name=name, joined_before=day) for name in packed(TEXTS, 100)]
    )
    _messages(people)
    draft, *live = models.Broadcast.objects.bulk_create(list(_announcements()))
    draft.title += " again"
    draft.save()  # a line in its history
    for label in LABELS[:9]:
        services.create_token(label, User.objects.get(username="admin"), ["messages:write"])
    return {
        "names": [user.get_username() for user in people],
        **_staff(),
        "post": _posts(people),
        "draft": draft.pk,
        "live": live[0].pk,
        "series": _series(),
    }


def _people() -> list[Any]:
    """Their user names have no slash: the demo's pages of people have the name in their address."""
    names = enumerate(packed(LIVE, 150))
    return User.objects.bulk_create(
        User(username=name.replace("/", "\\"), first_name=name, last_name=name, email=f'"{LABELS[at]}"@xss.example')
        for at, name in names
    )


def _staff() -> dict[str, str]:
    """Registered later: the pages of the admin have enough of it without banners and dialogs."""
    author = User.objects.create(username="xss author", is_staff=True, is_superuser=True)
    approver = User.objects.create(username="xss approver", is_staff=True)
    approver.user_permissions.add(Permission.objects.get(codename="view_broadcast"))
    return {"author": author.get_username(), "approver": approver.get_username()}


def _messages(people: list[Any]) -> None:
    reader, types = User.objects.get(username=READER), models.event_types()
    texts: dict[str, tuple[str, ...]] = {
        "comment": ("target_title", "excerpt"),
        "mention": ("target_title", "excerpt"),
        "share": ("resource_title", "note"),
        "like": ("target_title",),
        "follow": (),
        "system": ("title", "body"),
    }
    for name, columns in texts.items():
        rows = zip(cycle([LINK, "javascript:alert(1)", "//xss.example/"]), people, packed(TEXTS, 200), strict=False)
        types[name].objects.bulk_create(
            [
                types[name](
                    recipient=reader, actor=by, url=url, buttons=_buttons(text[:60]), **dict.fromkeys(columns, text)
                )
                for url, by, text in rows
            ]
        )


def _buttons(label: str) -> list[dict[str, Any]]:
    urls = (LINK, "javascript:alert(1)", "https://xss.example/\"'onmouseover=alert(1)//")
    return [{"url": url, "label": label, "labels": {"de": label, CODE: "x"}} for url in urls]


def _announcements() -> Iterator[models.Broadcast]:
    """All attacks in titles, bodies and labels, in two languages. The first is a draft, the second a dialog, too."""
    titles, bodies = list(packed(TEXTS, 200)), list(packed(BODIES, 9_000, "\n\n"))
    author = User.objects.get(username="admin")
    for at, (title, german) in enumerate(zip_longest(titles[::2], titles[1::2], fillvalue="x")):
        body, labels = bodies[at % len(bodies)] if at < 6 else title, islice(cycle(LABELS), 4 * at, None)
        yield models.Broadcast(
            title=title,
            body=body,
            language="en",
            translations={
                "de": {"title": german, "body": bodies[-1] if at < 3 else german},
                CODE: {"title": title, "body": ""},
            },
            url=LINK if at % 2 else "javascript:alert(1)",
            buttons=[
                {"url": url, "label": next(labels), "labels": {"de": next(labels), CODE: "x"}}
                for url in (LINK, "https://xss.example/\"'onmouseover=alert(1)//")
            ],
            as_banner=True,
            as_dialog=at == 1,
            level="critical" if at < 3 else "warning",
            for_visitors=True,
            author=author,
            state="live" if at else "draft",
        )


def _posts(people: list[Any]) -> int:
    """The key of one of them."""
    reader = User.objects.get(username=READER)
    for author, text, comment in zip(people[:5], packed(BODIES, 500), packed(TEXTS, 300), strict=False):
        post = demo.write_post(author, text)
        demo.write_comment(author, post, comment)
        demo.set_follow(reader, author, following=True)
    return int(post.pk)


def _series() -> int:
    template = models.Broadcast.objects.create(title=CODE, body=CODE)
    values = {"rule": "FREQ=DAILY", "starts_on": timezone.localdate(), "at": timezone.now().time(), "time_zone": "UTC"}
    author = User.objects.get(username="admin")
    return int(services.create_series(author, {**values, "template": template, "duration": None}).pk)
