"""Whom a broadcast is for as time goes by: those who register later, versions shown before, and nobody at its time."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group

from inbox import selectors, services
from inbox.models import Broadcast, BroadcastClock, Mailbox, SystemMessage

from .people import NOW, joined, listed, live, mend, newcomer, people, unread

pytestmark = pytest.mark.django_db


# Those who register later


@pytest.mark.parametrize("register", [newcomer, lambda: people(1)[0]], ids=["save", "bulk_create"])
def test_who_registers_later_sees_it_only_if_wanted(register: Callable[[], Any]) -> None:
    early = register()
    news, open_to_all = live(), live(late_joiners=True)
    late = register()
    for _mended in range(2):
        assert unread(early) == {news.ref, open_to_all.ref}
        assert unread(late) == {open_to_all.ref}
        assert services.mark_all_read(late, selectors.snapshot(late).version) in {0, 1}
        services.mark_unread(late, [open_to_all.ref])
        mend(early, late)
    assert [Mailbox.objects.get(pk=pk).version for pk in (early,)] == [0]


def test_it_counts_from_the_first_publication() -> None:
    [early] = people(1)
    news = live()
    late = newcomer()
    services.withdraw(news)
    between = newcomer()
    services.publish(news)
    Broadcast.objects.update(title="Newer", audience="groups")
    Broadcast.objects.update(audience="everyone")
    assert [unread(pk) for pk in (early, late, between)] == [{news.ref}, set(), set()]
    Broadcast.objects.update(late_joiners=True)
    assert [len(unread(pk)) for pk in (early, late, between)] == [1, 1, 1]


def test_a_mailbox_that_was_not_read_as_it_is_has_a_version_of_its_own(clock: Any) -> None:
    """Registered after the publication, in the same microsecond: the time alone says that they see it."""
    live()
    late = newcomer()
    assert selectors.snapshot(late).unread == 0
    assert Mailbox.objects.get(pk=late).version == 1
    [same_moment] = people(1)
    assert selectors.snapshot(same_moment).unread == 1
    mend(same_moment)
    assert Mailbox.objects.get(pk=same_moment).version == 0
    assert selectors.snapshot(same_moment).unread == 1


def test_publications_are_in_order_although_clocks_are_not(clock: Any) -> None:
    """Two machines: the second one's clock is an hour behind."""
    first = live()
    clock.shift(timedelta(hours=-1))
    second = live()
    [user] = people(1)
    first.refresh_from_db(), second.refresh_from_db()
    assert (first.first_clock, second.first_clock) == (1, 2)
    assert second.first_published_at == first.first_published_at
    before = unread(user)
    mend(user)
    assert unread(user) == before == {first.ref, second.ref}


def test_what_was_loaded_from_an_older_site_is_for_all(user: int) -> None:
    Broadcast.objects.bulk_create([Broadcast(title="Old", state="live")])
    Broadcast._base_manager.update(first_clock=None, first_published_at=None)
    assert len(unread(newcomer())) == 1


# Mark-all by somebody whose audiences have changed since


LASTING: dict[str, tuple[dict[str, Any], bool]] = {
    "everyone": ({}, True),
    "late": ({"late_joiners": True}, True),
    "without people": ({}, True),
    "people": ({"audience": "several"}, True),
    "people or staff": ({"audience": "several", "with_staff": True}, False),
    "people or groups": ({"audience": "several"}, False),
    "without staff": ({"excludes_staff": True}, False),
    "without groups": ({}, False),
    "groups": ({"audience": "groups"}, False),
}


@pytest.mark.parametrize("kind", LASTING)
def test_an_older_version_marks_what_nobody_joins_or_leaves(kind: str, user: int) -> None:
    columns, lasts = LASTING[kind]
    tea, milk = (Group.objects.create(name=name) for name in ("tea", "milk"))
    joined(user, tea)
    news = live(**columns)
    listed(news, user)
    listed(news, *people(1), is_excluded=True)
    if kind.endswith("groups"):
        (news.excluded_groups if kind.startswith("without") else news.groups).add(milk if "without" in kind else tea)
    before = selectors.snapshot(user)
    assert before.unread == 1
    joined(user, Group.objects.create(name="new"))
    assert services.mark_all_read(user, before.version) == lasts
    assert services.mark_all_read(user, selectors.snapshot(user).version) == (not lasts)


# Nobody in the audience


def due(author: Any = None, **columns: Any) -> Broadcast:
    return Broadcast.objects.create(
        title="Tea", author_id=author, state="scheduled", publish_at=NOW + timedelta(minutes=5), **columns
    )


def test_what_would_reach_nobody_at_its_time_is_blocked(user: int, clock: Any) -> None:
    [author] = people(1)
    empty, other = due(author, audience="groups"), due()
    listed(hidden := due(), user, author, is_excluded=True)
    clock.shift(timedelta(minutes=6))
    assert services.apply_due()
    for news, state in ((empty, "blocked"), (hidden, "blocked"), (other, "live")):
        news.refresh_from_db()
        assert news.state == state
    assert empty.history.first().changed == {"state": ["scheduled", "blocked"]}
    assert (empty.first_clock, empty.published_at) == (None, None)
    assert BroadcastClock.objects.get().next_due is None
    assert not services.apply_due()


@pytest.mark.django_db(transaction=True)
def test_the_author_of_what_is_blocked_is_told_once(clock: Any) -> None:
    [author] = people(1)
    services.set_language(author, "de")
    empty = due(author, audience="groups")
    due(None, audience="groups")
    clock.shift(timedelta(minutes=6))
    services.apply_due()
    [message] = SystemMessage.objects.all()
    assert (message.recipient_id, message.level) == (author, "warning")
    assert message.title == "„Tea“ wurde nicht veröffentlicht"
    assert message.url == f"/admin/inbox/broadcast/{empty.pk}/change/"


def test_what_is_blocked_can_be_changed_and_published(user: int, clock: Any) -> None:
    news = due(audience="groups")
    clock.shift(timedelta(minutes=6))
    mend(user)
    news.refresh_from_db()
    services.change_broadcast(news, {"audience": "everyone"})
    services.publish(news)
    assert unread(user) == {news.ref}
