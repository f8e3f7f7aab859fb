"""`manage.py seed_demo`: something to see for everybody, and nothing lost the second time."""

from collections import Counter
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db.models import Model
from django.utils import timezone
from pytest_django import Settings

from inbox.core.choice import Choice
from inbox.models import Broadcast, Correction, CorrectionKind, Send, ServiceToken, event_types
from inbox.selectors import following_page, inbox_page, silences_page, snapshot
from notify_site.demo.accounts import ACCOUNTS, PASSWORD
from notify_site.demo.models import Comment, Follow, Like, Post
from notify_site.demo.story import STUDIO

pytestmark = pytest.mark.django_db(transaction=True)


def counts() -> list[int]:
    models: tuple[type[Model], ...] = (User, Post, Comment, Like, Follow, Broadcast, *event_types().values())
    return [model._default_manager.count() for model in models]


@pytest.fixture
def people() -> dict[str, User]:
    """By name, and what they have."""
    call_command("seed_demo", verbosity=0)
    return {user.username: user for user in User.objects.all()}


def test_what_there_is_to_see_and_that_a_second_run_changes_nothing(people: dict[str, User]) -> None:
    """To make it takes a second, so it is made once."""
    everybody_has_something_of_most_types(people)
    one_is_starred_and_one_comes_back_in_a_minute(people["bob"].pk)
    there_are_threads_of_many_sizes_and_buttons(people["bob"].pk)
    something_is_critical_something_rewritten_and_something_recalled(people["bob"].pk)
    posts_are_followed_and_silenced(people)
    for person in people.values():
        their_inbox_is_in_the_order_of_time(person.pk)
    bob = people["bob"]
    bob.set_password("mine now")
    bob.save()
    before = counts(), snapshot(bob.pk)
    call_command("seed_demo", verbosity=0)
    assert (counts(), snapshot(bob.pk)) == before
    assert User.objects.get(username="bob").check_password("mine now")


def test_it_is_told_again_where_posts_or_people_were_deleted() -> None:
    call_command("seed_demo", verbosity=0)
    for deleted in (Post, User):
        deleted.objects.all().delete()
        call_command("seed_demo", verbosity=0)
        assert Post.objects.exists()
        assert User.objects.count() == len(ACCOUNTS)
        assert not ServiceToken.objects.valid(timezone.now()).exists()


def everybody_has_something_of_most_types(people: dict[str, User]) -> None:
    assert list(people) == [account.username for account in ACCOUNTS]
    assert all(person.check_password(PASSWORD) for person in people.values())
    assert people["admin"].is_superuser
    assert set(snapshot(people["bob"].pk).by_type) == {*event_types(), "broadcast"}
    assert all(snapshot(person.pk).unread for person in people.values())


def one_is_starred_and_one_comes_back_in_a_minute(bob: int) -> None:
    assert [item.type for item in inbox_page(bob, choice=Choice(starred=True)).items] == ["mention"]
    [snoozed] = inbox_page(bob, choice=Choice(snoozed=True)).items
    assert snoozed.snoozed_until is not None
    assert timedelta(0) < snoozed.snoozed_until - timezone.now() <= timedelta(minutes=1)


def there_are_threads_of_many_sizes_and_buttons(bob: int) -> None:
    items = inbox_page(bob, limit=100).items
    sizes = Counter(item.url.partition("#")[0] for item in items if item.url)
    assert {1, 2, 5, 60} <= set(sizes.values())
    assert [len(item.buttons) for item in items if item.type == "system"] == [2, 0, 2]


def something_is_critical_something_rewritten_and_something_recalled(bob: int) -> None:
    items = inbox_page(bob, choice=Choice(types=("system",))).items
    assert [item.level for item in items] == ["critical", "info", "success"]
    assert [item.title for item in inbox_page(bob, choice=Choice(important=True)).items] == [items[0].title]
    assert items[1].title == "The darkroom opens at eleven on Saturday"
    assert set(Send.objects.values_list("service__name", "key")) == {(STUDIO, "saturday"), (STUDIO, "noon")}
    assert not ServiceToken.objects.valid(timezone.now()).exists()
    kinds = {(row.kind, row.found) for row in Correction.objects.all()}
    assert kinds == {(CorrectionKind.RECALL, len(ACCOUNTS)), (CorrectionKind.REWRITE, len(ACCOUNTS))}


def posts_are_followed_and_silenced(people: dict[str, User]) -> None:
    """Who follows a post has what others wrote there since."""
    assert {row.subject.partition(":")[0] for row in following_page(people["carol"]).items} == {"demo.post"}
    carols = inbox_page(people["carol"].pk, limit=100, choice=Choice(types=("comment",))).items
    assert "Save me a slice of the fourth one." in [item.body for item in carols]
    silences = [silences_page(people[name]).items for name in ("alice", "bob")]
    assert [row.until is None for rows in silences for row in rows] == [False, True]


def their_inbox_is_in_the_order_of_time(user: int) -> None:
    """Of all types: the page's headings ("Today", "Last 7 days") follow this order."""
    moments = [item.created_at for item in inbox_page(user, limit=100).items]
    assert len(moments) > 2
    assert moments == sorted(moments, reverse=True)


def test_where_a_second_person_publishes_the_announcement_waits(settings: Settings) -> None:
    settings.INBOX_FOUR_EYES = True
    call_command("seed_demo", verbosity=0)
    assert Broadcast.objects.get().state == "draft"
