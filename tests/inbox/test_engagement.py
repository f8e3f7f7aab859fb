"""What was seen and clicked: counted once, for those in the audience, without touching a mailbox."""

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inbox import selectors, services
from inbox.errors import BadValue
from inbox.models import Broadcast, Engagement, FollowMessage, Mailbox, Noticed
from inbox.selectors import Who
from inbox.services import Event

from .listening import Heard
from .people import live, people
from .rest import Caller, announcement, comment, problem

pytestmark = pytest.mark.django_db

SHOWN, SEEN, LINK, FIRST, SECOND = Noticed
BUTTONS = [{"url": "/tea", "label": "Tea", "labels": {}}, {"url": "/milk", "label": "Milk", "labels": {}}]


def note(user: Any, *events: tuple[Broadcast, Noticed], **more: Any) -> int:
    return services.note_events(user, [Event(broadcast.ref, what, **more) for broadcast, what in events])


def numbers(broadcast: Broadcast) -> list[int]:
    """How many people have seen it, and followed its link and its buttons."""
    return [len(selectors.people(broadcast, who)) for who in (Who.SEEN, Who.LINK, Who.BUTTON_0, Who.BUTTON_1)]


def test_each_counts_once_for_each_user() -> None:
    first, second = people(2)
    broadcast = live(buttons=BUTTONS, url="/more")
    assert note(first, (broadcast, SEEN), (broadcast, SEEN), (broadcast, SECOND)) == 2
    assert note(first, (broadcast, SEEN), (broadcast, SECOND)) == 0
    assert note(second, (broadcast, SEEN), (broadcast, FIRST), (broadcast, LINK), surface="banner") == 3
    assert numbers(broadcast) == [2, 1, 1, 1]
    assert set(Engagement.objects.filter(user=second).values_list("surface", flat=True)) == {"banner"}


def test_who_has_seen_it_was_shown_it() -> None:
    """In one batch, in the other order, and in rows from before anybody reported what was shown."""
    readers = people(4)
    broadcast = live(url="/more")
    assert note(readers[0], (broadcast, SHOWN)) == 1
    assert note(readers[1], (broadcast, SHOWN), (broadcast, SEEN)) == 1
    assert note(readers[2], (broadcast, LINK)) == 1
    assert note(readers[2], (broadcast, SHOWN)) == 0
    services.mark_read(readers[3], [broadcast.ref])
    assert [len(selectors.people(broadcast, who)) for who in (Who.SHOWN, Who.SEEN)] == [4, 3]
    assert note(readers[0], (broadcast, SEEN)) == 1
    assert [len(selectors.people(broadcast, who)) for who in (Who.SHOWN, Who.SEEN)] == [4, 4]


def test_it_touches_no_mailbox_and_announces_nothing(user: int) -> None:
    broadcast = live()
    services.send([user], FollowMessage)
    before, rows = selectors.snapshot(user), list(Mailbox.objects.values())
    with Heard() as heard, CaptureQueriesContext(connection) as queries:
        note(user, (broadcast, SEEN))
        note(user, (broadcast, SEEN))
    assert (selectors.snapshot(user), list(Mailbox.objects.values())) == (before, rows)
    assert not heard.mailboxes
    assert not heard.broadcasts
    assert not [query for query in queries if "UPDATE" in query["sql"]]  # nor is a row locked


def test_what_is_not_theirs_is_passed_over(user: int) -> None:
    plain, staff, over = live(), live(audience="staff"), live()
    services.withdraw(over)
    services.send([user], FollowMessage)
    refs = [staff.ref, over.ref, "broadcast-999", FollowMessage.objects.get().ref, "x-1", "nonsense", plain.ref]
    assert services.note_events(user, [Event(ref, SEEN) for ref in refs]) == 1
    assert note(user, (plain, FIRST), (plain, LINK)) == 0  # it has neither
    assert Engagement.objects.get().broadcast == plain


