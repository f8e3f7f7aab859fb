"""Buttons of messages: up to two links, in the reader's language. Pressing one reads the message; the last press
counts."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from django.utils.translation import gettext_lazy, override

from inbox import selectors, services
from inbox.errors import BadValue, NotFound
from inbox.models import CommentMessage, FollowMessage, Message, Send

from .links import UNFIT
from .people import live, people
from .rest import BUTTONS, Caller, person, problem
from .services import service

pytestmark = [pytest.mark.urls("tests.inbox.urls"), pytest.mark.django_db]

NO_PRESSES = [{}, *({"button": value} for value in (2, -1, "0", None, 0.5)), {"button": 0, "x": 1}]
STORED = [button | {"labels": {}} for button in BUTTONS]
GOOD = {"label": "Go", "url": "/go/"}
BAD: list[Any] = [
    [GOOD, GOOD, GOOD],
    [GOOD | {"label": ""}],
    [GOOD | {"label": "\u200b"}],
    [GOOD | {"label": "x" * 61}],
    [GOOD | {"label": "\x00"}],
    [GOOD | {"label": 7}],
    [GOOD | {"url": ""}],
    [GOOD | {"url": "//evil.example"}],
    [GOOD | {"url": "/" + "x" * 500}],
    [GOOD | {"more": 1}],
    [GOOD | {"labels": {"xx-": "Go"}}],
    [GOOD | {"labels": ["Go"]}],
    [{"label": "Go"}],
    ["Go"],
]


def sent(user: Any, **columns: Any) -> FollowMessage:
    services.send([user], FollowMessage, **{"buttons": BUTTONS, **columns})
    return FollowMessage.objects.filter(recipient=user).latest("pk")


def item(user: Any, ref: str) -> dict[str, Any]:
    return selectors.item(user, ref).as_dict()


@pytest.mark.parametrize("count", [1, 3])
def test_buttons_are_on_every_item_of_a_send(count: int) -> None:
    users = people(count)
    services.send(users, FollowMessage, buttons=BUTTONS)
    for user in users:
        [found] = selectors.inbox_page(user).items
        assert found.as_dict()["buttons"] == BUTTONS
        assert "pressed" not in found.as_dict()
    assert [row.buttons for row in FollowMessage.objects.all()] == [STORED] * count


@pytest.mark.anywhere
def test_without_buttons_there_are_none(user: int) -> None:
    for buttons in (None, [], ()):
        assert "buttons" not in item(user, sent(user, buttons=buttons).ref)
    assert set(FollowMessage.objects.values_list("buttons", flat=True)) == {None}


@pytest.mark.anywhere
@pytest.mark.parametrize("buttons", BAD)
def test_bad_buttons_are_refused(user: int, buttons: Any) -> None:
    with pytest.raises(BadValue):
        services.send([user], FollowMessage, buttons=buttons)
    answer = service()("POST", "messages/", {"type": "follow", "recipients": [user], "buttons": buttons})
    assert problem(answer, 422)["errors"][0]["pointer"].startswith("/buttons")
    assert not FollowMessage.objects.exists()


@pytest.mark.anywhere
@pytest.mark.parametrize("link", UNFIT)
def test_no_attack_becomes_the_link_of_a_button(user: int, link: str) -> None:
    """Whatever way it was written."""
    with pytest.raises(BadValue):
        services.send([user], FollowMessage, buttons=[GOOD | {"url": link}])
    if {"\x00", "\ud800"} & set(link):
        return  # PostgreSQL can't store it
    FollowMessage.objects.create(recipient_id=user, buttons=[{"label": "Go", "url": link, "labels": {}}])
    assert "buttons" not in selectors.inbox_page(user).items[0].as_dict()


@pytest.mark.anywhere
@pytest.mark.parametrize("stored", [7, "Go", {}, [None], [[]], [{"label": "x" * 999, "url": "/"}] * 9])
def test_what_was_not_validated_breaks_nothing(user: int, stored: Any) -> None:
    FollowMessage.objects.create(recipient_id=user, buttons=stored)
    shown = selectors.inbox_page(user).items[0].as_dict().get("buttons", [])
    assert len(shown) <= 2
    assert all(len(button["label"]) <= 60 for button in shown)


@pytest.mark.anywhere
def test_a_reader_gets_the_label_in_their_language(user: int) -> None:
    lazy = {"label": gettext_lazy("Delete"), "url": "/"}
    chosen = {"label": "Tea", "url": "/", "labels": {"de": "Tee"}}
    ref = sent(user, buttons=[lazy, chosen]).ref
    for language, expected in {"en": ("Delete", "Tea"), "de": ("Löschen", "Tee"), "zh-hans": ("删除", "Tea")}.items():
        with override(language):
            assert tuple(button["label"] for button in item(user, ref)["buttons"]) == expected


def test_pressing_reads_the_item_and_the_last_press_counts(user: int) -> None:
    ref, other = sent(user).ref, sent(user).ref
    before = selectors.snapshot(user)
    assert services.press(user, ref, 1)
    after = selectors.snapshot(user)
    assert (after.unread, after.version) == (before.unread - 1, before.version + 1)
    assert (item(user, ref)["pressed"], item(user, ref)["read"]) == (1, True)
    read_at = FollowMessage.objects.get(pressed=1).read_at
    assert not services.press(user, ref, 1)
    assert selectors.snapshot(user).version == after.version
    assert services.press(user, ref, 0)
    assert selectors.snapshot(user).version == after.version + 1
    assert FollowMessage.objects.get(pressed=0).read_at == read_at
    assert not item(user, other)["read"]


def test_plain_writes_of_buttons_advance_the_version(user: int) -> None:
    sent(user)
    for values in ({"buttons": STORED[:1]}, {"pressed": 0}, {"buttons": None}, {"pressed": None}):
        before = selectors.snapshot(user).version
        assert FollowMessage.objects.update(**values) == 1
        assert selectors.snapshot(user).version == before + 1
        assert FollowMessage.objects.update(**values) == 0
        assert selectors.snapshot(user).version == before + 1


@pytest.mark.anywhere
def test_only_ones_own_items_and_only_buttons_that_there_are(user: int) -> None:
    [other] = people(1)
    mine, theirs, plain = sent(user, buttons=BUTTONS[:1]), sent(other), sent(user, buttons=None)
    gone = sent(user)
    services.delete(user, [gone.ref])
    for ref, button in [(mine.ref, 1), (mine.ref, -1), (theirs.ref, 0), (plain.ref, 0), (gone.ref, 0), ("x-1", 0)]:
        with pytest.raises(NotFound):
            services.press(user, ref, button)
    assert not FollowMessage.objects.exclude(pressed=None).exists()
    assert selectors.snapshot(user).unread == 2


def test_a_press_ends_a_snooze(user: int) -> None:
    """What was read does not come back."""
    ref, until = sent(user).ref, timezone.now() + timedelta(hours=1)
    services.snooze(user, [ref], until)
    assert services.press(user, ref, 0)
    assert "snoozed_until" not in item(user, ref)
    assert item(user, ref)["read"]
    assert selectors.snapshot(user).unread == 0


@pytest.mark.anywhere
def test_a_press_can_be_undone(user: int) -> None:
    ref = sent(user).ref
    with services.recording(user) as act:
        services.press(user, ref, 1)
    services.undo(user, act.undo or "")
    assert "pressed" not in item(user, ref)
    assert not item(user, ref)["read"]


@pytest.mark.anywhere
def test_a_button_of_an_announcement_is_pressed_in_the_same_way(user: int) -> None:
    services.mend(users=[user])
    news = live(buttons=STORED)
    assert services.press(user, news.ref, 1, surface="bell")
    assert item(user, news.ref)["read"]
    assert list(news.engagements.values_list("what", "surface")) == [("button1", "bell")]
    assert not services.press(user, news.ref, 1)
    with pytest.raises(NotFound):
        services.press(user, live().ref, 0)


class TestOverTheApi:
    def test_a_service_sends_buttons_and_sees_which_were_pressed(self) -> None:
        call = service("messages:write", "messages:read")
        users = [person(name) for name in ("ann", "bob", "eve")]
        labels = [BUTTONS[0] | {"labels": {"de": "Annehmen"}}, BUTTONS[1]]
        body = {"type": "follow", "recipients": [user.pk for user in users], "buttons": labels}
        send = call("POST", "messages/", body).json()["send"]
        FollowMessage.objects.update(send_id=send)
        for user, button in zip(users, (0, 1, 1), strict=True):
            ref = FollowMessage.objects.get(recipient=user).ref
            answer = Caller(user)("POST", f"inbox/{ref}/pressed/", {"button": button, "surface": "bell"})
            assert (answer.status_code, answer.json()["unread"]) == (200, 0)
            assert Caller(user)("GET", f"inbox/{ref}/").json()["pressed"] == button
        assert call("GET", f"sends/{send}/").json()["pressed"] == [1, 2]

    @pytest.mark.anywhere
    def test_without_buttons_nothing_is_counted(self) -> None:
        call, bob = service("messages:write", "messages:read"), person("bob")
        send = call("POST", "messages/", {"type": "follow", "recipients": [bob.pk]}).json()["send"]
        assert call("GET", f"sends/{send}/").json()["pressed"] is None
        FollowMessage.objects.update(send_id=send)
        assert call("GET", f"sends/{send}/").json()["pressed"] is None
        Send.objects.update(type="gone")
        assert call("GET", f"sends/{send}/").json()["pressed"] is None

    @pytest.mark.anywhere
    @pytest.mark.parametrize("body", NO_PRESSES)
    def test_bad_bodies(self, body: Any) -> None:
        bob = person("bob")
        ref = sent(bob.pk).ref
        problem(Caller(bob)("POST", f"inbox/{ref}/pressed/", body), 422)
        assert not item(bob.pk, ref)["read"]


@pytest.mark.anywhere
def test_sends_of_many_are_written_with_their_buttons(user: int) -> None:
    """By workers, from the stored message."""
    others = people(1001)
    order = services.Order(services.draft(FollowMessage, buttons=BUTTONS), sorted([user, *others]))
    [send] = services.start_sends([order], None)
    while services.work_off(send.pk):
        pass
    assert item(user, FollowMessage.objects.get(recipient=user).ref)["buttons"] == BUTTONS


@pytest.mark.anywhere
def test_the_columns_are_those_of_every_type(user: int) -> None:
    assert {"buttons", "pressed"} <= {field.name for field in Message._meta.get_fields()}
    with pytest.raises(BadValue, match="pressed"):
        services.send([user], CommentMessage, target_title="Tea", pressed=1)
