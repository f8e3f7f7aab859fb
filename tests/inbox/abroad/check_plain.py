"""Users whose keys are words, without a staff flag and without groups."""

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.checks import run_checks

from inbox import selectors, services
from inbox.errors import BadValue, NotFound
from inbox.models import FollowMessage, Mailbox

from ..people import live, unread
from .models import Plain

pytestmark = pytest.mark.django_db
NAMES = ["7", "Ann Lee", "a/b-c", "#+", "'; --", '"{}"', "%s", "\\", "小红点", "007"]


@pytest.fixture(autouse=True)
def everybody() -> None:
    Plain.objects.bulk_create(Plain(name=name) for name in NAMES)


def test_the_whole_way() -> None:
    assert services.send(NAMES, FollowMessage, actor=NAMES[1]) == len(NAMES)
    broadcast = live()
    assert set(selectors.snapshots(NAMES)) == set(selectors.versions(NAMES)) == set(NAMES)
    for user in NAMES:
        row = FollowMessage.objects.get(recipient=user)
        assert unread(user) == {row.ref, broadcast.ref}
        snapshot = selectors.snapshot(user)
        assert (snapshot.user, snapshot.unread) == (user, 2)
        assert services.mark_read(user, [row.ref, broadcast.ref]) == 2
        assert services.mark_unread(user, [row.ref]) == 1
        assert services.mark_all_read(user, selectors.inbox_page(user).version) == 1


def test_who_goes_is_forgotten() -> None:
    staying, *leaving = NAMES
    services.send(NAMES, FollowMessage)
    for user in leaving:
        services.send([staying], FollowMessage, actor=user)
    for user in leaving:
        Plain.objects.filter(name=user).delete()
        assert not Mailbox.objects.filter(pk=user).exists()
        assert not FollowMessage.objects.filter(actor=user).exists()
    assert selectors.snapshot(staying).unread == len(NAMES)
    assert FollowMessage.objects.count() == len(NAMES)


def test_audiences_they_cannot_belong_to_reach_nobody() -> None:
    live(audience="staff")
    live(audience="groups").groups.add(group := Group.objects.create(name="tea"))
    assert [unread(user) for user in NAMES] == [set()] * len(NAMES)
    group.delete()
    assert [check.id for check in run_checks() if check.id.startswith("inbox")] == ["inbox.W001"]


@pytest.mark.parametrize("nobody", ["a\x00b", "a\ud800b", None, True, 1.5])
def test_words_that_no_database_can_hold_are_refused(nobody: Any) -> None:
    with pytest.raises(BadValue):
        selectors.snapshot(nobody)
    with pytest.raises(BadValue):
        services.send([nobody], FollowMessage)
    with pytest.raises(NotFound):
        selectors.snapshot("nobody")