def test_who_has_read_it_has_seen_it() -> None:
    readers = people(4)
    broadcast = live(as_banner=True, as_dialog=True, buttons=BUTTONS)
    services.mark_read(readers[0], [broadcast.ref])
    services.close_banner(readers[1], [broadcast.ref])
    note(readers[2], (broadcast, FIRST))
    assert numbers(broadcast) == [3, 0, 1, 0]


def test_it_starts_anew_when_it_is_shown_again(user: int) -> None:
    broadcast = live(buttons=BUTTONS)
    shown = selectors.snapshot(user).version
    note(user, (broadcast, SEEN), (broadcast, FIRST))
    services.change_broadcast(broadcast, {"title": "Typo"})
    assert numbers(broadcast) == [1, 0, 1, 0]
    services.change_broadcast(broadcast, {"title": "Newer"}, show_again=True)
    assert numbers(broadcast) == [0, 0, 0, 0]
    assert note(user, (broadcast, SEEN), version=shown) == 0  # sent late, of what was on screen before
    assert note(user, (broadcast, SEEN), version=selectors.snapshot(user).version) == 1
    assert numbers(broadcast) == [1, 0, 0, 0]


def test_who_has_left_the_audience_counts_no_more() -> None:
    first, _second = people(2)
    broadcast = live()
    note(first, (broadcast, SEEN))
    Broadcast.objects.filter(pk=broadcast.pk).update(audience="staff")
    assert numbers(Broadcast.objects.get(pk=broadcast.pk)) == [0, 0, 0, 0]


def test_they_go_with_the_user_and_with_the_broadcast() -> None:
    first, second = people(2)
    broadcast, other = live(), live()
    for user in (first, second):
        note(user, (broadcast, SEEN), (other, SEEN))
    get_user_model()._base_manager.get(pk=first).delete()
    assert set(Engagement.objects.values_list("user", flat=True)) == {second}
    broadcast.delete()
    assert Engagement.objects.count() == 1
    services.erase(second)
    assert not Engagement.objects.exists()


@pytest.mark.anywhere
def test_a_batch_has_a_limit(user: int) -> None:
    with pytest.raises(BadValue):
        services.note_events(user, [Event("broadcast-1", SEEN)] * 101)


# In the API


@pytest.mark.anywhere
@pytest.mark.urls("tests.inbox.urls")
class TestApi:
    def test_a_batch_of_both(self, bob: Any) -> None:
        broadcast = announcement(buttons=BUTTONS, url="/more")
        events = [
            {"ref": broadcast.ref, "what": "shown", "surface": "banner"},
            {"ref": broadcast.ref, "what": "seen", "surface": "toast"},
            {"ref": broadcast.ref, "what": "clicked"},
            {"ref": broadcast.ref, "what": "clicked", "button": 1, "surface": "banner", "version": 5 * 10**9},
            {"ref": comment(bob).ref, "what": "seen"},
        ]
        for _attempt in range(2):
            answer = Caller(bob)("POST", "inbox/events/", {"events": events})
            assert (answer.status_code, answer.content) == (204, b"")
        assert numbers(broadcast) == [1, 1, 0, 1]

    BAD: Any = (
        {"events": []},
        {"events": [{"ref": "broadcast-1", "what": "seen"}] * 101},
        {"events": [{"ref": "broadcast-1", "what": "heard"}]},
        {"events": [{"ref": "broadcast-1", "what": "seen", "button": 0}]},
        {"events": [{"ref": "broadcast-1", "what": "shown", "button": 0}]},
        {"events": [{"ref": "broadcast-1", "what": "clicked", "button": 2}]},
        {"events": [{"ref": "broadcast-1", "what": "clicked", "button": True}]},
        {"events": [{"ref": "broadcast-1", "what": "seen", "surface": "moon"}]},
        {"events": [{"ref": "", "what": "seen"}]},
        {"events": [{"what": "seen"}]},
        [],
    )

    @pytest.mark.parametrize("body", BAD)
    def test_what_is_refused(self, bob: Any, body: Any) -> None:
        problem(Caller(bob)("POST", "inbox/events/", body), 422)
