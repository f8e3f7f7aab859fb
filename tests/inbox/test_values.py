"""Values that are wrong, foreign or absurd: refused in one of the two ways the inbox has, and nothing is changed."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.core import signing
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inbox import selectors, services
from inbox.errors import BadValue, NotFound
from inbox.models import (
    Broadcast,
    BroadcastReceipt,
    CommentMessage,
    FollowMessage,
    Mailbox,
    Message,
    ShareMessage,
    SystemMessage,
    event_types,
)
from inbox.selectors import pages

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
junk = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def state(user: int) -> Any:
    """What a user has: their mailbox by itself, as somebody else's broadcast moves everybody's clock."""
    page = selectors.inbox_page(user)
    return Mailbox.objects.get(pk=user).version, selectors.snapshot(user).by_type, page.items


@pytest.fixture
def unharmed(user: int) -> Iterator[int]:
    """A user with one unread message and one broadcast, whose state is afterwards as it was."""
    services.send([user], FollowMessage)
    live()
    before = state(user)
    yield user
    assert state(user) == before


# What is sent


@pytest.mark.parametrize(
    ("model", "columns"),
    [
        (CommentMessage, {}),
        (CommentMessage, {"target_title": ""}),
        (CommentMessage, {"target_title": None}),
        (CommentMessage, {"target_title": "x" * 201}),
        (CommentMessage, {"target_title": NUL}),
        (CommentMessage, {"target_title": SURROGATE}),
        (CommentMessage, {"target_title": "Tea", "excerpt": None}),
        (CommentMessage, {"target_title": "Tea", "excerpt": []}),
        (CommentMessage, {"target_title": "Tea", "excerpt": "x" * 501}),
        (CommentMessage, {"target_title": "Tea", "excerpt": NUL}),
        (CommentMessage, {"target_title": "Tea", "nonsense": 1}),
        (CommentMessage, {"target_title": "Tea", "title": "Of another type"}),
        (FollowMessage, {"recipient": 1}),
        (FollowMessage, {"recipient_id": 1}),
        (FollowMessage, {"seq": 7}),
        (FollowMessage, {"id": 7}),
        (FollowMessage, {"pk": 7}),
        (FollowMessage, {"actor_id": 7}),
        (FollowMessage, {"archived_at": timezone.now()}),
        (FollowMessage, {"deleted_at": timezone.now()}),
        (FollowMessage, {"created_at": "yesterday"}),
        (FollowMessage, {"created_at": None}),
        (FollowMessage, {"read_at": "maybe"}),
        (FollowMessage, {"actor": "nobody"}),
        (FollowMessage, {"actor": HUGE}),
        (FollowMessage, {"url": None}),
        (FollowMessage, {"url": "/" + "x" * 500}),
        (SystemMessage, {"title": "Tea", "level": "deafening"}),
        (SystemMessage, {"title": "Tea", "level": None}),
        (SystemMessage, {"title": "Tea", "body": "x" * 10_001}),
        (SystemMessage, {"title": "Tea", "body": SURROGATE}),
        (ShareMessage, {"note": "no title"}),
    ],
)
def test_columns_that_do_not_fit_are_refused(model: type[Message], columns: dict[str, Any], unharmed: int) -> None:
    with pytest.raises(BadValue) as refused:
        services.send([unharmed], model, **columns)
    assert refused.value.code == "bad_value"
    assert refused.value.detail


LINKS = {
    "": True,
    "/": True,
    "/tea?a=b#c": True,
    "http://example.com": True,
    "HTTPS://example.com/ü": True,
    "https://example.com:8000/a//b": True,
    "javascript:alert(1)": False,
    "JaVaScRiPt:alert(1)": False,
    " javascript:alert(1)": False,
    "java\nscript:alert(1)": False,
    "data:text/html,x": False,
    "vbscript:x": False,
    "mailto:a@example.com": False,
    "//example.com": False,
    "/\\example.com": False,
    "\\\\example.com": False,
    "/\t/example.com": False,
    "http:example.com": False,
    "http:/example.com": False,
    "http:///example.com": False,
    "http://\\example.com": False,
    "https:\\\\example.com": False,
    "tea": False,
    "./tea": False,
    "?tea": False,
    "#tea": False,
    "/tea\n": False,
    "/te a": False,
    "/" + NUL: False,
    "/" + SURROGATE: False,
    "\u200bjavascript:alert(1)": False,
    "\x01javascript:alert(1)": False,
}


@pytest.mark.parametrize(("url", "good"), LINKS.items(), ids=map(ascii, LINKS))
def test_links_lead_to_the_web_or_into_the_site(url: str, good: bool, user: int) -> None:
    broadcast = Broadcast(title="News", url=url)
    if good:
        assert services.send([user], FollowMessage, url=url) == 1
        broadcast.full_clean()
        return
    with pytest.raises(BadValue):
        services.send([user], FollowMessage, url=url)
    with pytest.raises(ValidationError):
        broadcast.full_clean()


@pytest.mark.parametrize("text", [NUL, SURROGATE])
def test_no_text_of_any_type_reaches_a_database_that_cannot_hold_it(text: str, user: int) -> None:
    for model in event_types().values():
        for field in model._meta.concrete_fields:
            if field.get_internal_type() in {"CharField", "TextField"}:
                with pytest.raises(BadValue):
                    services.send([user], model, **{field.name: text})
    for column in ("title", "body"):
        with pytest.raises(ValidationError):
            Broadcast(**{"title": "News", column: text}).full_clean()


@given(text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=200))
@junk
def test_any_other_text_comes_back_as_it_was(text: str, user: int) -> None:
    with transaction.atomic():
        services.send([user], SystemMessage, title="Tea {title} {0} %s", body=text)
        [item] = selectors.inbox_page(user).items
        assert (item.title, item.body) == ("Tea {title} {0} %s", text)
        transaction.set_rollback(True)


# Who


NOBODY = [
    None,
    True,
    1.0,
    "",
    "alice",
    "١x",
    NUL,
    SURROGATE,
    HUGE,
    -HUGE,
    str(HUGE),
    AnonymousUser(),
    User(),
    [],
    {},
]


@pytest.mark.parametrize("nobody", NOBODY, ids=ascii)
def test_what_cannot_be_a_user_is_refused(nobody: Any, unharmed: int) -> None:
    for refused in (
        lambda: services.send([unharmed, nobody], FollowMessage),
        lambda: services.mark_read(nobody, []),
        lambda: services.mark_all_read(nobody, 0),
        lambda: services.touch([unharmed, nobody]),
        lambda: selectors.snapshots([unharmed, nobody]),
        lambda: selectors.versions([nobody]),
        lambda: selectors.inbox_page(nobody),
        lambda: selectors.item(nobody, "follow-1"),
    ):
        with pytest.raises(BadValue):
            refused()


@pytest.mark.parametrize("stranger", [0, -1, 2**31 - 1, str(2**31 - 1)])
def test_a_user_who_does_not_exist_has_nothing_and_gets_nothing(stranger: Any, unharmed: int) -> None:
    assert services.send([stranger], FollowMessage) == 0
    assert selectors.snapshots([stranger]) == selectors.versions([stranger]) == {}
    services.touch([stranger])
    for refused in (
        lambda: selectors.snapshot(stranger),
        lambda: selectors.inbox_page(stranger),
        lambda: selectors.item(stranger, "follow-1"),
        lambda: services.mark_read(stranger, [FollowMessage.objects.get().ref]),
        lambda: services.mark_read(stranger, [Broadcast.objects.get().ref]),
        lambda: services.mark_unread(stranger, [Broadcast.objects.get().ref]),
        lambda: services.mark_all_read(stranger, 2**53 - 1),
    ):
        with pytest.raises(NotFound):
            refused()


def test_users_in_any_form_count_once(user: int) -> None:
    person = User.objects.get(pk=user)
    assert services.send([person, user, str(user), user], FollowMessage, actor=str(user)) == 1
    assert FollowMessage.objects.get().actor == person
    assert list(selectors.snapshots([str(user), person])) == [user]
    assert services.mark_all_read(str(user), selectors.snapshot(person).version) == 1


def test_an_actor_who_is_gone_is_someone(user: int) -> None:
    services.send([user], FollowMessage, actor=2**31 - 1)
    [item] = selectors.inbox_page(user).items
    assert item.title == "Someone followed you"


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
@junk
def test_any_text_is_no_ref(ref: str, user: int) -> None:
    for refused in (lambda: selectors.item(user, ref), lambda: services.mark_read(user, [ref])):
        with pytest.raises(NotFound):
            refused()


@given(hint=st.none() | st.text(max_size=40) | st.sampled_from(["broadcast", "broadcast-0", "follow-1", "broadcast-x"]))
@junk
def test_any_hint_finds_nothing_new(hint: str | None, user: int) -> None:
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


@pytest.mark.parametrize("up_to", [-1, -HUGE, 2**53, HUGE])
def test_an_up_to_that_is_no_version_is_refused(up_to: int, unharmed: int) -> None:
    with pytest.raises(BadValue):
        services.mark_all_read(unharmed, up_to)


@pytest.mark.parametrize("kind", ["", "Follow", "follow-1", "message", NUL, SURROGATE, "x" * 10_000])
def test_an_unknown_type_is_refused(kind: str, unharmed: int) -> None:
    with pytest.raises(BadValue):
        services.mark_all_read(unharmed, 2**53 - 1, kind)
    with pytest.raises(BadValue):
        selectors.inbox_page(unharmed, type=kind)


@pytest.mark.parametrize("limit", [0, -1, 101, HUGE, -HUGE])
def test_a_wild_limit_is_refused(limit: int, unharmed: int) -> None:
    with pytest.raises(BadValue):
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


@pytest.mark.parametrize(
    "cursor", ["", "0", "1", ":", "::", "a:b:c", NUL, SURROGATE, "é", "x" * 100_000], ids=range(10)
)
def test_a_foreign_cursor_is_refused(cursor: str, unharmed: int) -> None:
    with pytest.raises(BadValue):
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


# What the database itself refuses


def broken(model: Any, **columns: Any) -> Any:
    return lambda: model.objects.bulk_create([model(**columns)])


def test_constraints_hold_what_manners_do_not(user: int) -> None:
    now, broadcast = timezone.now(), live()
    services.send([user], FollowMessage)
    services.mark_read(user, [broadcast.ref])
    for refused in (
        broken(FollowMessage, recipient_id=user, archived_at=now),
        broken(SystemMessage, recipient_id=user, title="Tea", level="loud"),
        broken(BroadcastReceipt, recipient_id=user, broadcast=broadcast),
        broken(BroadcastReceipt, recipient_id=user, broadcast=Broadcast.objects.create(title="x"), archived_at=now),
        broken(Broadcast, title="News", state="loud"),
        broken(Broadcast, title="News", audience="nobody"),
        broken(Broadcast, title="News", level="loud"),
        lambda: Broadcast.objects.update(published_at=None),
        lambda: services.send([user], FollowMessage) and FollowMessage.objects.update(seq=1),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            refused()
