"""Whom a broadcast is for: unions, exclusions, and people on lists."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db.models import F, ProtectedError
from django.db.models.signals import pre_delete

from inbox import selectors, services
from inbox.models import Broadcast, BroadcastClock, BroadcastMember

from .people import NOW, joined, listed, live, mend, one_of, people, unread

pytestmark = pytest.mark.django_db


# Unions and exclusions


def test_several_is_a_union() -> None:
    member, admin, chosen, other = [*people(1), *people(1, is_staff=True), *people(2)]
    mend(admin)
    tea = Group.objects.create(name="tea")
    joined(member, tea)
    news = live(audience="several", with_staff=True)
    news.groups.add(tea)
    listed(news, chosen)
    assert [bool(unread(pk)) for pk in (member, admin, chosen, other)] == [True, True, True, False]


def test_several_of_nothing_is_nobody() -> None:
    [admin] = people(1, is_staff=True)
    mend(admin)
    live(audience="several")
    assert unread(admin) == set()


def test_people_and_staff_are_parts_of_several_only() -> None:
    chosen, admin = people(1)[0], people(1, is_staff=True)[0]
    mend(admin)
    for audience in ("groups", "staff"):
        listed(live(audience=audience), chosen)
    live(audience="groups", with_staff=True)
    assert unread(chosen) == set()
    assert len(unread(admin)) == 1  # for staff


@pytest.mark.parametrize("audience", ["everyone", "several"])
def test_an_exclusion_comes_after_the_union(audience: str) -> None:
    member, admin, chosen, other = [*people(1), *people(1, is_staff=True), *people(2)]
    everybody = (member, admin, chosen, other)
    mend(*everybody)
    tea = Group.objects.create(name="tea")
    joined(member, tea)
    news = live(audience=audience, excludes_staff=True)
    listed(news, *everybody)
    news.excluded_groups.add(tea)
    listed(news, chosen, is_excluded=True)
    assert [bool(unread(pk)) for pk in everybody] == [False, False, False, True]


CHANGES: dict[str, Callable[[Broadcast, Any, Group], Any]] = {
    "people": lambda news, pk, group: listed(news, pk),
    "member": lambda news, pk, group: BroadcastMember.objects.create(broadcast=news, user_id=pk),
    "bulk_create": lambda news, pk, group: BroadcastMember.objects.bulk_create(
        [BroadcastMember(broadcast=news, user_id=pk)]
    ),
    "group": lambda news, pk, group: news.groups.add(group),
    "staff": lambda news, pk, group: Broadcast.objects.update(audience="everyone", with_staff=True),
    "late_joiners": lambda news, pk, group: Broadcast.objects.update(late_joiners=True),
    "without groups": lambda news, pk, group: news.excluded_groups.add(group),
    "without people": lambda news, pk, group: listed(news, pk, is_excluded=True),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_each_change_of_a_live_audience_has_a_version_and_is_recorded(change: Any) -> None:
    [user] = people(1)
    tea = Group.objects.create(name="tea")
    joined(user, tea)
    news = live(audience="several")
    changes, before = news.history.count(), BroadcastClock.objects.get().value
    change(news, user, tea)
    news.refresh_from_db()
    assert news.clock == BroadcastClock.objects.get().value == before + 1
    assert news.history.count() == changes + 1
    assert news.first_clock == before
    Broadcast.objects.update(state="draft")
    before = BroadcastClock.objects.get().value
    BroadcastMember.objects.all().delete()
    news.excluded_groups.clear()
    assert BroadcastClock.objects.get().value == before  # nobody sees a draft


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_the_same_change_again_is_none(change: Any) -> None:
    [user] = people(1)
    tea = Group.objects.create(name="tea")
    news = live(audience="several")
    change(news, user, tea)
    before = BroadcastClock.objects.get().value
    if change is CHANGES["member"] or change is CHANGES["bulk_create"]:
        rows = [BroadcastMember(broadcast=news, user_id=user)]
        BroadcastMember.objects.bulk_create(rows, ignore_conflicts=True)
    else:
        change(news, user, tea)
    assert BroadcastClock.objects.get().value == before


@pytest.mark.anywhere
def test_rows_of_an_audience_are_never_changed(user: int) -> None:
    listed(news := live(), user)
    row = BroadcastMember.objects.get()
    row.is_excluded = True
    for write in (row.save, lambda: BroadcastMember.objects.update(is_excluded=True)):
        with pytest.raises(NotImplementedError):
            write()
    rows, upsert = (
        [BroadcastMember(broadcast=news, user_id=user)],
        {"unique_fields": ["id"], "update_fields": ["source"]},
    )
    with pytest.raises(NotImplementedError):
        BroadcastMember.objects.bulk_create(rows, update_conflicts=True, **upsert)
    with pytest.raises(NotImplementedError):
        Broadcast.objects.update(late_joiners=F("with_staff"))


def test_chosen_people_are_replaced_and_unknown_ones_skipped() -> None:
    first, second, third = people(3)
    news = live(audience="several")
    listed(news, first, second)
    listed(news, second, third, 10**9)
    rows = BroadcastMember.objects.filter(broadcast=news)
    assert set(rows.values_list("user", flat=True)) == {second, third}
    assert news.history.first().changed == {"people": [2, 2]}


def test_who_is_deleted_is_on_no_list() -> None:
    gone, left = people(2)
    listed(live(audience="several"), gone, left)
    listed(live(), gone, is_excluded=True)
    before = BroadcastClock.objects.get().value
    one_of(gone).delete()
    assert list(BroadcastMember.objects.values_list("user", flat=True)) == [left]
    assert BroadcastClock.objects.get().value == before


def test_who_is_erased_is_on_no_list_but_stays_kept_from_what_is_not_over(user: int) -> None:
    chosen, hidden, over = live(audience="several"), live(), live()
    listed(chosen, user)
    for news in (hidden, over):
        listed(news, user, is_excluded=True)
    services.withdraw(over)
    before = selectors.snapshot(user).version
    assert services.erase(user)["people in audiences"] == 2
    assert list(BroadcastMember.objects.values_list("broadcast", flat=True)) == [hidden.pk]
    assert unread(user) == set()
    assert selectors.snapshot(user).version > before


def test_a_copy_is_for_the_same_users() -> None:
    """And a list that changes after the copy changes alone."""
    chosen, hidden, author = people(3)
    news = live(audience="several", with_staff=True, excludes_staff=True, late_joiners=True)
    news.excluded_groups.add(tea := Group.objects.create(name="tea"))
    listed(news, chosen, hidden)
    listed(news, hidden, is_excluded=True)
    copy = services.duplicate_broadcast(one_of(author), news)
    listed(news)
    services.publish(copy)
    assert [bool(unread(pk)) for pk in (chosen, hidden)] == [True, False]
    assert (copy.with_staff, copy.excludes_staff, copy.late_joiners) == (True, True, True)
    assert list(copy.excluded_groups.all()) == [tea]


def test_saving_the_broadcast_takes_no_change_of_its_audience_back(user: int) -> None:
    """The instance has the clock value from before it."""
    news = live(audience="several")
    shown = selectors.snapshot(user).version
    listed(news, user)
    news.title = "Newer"
    news.save()
    assert services.mark_all_read(user, shown) == 0
    assert unread(user) == {news.ref}


# Groups that are left out


@pytest.mark.parametrize("state", ["live", "scheduled"])
def test_a_group_that_is_left_out_of_what_is_shown_stays(state: str) -> None:
    tea = Group.objects.create(name="tea")
    news = Broadcast.objects.create(title="News", state=state, publish_at=NOW + timedelta(days=1))
    news.excluded_groups.add(tea)
    for delete in (tea.delete, Group.objects.all().delete):
        with pytest.raises(ProtectedError):
            delete()
    services.withdraw(news)
    tea.delete()
    assert not news.excluded_groups.exists()


def test_a_group_is_protected_although_the_broadcast_came_out_while_it_was_deleted(user: int) -> None:
    """Django looked before: it found a draft."""
    joined(user, tea := Group.objects.create(name="tea"))
    news = Broadcast.objects.create(title="News")
    news.excluded_groups.add(tea)

    def publish(**kwargs: Any) -> None:
        pre_delete.disconnect(publish, sender=Group)
        Broadcast.objects.update(state="live")

    receivers = pre_delete.receivers
    pre_delete.receivers = []
    pre_delete.connect(publish, sender=Group)
    pre_delete.receivers += receivers
    try:
        with pytest.raises(ProtectedError):
            tea.delete()
    finally:
        pre_delete.receivers = receivers


def test_clearing_a_group_that_is_left_out_is_leaving(user: int) -> None:
    joined(user, tea := Group.objects.create(name="tea"))
    news = live()
    news.excluded_groups.add(tea)
    before = selectors.snapshot(user)
    tea.user_set.clear()
    assert (before.unread, selectors.snapshot(user).unread) == (0, 1)
    assert services.mark_all_read(user, before.version) == 0
    assert services.mark_all_read(user, selectors.snapshot(user).version) == 1
