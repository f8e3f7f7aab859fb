"""Following a subject, and what is sent to its followers: each gets it once, whom the site lets follow."""

import json
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Count

from inbox import selectors, services
from inbox.core.snapshots import user_id
from inbox.errors import BadValue, MayNotFollow, NotFound
from inbox.models import CommentMessage, Following, FollowMessage, Mailbox, Send, SendChunk, ledger
from inbox.services import Order
from inbox.services.choices import subjects as choices

from . import may_follow as tests_site
from .databases import postgres
from .may_follow import a_site_that_lets_follow, asked, refused
from .people import people, state
from .threads import Pause, after, beside, blocked

pytestmark = [pytest.mark.django_db(transaction=True)]
TEA, CAKE = "blog.post:7", "blog.post:8"
PART = 10  # users, in place of a thousand


@pytest.fixture(autouse=True)
def site() -> Any:
    with a_site_that_lets_follow():
        yield


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger.chunks, "__defaults__", (PART,))
    monkeypatch.setattr(ledger, "CHUNK", PART)


def followers(number: int, subject: str = TEA) -> list[Any]:
    """New users who follow the subject; ascending."""
    found = people(number)
    ledger.ensure(found)
    Following.objects.bulk_create(Following(mailbox_id=pk, subject=subject) for pk in found)
    return found


def order(*named: Any, actor: Any = None, topic: str = TEA, **columns: Any) -> Order:
    message = services.draft(FollowMessage, actor=actor, target=topic, **columns)
    return Order(message, sorted(named), topic=topic)


def have_it() -> list[Any]:
    """Who has the message; nobody has it twice."""
    rows = FollowMessage.objects.values("recipient").annotate(rows=Count("pk"))
    assert {row["rows"] for row in rows} <= {1}
    return sorted(row["recipient"] for row in rows)


def work_off(send: Any) -> None:
    while services.work_off(send.pk):
        pass


def start(*orders: Order) -> Any:
    [send] = services.start_sends(orders)
    return send


# Following


def test_following_needs_the_sites_yes(user: int) -> None:
    refused.add(TEA)
    with pytest.raises(MayNotFollow):
        services.follow(user, TEA)
    assert asked == [({user}, TEA)]
    assert not Following.objects.exists()
    assert services.follow(user, CAKE)


def test_without_the_setting_nobody_may_follow(user: int, settings: Any) -> None:
    settings.INBOX_MAY_FOLLOW = ""
    with pytest.raises(MayNotFollow):
        services.follow(user, TEA)
    assert not selectors.stance(user, TEA).may_follow


def test_following_changes_no_state_and_counts_once(user: int) -> None:
    services.send([user], CommentMessage, target=TEA, target_title="Tea")
    before = state(user)
    assert [services.follow(user, TEA), services.follow(user, TEA)] == [True, False]
    assert selectors.stance(user, TEA).follows
    assert [services.unfollow(user, TEA), services.unfollow(user, TEA)] == [True, False]
    assert not selectors.stance(user, TEA).follows
    assert state(user) == before


def test_an_object_is_followed_by_its_subject(user: int) -> None:
    about = get_user_model().objects.get(pk=user)
    services.follow(user, about)
    assert [row.subject for row in selectors.following_page(user).items] == [f"auth.user:{user}"]
    assert services.send([], FollowMessage, topic=about) == 1
    assert FollowMessage.objects.get().subject == f"auth.user:{user}"


def test_what_is_no_subject_and_who_is_nobody(user: int, monkeypatch: Any) -> None:
    for call in (services.follow, services.unfollow):
        with pytest.raises(BadValue):
            call(user, "tea")
        with pytest.raises(NotFound):
            call(10**9, TEA)
    monkeypatch.setattr(choices, "MOST", 1)
    services.follow(user, TEA)
    with pytest.raises(BadValue, match="At most 1"):
        services.follow(user, CAKE)


def test_pages_show_the_newest_first_and_each_once(user: int) -> None:
    subjects = [f"blog.post:{n}" for n in range(7)]
    for subject in subjects:
        services.follow(user, subject)
    found, cursor = [], None
    while True:
        page = selectors.following_page(user, limit=3, before=cursor)
        found += [row.subject for row in page.items]
        if (cursor := page.next) is None:
            break
    assert found == subjects[::-1]
    with pytest.raises(BadValue):
        selectors.following_page(user, before="x")


def test_they_go_with_the_user(user: int) -> None:
    services.follow(user, TEA)
    get_user_model().objects.get(pk=user).delete()
    assert not Following.objects.exists()
    assert services.send([], FollowMessage, topic=TEA) == 0


# Sending, at once


