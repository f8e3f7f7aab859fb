"""`manage.py seed_demo`: something to see for everybody, and nothing lost the second time."""

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db.models import Model
from pytest_django import Settings

from inbox.models import Broadcast, event_types
from inbox.selectors import inbox_page, snapshot
from notify_site.demo.accounts import ACCOUNTS, PASSWORD, Account
from notify_site.demo.models import Comment, Follow, Like, Post

pytestmark = pytest.mark.django_db(transaction=True)


def counts() -> list[int]:
    models: tuple[type[Model], ...] = (User, Post, Comment, Like, Follow, Broadcast, *event_types().values())
    return [model._default_manager.count() for model in models]


def test_everybody_has_something_of_most_types() -> None:
    call_command("seed_demo", verbosity=0)
    people = {user.username: user for user in User.objects.all()}
    assert list(people) == [account.username for account in ACCOUNTS]
    assert all(person.check_password(PASSWORD) for person in people.values())
    assert people["admin"].is_superuser
    assert set(snapshot(people["bob"].pk).by_type) == {*event_types(), "broadcast"}
    assert all(snapshot(person.pk).unread for person in people.values())


@pytest.mark.parametrize("account", ACCOUNTS, ids=lambda account: account.username)
def test_inboxes_are_in_the_order_of_time(account: Account) -> None:
    """Of all types: the page's headings ("Today", "Last 7 days") follow this order."""
    call_command("seed_demo", verbosity=0)
    items = inbox_page(User.objects.get(username=account.username).pk, limit=100).items
    moments = [item.created_at for item in items]
    assert len(moments) > 2
    assert moments == sorted(moments, reverse=True)


def test_second_run_changes_nothing() -> None:
    call_command("seed_demo", verbosity=0)
    bob = User.objects.get(username="bob")
    bob.set_password("mine now")
    bob.save()
    before = counts(), snapshot(bob.pk)
    call_command("seed_demo", verbosity=0)
    assert (counts(), snapshot(bob.pk)) == before
    assert User.objects.get(username="bob").check_password("mine now")


def test_where_a_second_person_publishes_the_announcement_waits(settings: Settings) -> None:
    settings.INBOX_FOUR_EYES = True
    call_command("seed_demo", verbosity=0)
    assert Broadcast.objects.get().state == "draft"
