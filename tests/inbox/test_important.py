"""What is important, and the settings that are part of everybody's state: recorded once, used by all."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from inbox import conf, selectors, services
from inbox.checks.settings import check_important
from inbox.core.snapshots import CLOCK_UNIT
from inbox.models import BroadcastClock, FollowMessage, MentionMessage, SystemMessage

from .people import live, people, undone

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def arrivals(user: Any) -> dict[str, str]:
    """The refs of one item of each kind."""
    services.send([user], FollowMessage)
    services.send([user], MentionMessage, target_title="Tea")
    for level in ("info", "critical"):
        services.send([user], SystemMessage, title=level, level=level)
    system = {row.title: row.ref for row in SystemMessage.objects.all()}
    news = {level: live(level=level).ref for level in ("warning", "critical")}
    return {
        "follow": FollowMessage.objects.get().ref,
        "mention": MentionMessage.objects.get().ref,
        **system,
        **{f"{level} news": ref for level, ref in news.items()},
    }


IMPORTANT: list[tuple[list[str] | None, set[str]]] = [
    (None, {"critical", "critical news"}),
    ([], set()),
    (["mention", "warning"], {"mention", "warning news"}),
    (["system"], {"info", "critical"}),
    (["broadcast", "info"], {"info", "follow", "mention", "warning news", "critical news"}),
]


@pytest.mark.parametrize(("names", "expected"), IMPORTANT)
def test_levels_and_types_are_important(user: int, settings: Any, names: list[str] | None, expected: set[str]) -> None:
    if names is not None:
        settings.INBOX_IMPORTANT = names
    services.mend(is_due=True)
    refs = arrivals(user)
    wanted = {refs[name] for name in expected}
    items = selectors.inbox_page(user).items
    assert {item.ref for item in items if item.important} == wanted
    assert [item.ref for item in selectors.inbox_page(user, important=True).items] == [
        item.ref for item in items if item.important
    ]
    assert {ref for ref in refs.values() if selectors.item(user, ref).important} == wanted
    services.mark_read(user, sorted(wanted)[:1])
    unread = selectors.inbox_page(user, important=True, unread=True).items
    assert {item.ref for item in unread} == set(sorted(wanted)[1:])


def test_a_setting_that_was_changed_ticks_once_and_counts_for_all(user: int, settings: Any) -> None:
    refs = arrivals(user)
    before = selectors.snapshot(user).version
    settings.INBOX_IMPORTANT, settings.INBOX_UNREAD_CAP = ["mention"], 2
    with undone() as found:
        selectors.inbox_page(user)
    assert found == [(True, ())]
    assert services.mend(is_due=True)
    after = selectors.snapshot(user)
    assert after.version == before + CLOCK_UNIT
    assert services.mend(is_due=True)
    assert selectors.snapshot(user) == after

    del settings.INBOX_IMPORTANT, settings.INBOX_UNREAD_CAP  # as in a process of the release before
    with undone() as found:
        assert [item.ref for item in selectors.inbox_page(user, important=True).items] == [refs["mention"]]
        assert selectors.snapshot(user) == after
    assert found == []
    assert services.mend(is_due=True)
    assert selectors.snapshot(user) == after
    assert (after.unread, after.capped) == (2, True)


def test_where_nothing_is_recorded_all_processes_use_the_defaults(user: int, settings: Any) -> None:
    """One that has other settings changes states when it records them, with a new version."""
    refs = arrivals(user)
    before = selectors.snapshot(user), selectors.inbox_page(user, important=True)
    settings.INBOX_IMPORTANT, settings.INBOX_UNREAD_CAP = ["mention"], 2
    with undone() as found:
        assert selectors.snapshot(user) == before[0]
    assert found == [(True, ())]
    assert selectors.inbox_page(user, important=True) == before[1]
    services.mend(is_due=True)
    after = selectors.snapshot(user)
    assert (after.version, after.unread) == (before[0].version + CLOCK_UNIT, 2)
    assert [item.ref for item in selectors.inbox_page(user, important=True).items] == [refs["mention"]]


def test_a_process_that_started_later_records_its_own(
    user: int, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.INBOX_IMPORTANT = ["mention"]
    services.mend(is_due=True)
    clock = BroadcastClock.objects.get()
    del settings.INBOX_IMPORTANT
    monkeypatch.setattr(conf, "STARTED", timezone.now() + DAY)
    assert services.mend(is_due=True)
    assert BroadcastClock.objects.get().important == ["critical"]
    assert BroadcastClock.objects.get().value == clock.value + 1


def test_default_settings_tick_nothing(user: int) -> None:
    services.touch([user])
    before = selectors.snapshot(user)
    with undone() as found:
        selectors.inbox_page(user)
    assert found == []
    assert services.mend(is_due=True)
    assert selectors.snapshot(user) == before


def test_the_recorded_cap_counts_for_a_thousand_at_once(settings: Any) -> None:
    users = people(3)
    for _each in range(4):
        services.send(users, FollowMessage)
    settings.INBOX_UNREAD_CAP = 3
    services.mend(is_due=True)
    for cap in (1, 3, 999):
        settings.INBOX_UNREAD_CAP = cap
        assert {(each.unread, each.capped) for each in selectors.snapshots(users).values()} == {(3, True)}


@pytest.mark.parametrize(
    ("names", "wrong"), [(["critical", "mention", "broadcast"], 0), (["poem"], 1), ("critical", 1), ([{}], 1), ([], 0)]
)
def test_the_setting_is_checked(settings: Any, names: Any, wrong: int) -> None:
    settings.INBOX_IMPORTANT = names
    assert [found.id for found in check_important()] == ["inbox.E016"] * wrong