@pytest.mark.parametrize("in_transaction", [False, True])
def test_followers_and_named_recipients_are_one_set_without_the_actor(in_transaction: bool, small_parts: None) -> None:
    following, others, strangers = followers(25), people(12), followers(3, CAKE)
    actor = following[7]
    named = [*others, *following[:3], actor, 10**9]
    if in_transaction:
        with transaction.atomic():
            written = services.send(named, FollowMessage, actor=actor, topic=TEA)
    else:
        written = services.send(named, FollowMessage, actor=actor, topic=TEA)
    assert have_it() == sorted({*following, *others} - {actor})
    assert written == len(have_it())
    assert not set(strangers) & set(have_it())
    assert set(FollowMessage.objects.values_list("subject", flat=True)) == {TEA}


def test_the_site_is_asked_again_at_each_send_in_bulk(small_parts: None) -> None:
    following = followers(25)
    refused.update(following[::2])
    services.send([following[0]], FollowMessage, topic=TEA)
    assert have_it() == sorted({following[0], *following[1::2]})  # who is named gets it, follower or not
    assert [len(users) for users, _subject in asked] == [9, 10, 5]


def test_a_site_that_names_others_gives_them_nothing(user: int, settings: Any) -> None:
    [other] = followers(1, CAKE)
    settings.INBOX_MAY_FOLLOW = f"{__name__}.everybody"
    [follower] = followers(1)
    services.send([], FollowMessage, topic=TEA)
    assert (have_it(), other) == ([follower], other)


def everybody(users: set[Any], subject: str) -> list[Any]:
    return list(get_user_model().objects.values_list("pk", flat=True))


def test_another_target_than_the_topic(user: int) -> None:
    services.follow(user, TEA)
    services.send([], FollowMessage, topic=TEA, target=CAKE)
    assert FollowMessage.objects.get().subject == CAKE


def test_a_follower_who_has_silenced_it_gets_it_read(user: int) -> None:
    services.follow(user, TEA)
    services.silence(user, TEA)
    services.send([], FollowMessage, topic=TEA)
    assert (have_it(), selectors.snapshot(user).unread) == ([user], 0)


# Sends of services


def test_few_followers_get_it_before_the_answer(small_parts: None) -> None:
    following = followers(6)
    refused.add(following[1])
    send = start(order(*people(2), following[2], actor=following[0]))
    assert (send.created, send.recipients, send.finished_at is not None) == (6, 6, True)
    assert not {following[0], following[1]} & set(have_it())


def test_who_unfollows_before_the_lock_gets_nothing(small_parts: None, monkeypatch: Any) -> None:
    """Between the look at the followers and the lock of their mailboxes."""
    following = followers(3)

    def may_follow_and_leave(users: set[Any], subject: str) -> set[Any]:
        Following.objects.filter(mailbox=following[1]).delete()
        return users

    monkeypatch.setattr(tests_site, "may_follow", may_follow_and_leave)
    assert start(order()).created == 2
    assert have_it() == [following[0], following[2]]
    Following.objects.create(mailbox_id=following[1], subject=CAKE)
    assert services.send([], FollowMessage, topic=CAKE) == 0


