"""The end of snoozes against everything else that writes at the same moment; and very many at once."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from threading import Event
from time import monotonic
from typing import Any

import pytest
from django.utils import timezone

from inbox import selectors, services
from inbox.models import BroadcastReceipt, FollowMessage, LikeMessage, Mailbox
from inbox.models.ledger import Held

from .databases import postgres
from .listening import Heard
from .people import live, people
from .threads import Pause, beside, blocked, held, together, watched

pytestmark = [pytest.mark.django_db(transaction=True)]
SOON = timedelta(hours=1)


def snoozed_messages(users: list[Any], *models: Any) -> Any:
    """One of each type to each user, all over at the same moment, which is returned."""
    until = timezone.now() + SOON
    for model in models or (FollowMessage,):
        services.send(users, model, **({"target_title": "Tea"} if model is LikeMessage else {}))
        model.objects.update(snoozed_until=until)
    return until


def wake(until: Any) -> int:
    try:
        return services.wake_due(until)
    except Held:
        return 0


ACTS: dict[str, Callable[[Any, str], Any]] = {
    "mark_read": lambda user, ref: services.mark_read(user, [ref]),
    "delete": lambda user, ref: services.delete(user, [ref]),
    "unsnooze": lambda user, ref: services.unsnooze(user, [ref]),
    "snooze": lambda user, ref: services.snooze(user, [ref], timezone.now() + 3 * SOON),
    "send": lambda user, ref: services.send([user], FollowMessage),
}


@postgres
@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("first", ["act", "job"])
def test_an_act_against_the_job(user: int, no_deadlock: None, act: str, first: str) -> None:
    """Whoever comes second sees what the first has done; the badge has one answer at each version."""
    until = snoozed_messages([user])
    ref = FollowMessage.objects.get().ref
    with watched([user]):
        if first == "act":
            pause = Pause('UPDATE "inbox_followmessage"|INSERT INTO "inbox_followmessage"')
            with beside(pause.around(partial(ACTS[act], user, ref))), pause:
                assert wake(until) == 0  # it does not wait
        else:
            pause = Pause('UPDATE "inbox_followmessage"')
            job = pause.around(partial(services.wake_due, until))
            with beside(job), pause, beside(partial(ACTS[act], user, ref)) as acting:
                assert blocked(acting)
                pause.may_go.set()
        wake(until)
    unread = selectors.snapshot(user).unread
    expected = {"mark_read": 0, "delete": 0, "unsnooze": 1, "snooze": 0, "send": 2}
    assert unread == expected[act]
    assert services.mark_all_read(user, selectors.snapshot(user).version) == unread


@postgres
def test_two_jobs_at_once_wake_each_once(no_deadlock: None) -> None:
    users = people(2500)
    until = snoozed_messages(users)
    before = dict(Mailbox.objects.values_list("pk", "version"))
    with Heard() as heard:
        together(*[partial(wake, until)] * 3)
        wake(until)  # what each job left to the others
    assert not LikeMessage.objects.exclude(snoozed_until=None).exists()
    assert sorted(user for user, _item in heard.mailboxes) == users
    assert dict(Mailbox.objects.values_list("pk", "version")) == {pk: version + 1 for pk, version in before.items()}


@postgres
def test_a_mailbox_that_is_held_delays_nobody(user: int, caplog: pytest.LogCaptureFixture) -> None:
    """Nor is it waited for: that would fail."""
    others = people(3)
    until = snoozed_messages([user, *others])
    with held(Mailbox.objects.filter(pk=user)) as release:
        with pytest.raises(Held):
            services.wake_due(until)
        assert [selectors.snapshot(pk).unread for pk in (user, *others)] == [0, 1, 1, 1]
        assert caplog.text == ""
        release.set()
    assert services.wake_due(until) == 1
    assert selectors.snapshot(user).unread == 1


@postgres
def test_one_that_is_held_alone_is_not_forgotten(user: int) -> None:
    until = snoozed_messages([user])
    with held(Mailbox.objects.filter(pk=user)), pytest.raises(Held):
        services.wake_due(until)
    assert services.wake_due(until) == 1


def test_ten_thousand_in_the_same_second(capsys: pytest.CaptureFixture[str]) -> None:
    """All are back, each announced once, while others write: they wait for a thousand at most."""
    users = people(10_000)
    until = snoozed_messages(users)
    services.send(users[:1], LikeMessage, target_title="Tea")
    services.snooze(users[0], [live().ref], until)
    ref, waits, is_over = LikeMessage.objects.get().ref, [0.0], Event()

    def write() -> None:
        while not is_over.is_set():
            start = monotonic()
            for act in (services.star, services.unstar):
                act(users[0], [ref])
                waits.append(monotonic() - start)
                start = monotonic()

    start = monotonic()
    with Heard() as heard, beside(write):
        woken = wake(until)
        took = monotonic() - start
        is_over.set()
    with heard:
        woken += wake(until)  # those whose mailbox was held
    with capsys.disabled():
        print(
            f"\n10,000 snoozes ended in {took:.2f} s; the longest write of {len(waits)} beside it: {max(waits):.3f} s"
        )
    announced = [user for user, item in heard.mailboxes if item == "back:follow"]
    assert sorted(announced) == users
    assert selectors.snapshot(users[0]).by_type == {"like": 1, "follow": 1, "broadcast": 1}
    assert not FollowMessage.objects.filter(snoozed_until__isnull=False).exists()
    assert not BroadcastReceipt.objects.filter(snoozed_until__isnull=False).exists()
