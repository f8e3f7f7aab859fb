"""Refs, bounds, limits and cursors that are wrong, foreign or absurd: refused, and nothing is changed."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core import signing
from hypothesis import given
from hypothesis import strategies as st

from inbox import selectors, services
from inbox.errors import BadValue, NotFound
from inbox.models import (
    Broadcast,
    BroadcastReceipt,
    FollowMessage,
)
from inbox.selectors import pages

from .examples import examples
from .people import live, people

pytestmark = pytest.mark.django_db
NUL, SURROGATE = "a\x00b", "a\ud800b"
HUGE = 10**30
ACTS = [
    services.mark_read,
    services.mark_unread,
    services.archive,
    services.unarchive,
    services.delete,
    services.undelete,
]


# Which


def strange_refs(user: int) -> list[str]:
    own, foreign = FollowMessage.objects.get(recipient=user), people(1)[0]
    services.send([foreign], FollowMessage)
    theirs = FollowMessage.objects.get(recipient=foreign)
    hidden = [live(audience="staff"), live(audience="groups"), Broadcast.objects.create(title="Draft")]
    refs = [
        "",
        "-",
        "follow",
        "follow-",
        "-1",
        "follow--1",
        f"follow-0{own.pk}",
        f"follow-+{own.pk}",
        f"follow-{own.pk} ",
    ]
    refs += [
        f"Follow-{own.pk}",
        f"FollowMessage-{own.pk}",
        f"message-{own.pk}",
        f"follow_{own.pk}",
        f"follow-{own.pk}.0",
    ]
    refs += [
        f"follow-{HUGE}",
        f"follow-{2**63}",
        f"broadcast-{2**63}",
        "follow-" + "9" * 5000,
        "broadcast-x",
        "follow-None",
    ]
    refs += [
        f"follow-{own.pk}\x00",
        f"follow-\ud800{own.pk}",
        "follow-" + "".join(chr(0x660 + int(n)) for n in str(own.pk)),
    ]
    refs += [theirs.ref, f"comment-{own.pk}", *(broadcast.ref for broadcast in hidden), "broadcast-0"]
    return refs


@pytest.mark.parametrize("act", ACTS)
def test_a_ref_that_is_not_theirs_fails_the_whole_call(act: Any, unharmed: int) -> None:
    mine = [FollowMessage.objects.get().ref, Broadcast.objects.get().ref]
    strange = strange_refs(unharmed)
    for ref in strange:
        with pytest.raises(NotFound) as refused:
            act(unharmed, [*mine, ref])
        assert len(refused.value.detail) < 150
        with pytest.raises(NotFound):
            selectors.item(unharmed, ref)
    assert FollowMessage.objects.exclude(recipient=unharmed).get().read_at is None
    assert not BroadcastReceipt.objects.exists()


@given(ref=st.text(max_size=40) | st.from_regex(r"(follow|broadcast|x)-[^0-9]{0,3}\w*"))
@examples(40)
def test_any_text_is_no_ref(ref: str, user: int) -> None:
    for refused in (lambda: selectors.item(user, ref), lambda: services.mark_read(user, [ref])):
        with pytest.raises(NotFound):
            refused()


@given(hint=st.text(max_size=40) | st.sampled_from(["broadcast", "broadcast-0", "follow-1", "broadcast-x"]))
@examples(40)
def test_any_hint_finds_nothing_new(hint: str, user: int) -> None:
    assert selectors.newest({user: 0}, hint) == {}


def test_too_many_refs_are_refused_and_none_is_fine(unharmed: int) -> None:
    with pytest.raises(BadValue):
        services.mark_read(unharmed, [f"follow-{n}" for n in range(1001)])
    assert services.mark_read(unharmed, []) == 0


def test_a_ref_named_twice_is_one_item_and_refs_may_come_from_anywhere(user: int) -> None:
    services.send([user], FollowMessage)
    ref = FollowMessage.objects.get().ref
    assert services.archive(user, (ref for _ in range(3))) == 1


# Up to where, from where, how many


def test_an_up_to_that_is_no_version_is_refused(unharmed: int, subtests: pytest.Subtests) -> None:
    for up_to in (-1, -HUGE, 2**53, HUGE):
        with subtests.test(up_to=up_to), pytest.raises(BadValue):
            services.mark_all_read(unharmed, up_to)


def test_an_unknown_type_is_refused(unharmed: int, subtests: pytest.Subtests) -> None:
    for kind in ("", "Follow", "follow-1", "message", NUL, SURROGATE, "x" * 10_000):
        with subtests.test(kind=ascii(kind)):
            with pytest.raises(BadValue):
                services.mark_all_read(unharmed, 2**53 - 1, kind)
            with pytest.raises(BadValue):
                selectors.inbox_page(unharmed, type=kind)


def test_a_wild_limit_is_refused(unharmed: int, subtests: pytest.Subtests) -> None:
    for limit in (0, -1, 101, HUGE, -HUGE):
        with subtests.test(limit=limit), pytest.raises(BadValue):
            selectors.inbox_page(unharmed, limit=limit)


def tampered(cursor: str) -> Iterator[str]:
    yield cursor[:-1] + ("A" if cursor[-1] != "A" else "B")
    yield "A" + cursor
    yield cursor + "="
    yield cursor.partition(":")[2]
    yield cursor.replace(":", "", 1)
    yield signing.dumps([1, None, None])
    yield signing.dumps([1, None, None], salt="elsewhere")
    yield signing.dumps([1, None, None], salt=pages.SALT, key="not the key of this site")


def test_a_foreign_cursor_is_refused(unharmed: int, subtests: pytest.Subtests) -> None:
    for cursor in ("", "0", "1", ":", "::", "a:b:c", NUL, SURROGATE, "é", "x" * 100_000):
        with subtests.test(cursor=ascii(cursor)), pytest.raises(BadValue):
            selectors.inbox_page(unharmed, before=cursor)


def test_a_tampered_cursor_is_refused(user: int) -> None:
    FollowMessage.objects.bulk_create(FollowMessage(recipient_id=user) for _ in range(3))
    cursor = selectors.inbox_page(user, limit=1).next
    assert cursor
    for forged in tampered(cursor):
        with pytest.raises(BadValue):
            selectors.inbox_page(user, before=forged)


def test_the_cursor_of_another_user_shows_ones_own(user: int) -> None:
    """It is a position, not a permission."""
    [other] = people(1)
    for pk in (user, other):
        FollowMessage.objects.bulk_create(FollowMessage(recipient_id=pk) for _ in range(3))
    page = selectors.inbox_page(user, before=selectors.inbox_page(other, limit=1).next)
    own = {row.ref for row in FollowMessage.objects.filter(recipient=user)}
    assert {item.ref for item in page.items} < own