@pytest.mark.parametrize("named", [0, 3, 40])
def test_many_are_written_by_ranges_of_keys(named: int, small_parts: None) -> None:
    before, following, behind = people(named // 2), followers(45), people(named - named // 2)
    actor = following[30]
    send = start(order(*before, *behind, *following[:named], actor=actor))
    everybody = sorted({*following, *before, *behind} - {actor})
    assert (send.finished_at, send.recipients, have_it()) == (None, len(everybody), [])
    chunks = SendChunk.objects.filter(send=send).order_by("pk")
    assert all(len(chunk.recipients) <= PART // 2 for chunk in chunks)
    assert (chunks[0].after, chunks.last().up_to) == (None, None)
    work_off(send)
    send.refresh_from_db()
    assert (have_it(), send.created, send.status) == (everybody, len(everybody), "done")


def test_who_follows_when_their_part_is_written_gets_it(small_parts: None) -> None:
    first, following, last = *people(1), followers(25), *people(1)
    send = start(order())
    refused.add(following[3])
    services.follow(first, TEA), services.unfollow(following[24], TEA), services.follow(last, TEA)
    work_off(send)
    assert have_it() == sorted({first, *following, last} - {following[3], following[24]})


def test_a_part_that_has_grown_is_split_and_nobody_gets_it_twice(small_parts: None) -> None:
    following, named = followers(25), people(6)
    send = start(order(*named, *following[:4]))
    late = followers(33)  # all of them in the last range
    work_off(send)
    send.refresh_from_db()
    assert have_it() == sorted({*following, *named, *late})
    assert (send.created, send.status) == (64, "done")


def test_a_named_recipient_who_follows_later_gets_it_once_if_the_part_is_split(small_parts: None) -> None:
    following, named = followers(25), people(3)
    send = start(order(*named))
    Following.objects.bulk_create(Following(mailbox_id=pk, subject=TEA) for pk in named)
    late = followers(33)
    work_off(send)
    assert have_it() == sorted({*following, *named, *late})


def test_a_chunk_that_is_retried_writes_its_followers_once(small_parts: None) -> None:
    """One of its named recipients can't be a user any more."""
    following = followers(25)
    send = start(order(following[2]))
    chunk = SendChunk.objects.filter(send=send).order_by("pk").first()
    assert chunk is not None
    chunk.recipients = [*chunk.recipients, "no number"]
    chunk.save()
    work_off(send)
    SendChunk.objects.filter(pk=chunk.pk).update(retry_at=None)
    work_off(send)
    chunk.refresh_from_db()
    assert (chunk.recipients, chunk.attempts) == (["no number"], 2)
    assert have_it() == following


def test_a_failing_site_makes_the_chunk_fail_and_it_is_tried_again(small_parts: None, settings: Any) -> None:
    following = followers(25)
    send = start(order())
    settings.INBOX_MAY_FOLLOW = f"{__name__}.broken"
    work_off(send)
    assert have_it() == []
    send.refresh_from_db()
    assert (send.status, send.reason) == ("pending", "The function that INBOX_MAY_FOLLOW names has failed.")
    settings.INBOX_MAY_FOLLOW = f"{__name__}.everybody"
    SendChunk.objects.update(retry_at=None)
    work_off(send)
    assert have_it() == following


def broken(users: set[Any], subject: str) -> list[Any]:
    raise ZeroDivisionError


def test_a_process_of_the_version_before_leaves_such_a_send_alone(small_parts: None) -> None:
    """It expects a list with the message; it would take the named recipients for all."""
    followers(25)
    send = start(order())
    with pytest.raises(ValueError, match="unpack"):
        [_document] = json.loads(send.message)


def test_a_rewritten_send_goes_on_to_the_followers(small_parts: None) -> None:
    following = followers(25)
    send = start(order())
    services.work_off(send.pk)
    services.rewrite(send.pk, {"url": "/tea"})
    work_off(send)
    assert have_it() == following
    assert set(FollowMessage.objects.exclude(recipient__in=following[:10]).values_list("url")) == {("/tea",)}


def test_a_recalled_send_reaches_no_more_followers(small_parts: None) -> None:
    following = followers(25)
    send = start(order())
    services.work_off(send.pk)
    services.recall(send.pk)
    work_off(send)
    assert not set(following[10:]) & set(have_it())


def test_a_batch_with_topics_writes_what_fits(small_parts: None) -> None:
    following, few = followers(25), followers(3, CAKE)
    large, small = services.start_sends([order(), order(topic=CAKE)])
    assert (large.finished_at, small.created, have_it()) == (None, 3, few)
    work_off(large)
    assert have_it() == sorted([*following, *few])


def test_few_followers_that_no_longer_fit_are_read_again(small_parts: None) -> None:
    following = followers(5)
    _first, send = services.start_sends([Order(services.draft(FollowMessage), people(8)), order()])
    assert (send.finished_at, send.recipients) == (None, 5)
    services.unfollow(following[0], TEA)
    work_off(send)
    assert set(following) & set(have_it()) == set(following[1:])


def test_thousands_of_followers() -> None:
    following = followers(2500)
    send = start(order(actor=following[1250]))
    assert SendChunk.objects.filter(send=send).count() == 3
    work_off(send)
    send.refresh_from_db()
    assert (send.created, send.recipients, send.status) == (2499, 2499, "done")
    assert len(have_it()) == 2499
    versions = Mailbox.objects.filter(pk__in=following).exclude(pk=following[1250]).values_list("version")
    assert set(versions) == {(1,)}


# At the same time


@postgres
def test_following_while_a_part_is_written(small_parts: None) -> None:
    """Rule: who follows once the mailboxes of the part are locked gets it once. Who begins later does not."""
    following = followers(25)
    send = start(order())
    leaving, pause = following[3], Pause("INSERT INTO .*followmessage")
    unfollow = after(pause, lambda: services.unfollow(leaving, TEA))
    with beside(pause.around(lambda: work_off(send))), pause, beside(unfollow) as running:
        assert blocked(running)  # its mailbox is locked: it gets the message, and then unfollows
        pause.may_go.set()
    assert have_it() == following
    assert not selectors.stance(leaving, TEA).follows


@postgres
def test_two_workers_write_each_follower_once(small_parts: None) -> None:
    following = followers(45)
    send = start(order(*following[:7]))
    pause = Pause("INSERT INTO .*followmessage")
    with beside(pause.around(lambda: work_off(send))), pause:
        work_off(send)
    work_off(send)
    assert have_it() == following
    send = Send.objects.get(pk=send.pk)
    assert (send.created, send.status) == (45, "done")


def test_ids_in_chunks_are_those_of_json(small_parts: None) -> None:
    following = followers(25)
    send = start(order())
    bounds = [chunk.up_to for chunk in SendChunk.objects.filter(send=send).order_by("pk")]
    assert bounds == [user_id(following[9]), user_id(following[19]), None]
