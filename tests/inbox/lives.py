"""People of whom the inbox holds everything that it can hold."""

import json
from io import StringIO
from typing import Any

from django.contrib.auth.models import User
from django.core.management import call_command

from inbox import selectors, services
from inbox.models import Broadcast, CommentMessage, Following, FollowMessage, Noticed, SystemMessage

from .people import live, people


class Life:
    """Ann has done everything that one can do here, some of it with Bob; Cid has an inbox of his own."""

    def __init__(self) -> None:
        self.ann, self.bob, self.cid = people(3)
        both = [self.ann, self.bob]
        services.send(both, CommentMessage, actor=self.ann, target_title="Tea", excerpt="小红点 “yes”")
        services.send([self.ann], FollowMessage, actor=self.bob)
        services.send([self.bob, self.cid], FollowMessage, actor=self.cid)
        services.send([self.ann], SystemMessage, title="Hello", body="World", level="critical")
        rows = {model: model.objects.get(recipient=self.ann).ref for model in (CommentMessage, SystemMessage)}
        services.archive(self.ann, [rows[CommentMessage]])
        services.delete(self.ann, [rows[SystemMessage]])
        self.news, self.dismissed, self.over, self.unseen = (live(title=f"News {n}") for n in range(4))
        services.mark_read(self.ann, [self.news.ref, self.over.ref])
        services.mark_read(self.bob, [self.news.ref])
        services.delete(self.ann, [self.dismissed.ref])
        services.withdraw(self.over)
        Broadcast.objects.filter(pk=self.news.pk).update(author=self.ann)
        services.note_events(self.ann, [services.Event(self.news.ref, Noticed.SEEN, "bell")])
        services.set_muted(self.ann, ["like", "share"])
        for one in both:
            Following.objects.create(mailbox_id=one, subject="blog.post:7")
            services.silence(one, "blog.post:8")
        chosen = {"language": "de", "time_zone": "Asia/Tokyo", "character_keys": False, "density": "compact"}
        services.set_preferences(self.ann, **chosen)
        self.token = services.create_token("shop", User.objects.get(pk=self.ann), ["tickets", "messages:write"])
        self.others_token = services.create_token("else", User.objects.get(pk=self.cid), ["tickets"])

    def name(self, pk: Any) -> str:
        return str(User.objects.get(pk=pk).username)


def run(command: str, *options: str) -> str:
    """What a command printed."""
    call_command(command, *options, stdout=(out := StringIO()))
    return out.getvalue()


def exported(user: Any) -> Any:
    return json.loads("".join(selectors.export(user)))
