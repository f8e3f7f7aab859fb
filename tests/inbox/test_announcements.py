"""Where broadcasts show: the inbox, banners and dialogs, each by itself."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils.translation import override as translation

from inbox import selectors, services
from inbox.errors import BadFields, Changed, NotFound
from inbox.models import Broadcast, BroadcastReceipt, FollowMessage, Mailbox

from .people import live, one_of, people, unread

pytestmark = pytest.mark.django_db

EVERYWHERE = {"in_inbox": True, "as_banner": True, "as_dialog": True}


def kinds(user: Any) -> dict[str, tuple[str, ...]]:
    return {each.item.ref: each.kinds for each in selectors.announcements(user).items}


# In the inbox or not


def test_what_does_not_show_in_the_inbox_counts_nowhere(user: int) -> None:
    banner = live(in_inbox=False, as_banner=True)
    assert unread(user) == set()
    assert selectors.snapshot(user).by_type == {}
    assert services.mark_all_read(user, selectors.snapshot(user).version) == 0
    with pytest.raises(NotFound):
        selectors.item(user, banner.ref)
    for act in (services.mark_read, services.archive, services.delete, services.mark_unread):
        with pytest.raises(NotFound):
            act(user, [banner.ref])
    assert selectors.newest({user: 0}, banner.ref) == {}
    assert kinds(user) == {banner.ref: ("banner",)}


INTO_THE_INBOX: dict[str, Callable[[Broadcast], Any]] = {
    "save": lambda banner: (setattr(banner, "in_inbox", True), banner.save()),
    "save some": lambda banner: (setattr(banner, "in_inbox", True), banner.save(update_fields=["in_inbox"])),
    "update": lambda banner: Broadcast.objects.update(in_inbox=True),
    "service": lambda banner: services.change_broadcast(banner, {"in_inbox": True}),
}


@pytest.mark.parametrize("move", INTO_THE_INBOX.values(), ids=INTO_THE_INBOX)
def test_mark_all_spares_what_came_into_the_inbox_later(move: Any, user: int) -> None:
    banner, shown_before = live(in_inbox=False, as_banner=True), live()
    shown = selectors.inbox_page(user).version
    move(banner)
    assert unread(user) == {banner.ref, shown_before.ref}
    assert services.mark_all_read(user, shown) == 1
    assert unread(user) == {banner.ref}


def test_leaving_the_inbox_leaves_the_badge(user: int) -> None:
    broadcast = live(as_banner=True)
    services.change_broadcast(broadcast, {"in_inbox": False})
    assert unread(user) == set()


def test_it_shows_somewhere() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        live(in_inbox=False)
    [author] = people(1)
    with pytest.raises(BadFields) as refusal:
        services.create_broadcast(one_of(author), {"title": "Nowhere", "in_inbox": False})
    assert list(refusal.value.fields) == ["in_inbox"]
    services.change_broadcast(live(), {"in_inbox": False, "as_dialog": True})


# Banners and dialogs


def test_the_three_places_are_independent(user: int) -> None:
    broadcast = live(**EVERYWHERE)
    assert (unread(user), kinds(user)) == ({broadcast.ref}, {broadcast.ref: ("banner", "dialog")})
    assert services.mark_read(user, [broadcast.ref]) == 1
    assert services.delete(user, [broadcast.ref]) == 1
    assert kinds(user) == {broadcast.ref: ("banner", "dialog")}
    assert services.close_banner(user, [broadcast.ref]) == 1
    assert kinds(user) == {broadcast.ref: ("dialog",)}
    assert services.confirm(user, [broadcast.ref]) == 1
    assert kinds(user) == {}


def test_closing_and_confirming_leave_the_inbox_item(user: int) -> None:
    broadcast = live(**EVERYWHERE)
    assert services.confirm(user, [broadcast.ref]) == services.close_banner(user, [broadcast.ref]) == 1
    assert unread(user) == {broadcast.ref}


def test_mark_all_reads_it_and_the_dialog_stays(user: int) -> None:
    broadcast = live(**EVERYWHERE)
    assert services.mark_all_read(user, selectors.snapshot(user).version) == 1
    assert kinds(user) == {broadcast.ref: ("banner", "dialog")}


def test_shown_again_they_are_open_again(user: int) -> None:
    broadcast = live(**EVERYWHERE)
    services.close_banner(user, [broadcast.ref])
    services.confirm(user, [broadcast.ref])
    services.change_broadcast(broadcast, {"title": "Typo"})
    assert kinds(user) == {}
    shown = selectors.announcements(user).version
    services.change_broadcast(broadcast, {"title": "Newer"}, show_again=True)
    assert kinds(user) == {broadcast.ref: ("banner", "dialog")}
    for act in (services.close_banner, services.confirm):
        with pytest.raises(Changed):
            act(user, [broadcast.ref], seen=shown)
    assert kinds(user) == {broadcast.ref: ("banner", "dialog")}
    assert services.confirm(user, [broadcast.ref], seen=selectors.announcements(user).version) == 1
    assert kinds(user) == {broadcast.ref: ("banner",)}


@pytest.mark.parametrize("act", [services.close_banner, services.confirm])
def test_every_such_write_advances_the_version_once(act: Any, user: int) -> None:
    broadcast = live(**EVERYWHERE)
    before = Mailbox.objects.get_or_create(pk=user)[0].version
    assert [act(user, [broadcast.ref]), act(user, [broadcast.ref])] == [1, 0]
    assert Mailbox.objects.get(pk=user).version == before + 1


def test_only_what_has_a_banner_can_be_closed(user: int) -> None:
    item, dialog, staff = live(), live(as_dialog=True), live(**EVERYWHERE, audience="staff")
    services.send([user], FollowMessage)
    message = FollowMessage.objects.get().ref
    over = live(**EVERYWHERE)
    services.withdraw(over)
    for ref in (item.ref, dialog.ref, staff.ref, over.ref, message, "follow-999", "broadcast-999"):
        with pytest.raises(NotFound):
            services.close_banner(user, [ref])
    for ref in (item.ref, staff.ref, over.ref, message):
        with pytest.raises(NotFound):
            services.confirm(user, [ref])
    assert not BroadcastReceipt.objects.exists()


def test_the_most_urgent_come_first_and_at_most_twenty(user: int) -> None:
    calm = [live(as_banner=True).ref for _number in range(20)]
    critical = [live(as_banner=True, level="critical").ref for _number in range(2)]
    warning = live(as_banner=True, level="warning").ref
    shown = [each.item.ref for each in selectors.announcements(user).items]
    assert shown == [*critical[::-1], warning, *calm[::-1]][:20]
    assert selectors.announcement(user, calm[0]).item.ref == calm[0]  # there all the same


def test_it_speaks_the_language_of_the_reader(user: int) -> None:
    button = {"url": "/tea", "label": "Drink tea", "labels": {"de": "Tee trinken"}}
    broken: Any = [{"url": "javascript:1", "label": "x", "labels": {}}, {"label": 1}, "x", button]
    live(
        title="Tea",
        language="en",
        translations={"de": {"title": "Tee", "body": "*Heiß*"}},
        as_banner=True,
        buttons=broken,
    )
    with translation("de"):
        [found] = selectors.announcements(user).items
    document = found.as_dict()
    assert (document["title"], document["lang"], document["body_html"]) == ("Tee", "de", "<p><em>Heiß</em></p>\n")
    assert document["buttons"] == [{"label": "Tee trinken", "lang": "de", "url": "/tea"}]
    with translation("zh-hans"):
        [found] = selectors.announcements(user).items
    assert found.as_dict()["buttons"] == [{"label": "Drink tea", "lang": "en", "url": "/tea"}]
