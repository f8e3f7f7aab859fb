"""`manage.py seed_demo`: the demo accounts, and something in everybody's inbox. Run again, it adds what is missing."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand
from django.utils import timezone

from inbox import services as inbox
from inbox.errors import NotApproved
from inbox.models import Broadcast, SystemMessage
from inbox.selectors import inbox_page
from notify_site.demo.accounts import ACCOUNTS, PASSWORD, Account
from notify_site.demo.models import Post
from notify_site.demo.story import BEGINNING, Story

SNOOZE = timedelta(minutes=1)
SYSTEM: dict[str, Any] = {
    "title": "Your account is ready",
    "body": "Signed up, signed in, all set. Notifications reach you live on every page you have open.",
    "level": "success",
    "buttons": [
        {
            "label": "Meet the others",
            "url": "/people/",
            "labels": {"de": "Die anderen ansehen", "zh-hans": "看看其他人"},
        },
        {
            "label": "Choose what reaches you",
            "url": "/inbox/preferences/",
            "labels": {"de": "Auswählen, was ankommt", "zh-hans": "选择接收内容"},
        },
    ],
}
BROADCAST = {
    "title": "Red Dot is live",
    "body": "Everything you see in the inbox arrives **by itself**, on every page you have open.\n\n"
    "Administrators write announcements like this one in the administration.",
    "language": "en",
    "translations": {
        "zh-hans": {
            "title": "小红点上线了",
            "body": "收件箱里的内容会**自动**出现在你打开的每个页面上。\n\n管理员可以在管理后台撰写这样的公告。",
        },
        "de": {
            "title": "Red Dot ist da",
            "body": "Alles, was Sie im Posteingang sehen, kommt **von selbst**, auf jeder geöffneten Seite.\n\n"
            "Administratoren schreiben solche Ankündigungen in der Verwaltung.",
        },
    },
}


class Command(BaseCommand):
    help = "Create the demo accounts, posts and messages of every type. Running it again keeps what is there."

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        people = {account.username: _person(account) for account in ACCOUNTS}
        if not SystemMessage.objects.exists():
            inbox.send(people.values(), SystemMessage, created_at=now - BEGINNING, **SYSTEM)
        if not Post.objects.exists():
            Story(people, now).tell()
            for person in people.values():
                _mark(person)
        if not Broadcast.objects.exists():
            broadcast = Broadcast.objects.create(author=people["admin"], **BROADCAST)
            with suppress(NotApproved):  # under the four-eyes rule it is a draft that somebody else can publish
                inbox.publish(broadcast)
        self.stdout.write(f"Demo accounts: {', '.join(people)}; password: {PASSWORD}")


def _mark(person: User) -> None:
    """Star the newest mention, and snooze the newest share: it comes back while one looks around."""
    items = inbox_page(person.pk, limit=100).items
    newest = {item.type: item.ref for item in reversed(items)}
    if "mention" in newest:
        inbox.star(person, [newest["mention"]])
    if "share" in newest:
        inbox.snooze(person, [newest["share"]], timezone.now() + SNOOZE)


def _person(account: Account) -> User:
    """The account as it is, or made; what people changed about theirs stays changed."""
    try:
        return User.objects.get(username=account.username)
    except User.DoesNotExist:
        create = User.objects.create_superuser if account.admin else User.objects.create_user
        names = {"first_name": account.first_name, "last_name": account.last_name}
        return create(account.username, account.email, PASSWORD, **names)
