"""Values that are wrong, foreign or absurd: refused in one of the two ways the inbox has, and nothing is changed."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from inbox import selectors, services
from inbox.errors import BadValue, NotFound
from inbox.models import (
    Broadcast,
    BroadcastReceipt,
    CommentMessage,
    FollowMessage,
    Message,
    ShareMessage,
    SystemMessage,
    event_types,
)

from .examples import examples
from .people import live

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


# What is sent


UNFIT: list[tuple[type[Message], dict[str, Any]]] = [
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
]


def test_columns_that_do_not_fit_are_refused(unharmed: int, subtests: pytest.Subtests) -> None:
    for model, columns in UNFIT:
        with subtests.test(model=model.__name__, columns=columns):
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


@pytest.mark.anywhere
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
@examples(40)
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


CALLS: dict[str, Callable[[int, Any], Any]] = {
    "send": lambda user, nobody: services.send([user, nobody], FollowMessage),
    "mark_read": lambda user, nobody: services.mark_read(nobody, []),
    "mark_all_read": lambda user, nobody: services.mark_all_read(nobody, 0),
    "touch": lambda user, nobody: services.touch([user, nobody]),
    "snapshots": lambda user, nobody: selectors.snapshots([user, nobody]),
    "versions": lambda user, nobody: selectors.versions([nobody]),
    "inbox_page": lambda user, nobody: selectors.inbox_page(nobody),
    "item": lambda user, nobody: selectors.item(nobody, "follow-1"),
}


def test_what_cannot_be_a_user_is_refused(unharmed: int, subtests: pytest.Subtests) -> None:
    for name, call in CALLS.items():
        for nobody in NOBODY:
            with subtests.test(call=name, nobody=ascii(nobody)), pytest.raises(BadValue):
                call(unharmed, nobody)


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


@pytest.mark.parametrize("bad", [None, 0, 2**31 - 1])
@pytest.mark.parametrize("model", [FollowMessage, BroadcastReceipt])
def test_no_row_is_written_without_a_recipient(model: Any, bad: int | None, unharmed: int) -> None:
    """The database does not check it: with a foreign key, a send would take a thousand locks for that."""
    columns = {"broadcast": Broadcast.objects.get()} if model is BroadcastReceipt else {}
    row, before = model(recipient_id=bad, **columns), model.objects.count()
    for write in (row.save, lambda: model.objects.bulk_create([row])):
        with pytest.raises(IntegrityError), transaction.atomic():
            write()
    assert model.objects.count() == before


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
        broken(Broadcast, title="News", state="scheduled"),
        broken(Broadcast, title="News", audience="nobody"),
        broken(Broadcast, title="News", level="loud"),
        lambda: Broadcast.objects.update(published_at=None),
        lambda: services.send([user], FollowMessage) and FollowMessage.objects.update(seq=1),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            refused()
