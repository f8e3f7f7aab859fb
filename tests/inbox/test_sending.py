"""Sending over the API: to whom, what, and what it is answered with."""

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group

from inbox import selectors, services
from inbox.models import CommentMessage, FollowMessage, Scope, Send, event_types

from .people import people
from .rest import IN_CHINESE, person, problem
from .services import COLUMNS, Service, service
from .threading import counted, stored

pytestmark = [pytest.mark.urls("tests.inbox.urls"), pytest.mark.django_db, pytest.mark.anywhere, pytest.mark.any_django]


def send(shop: Service, **event: Any) -> Any:
    return shop("POST", "messages/", {"type": "follow", **event})


def unread(user: Any) -> int:
    return selectors.snapshot(user).unread


class TestWhat:
    @pytest.mark.parametrize("name", COLUMNS)
    def test_every_event_type(self, shop: Service, bob: Any, name: str) -> None:
        assert COLUMNS.keys() == event_types().keys()
        answer = send(shop, type=name, recipients=["bob"], url="/tea/1", **COLUMNS[name])
        assert answer.status_code == 201
        row = event_types()[name].objects.get(recipient=bob)
        assert {column: getattr(row, column) for column in COLUMNS[name]} == COLUMNS[name]
        assert row.url == "/tea/1"

    def test_the_snapshot_of_a_single_recipient(self, shop: Service, bob: Any) -> None:
        answer = send(shop, recipients=[bob.pk]).json()
        assert answer.pop("snapshot") == selectors.snapshot(bob).as_dict()
        assert answer == {"send": Send.objects.get().pk, "created": 1, "unknown": []}
        assert "snapshot" not in send(shop, recipients=[bob.pk, person("eve").pk]).json()

    @pytest.mark.parametrize(
        ("actor", "title"),
        [({}, "owner-of-shop"), ({"actor": "eve"}, "eve"), ({"actor": None}, "Someone")],
        ids=["the token's owner", "somebody", "nobody"],
    )
    def test_who_did_it(self, shop: Service, bob: Any, actor: Any, title: str) -> None:
        person("eve")
        assert send(shop, recipients=["bob"], **actor).status_code == 201
        assert selectors.inbox_page(bob).items[0].title == f"{title} followed you"

    def test_an_id_is_a_whole_number_however_it_is_written(self, shop: Service, bob: Any) -> None:
        answer = send(shop, recipients=[float(bob.pk), {"id": float(bob.pk)}, 1e300])
        assert (answer.json()["created"], answer.json()["unknown"]) == (1, [1e300])

    def test_a_dedupe_key_replaces_what_is_unread(self, shop: Service, bob: Any) -> None:
        tea = {"type": "comment", "recipients": ["bob"], "dedupe_key": "tea"}
        for title in ("One", "Two"):
            assert send(shop, target_title=title, **tea).json()["snapshot"]["unread"] == 1
        [row] = CommentMessage.objects.filter(recipient=bob)
        assert (row.target_title, row.seq) == ("Two", 2)
        services.mark_read(bob, [row.ref])
        assert send(shop, target_title="Three", **tea).json()["created"] == 1
        assert CommentMessage.objects.filter(recipient=bob).count() == 2

    @pytest.mark.parametrize("way", ["send", "sends", "save", "bulk_create"])
    def test_what_replaces_a_starred_message_keeps_the_star(self, bob: Any, way: str) -> None:
        """Of whoever had one, and not of others; its thread counts the one message that is there."""
        eve = person("eve")
        services.send([bob, eve], FollowMessage, dedupe_key="tea", url="/tea/")
        services.send([bob, eve], FollowMessage, url="/tea/")
        old = FollowMessage.objects.get(recipient=bob, dedupe_key="tea")
        services.star(bob, [old.ref])
        starred_at = FollowMessage.objects.get(pk=old.pk).starred_at
        values = {"dedupe_key": "tea", "url": "/tea/"}
        if way == "send":
            services.send([bob, eve], FollowMessage, **values)
        elif way == "sends":
            orders = [services.Order(services.draft(FollowMessage, **values), [pk]) for pk in sorted([bob.pk, eve.pk])]
            services.start_sends(orders)
        else:
            rows = [FollowMessage(recipient=user, **values) for user in (bob, eve)]
            FollowMessage.objects.bulk_create(rows) if way == "bulk_create" else [row.save() for row in rows]
        new, hers = (FollowMessage.objects.get(recipient=user, dedupe_key="tea") for user in (bob, eve))
        assert new.pk != old.pk
        assert (new.starred_at, hers.starred_at, new.read_at) == (starred_at, None, None)
        assert stored([bob.pk, eve.pk]) == counted([bob.pk, eve.pk])
        assert [(thread.items, thread.unread) for thread in selectors.thread_page(bob.pk).threads] == [(2, 2)]

    def test_a_dedupe_key_is_of_one_type_and_recipient(self, shop: Service, bob: Any) -> None:
        eve = person("eve")
        send(shop, recipients=["bob", "eve"], dedupe_key="tea")
        send(shop, recipients=["bob"], dedupe_key="tea", type="like", target_title="Tea")
        send(shop, recipients=["bob"], dedupe_key="coffee")
        assert (unread(bob), unread(eve)) == (3, 1)

    def test_plain_rows_take_places_too(self, bob: Any) -> None:
        FollowMessage.objects.create(recipient=bob, dedupe_key="tea")
        FollowMessage(recipient=bob, dedupe_key="tea").save()
        FollowMessage.objects.bulk_create([FollowMessage(recipient=bob, dedupe_key=key) for key in ("tea", "x", None)])
        assert unread(bob) == 3

    @pytest.mark.parametrize(
        ("wrong", "pointer"),
        [
            ({"type": "poem"}, ""),
            ({"type": None}, ""),
            ({"type": "system"}, "/title"),
            ({"type": "system", "title": ""}, "/title"),
            ({"type": "system", "title": "x" * 201}, "/title"),
            ({"type": "system", "title": "x\x00"}, "/title"),
            ({"type": "system", "title": "\ud800"}, "/title"),
            ({"type": "system", "title": 7}, "/title"),
            *(({"type": "system", "title": nothing}, "/title") for nothing in ("  ", "\u200b\u202e", "\u3164")),
            ({"type": "system", "title": "x", "level": "loud"}, "/level"),
            ({"url": "javascript:alert(1)"}, "/url"),
            ({"url": "//evil.example"}, "/url"),
            ({"dedupe_key": ""}, "/dedupe_key"),
            ({"strict": 1}, "/strict"),
            ({"seq": 1}, "/seq"),
            ({"since": 1}, "/since"),
            ({"read_at": "2030-01-01T00:00:00Z"}, "/read_at"),
            ({"recipient": 1}, "/recipient"),
            ({"actor": "nobody"}, "/actor"),
            ({"actor": True}, "/actor"),
            ({"recipients": []}, "/recipients"),
            ({"recipients": [1.5]}, "/recipients/0"),
            ({"recipients": [1, None]}, "/recipients/1"),
            ({"recipients": [{"id": True}]}, "/recipients/0"),
            ({"recipients": [{"id": 1, "name": "x"}]}, "/recipients/0"),
            ({"recipients": [1] * 10_001}, "/recipients"),
            ({"audience": "everyone"}, ""),
            ({"groups": ["x"]}, ""),
        ],
    )
    def test_what_is_refused(self, shop: Service, bob: Any, wrong: Any, pointer: str) -> None:
        shop.headers |= IN_CHINESE
        errors = problem(send(shop, **{"recipients": ["bob"]} | wrong), 422)["errors"]
        assert {error["pointer"] for error in errors} == {pointer}
        assert {error["part"] for error in errors} == {"body"}
        assert not Send.objects.exists()

    @pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"7"])
    def test_what_is_no_event(self, shop: Service, body: bytes) -> None:
        assert shop("POST", "messages/", body).status_code in {400, 422}

    def test_what_is_too_large(self, shop: Service) -> None:
        problem(shop("POST", "messages/", b" " * (1024 * 1024 + 1)), 413)


class TestToWhom:
    def test_ids_names_and_references(self, shop: Service) -> None:
        ids = people(3)
        bob, eve = person("bob"), person("7")
        given = [ids[0], {"id": ids[1]}, {"id": str(ids[2])}, "bob", "7", ids[0], "bob"]
        assert send(shop, recipients=given).json()["created"] == 5
        assert [unread(user) for user in (*ids, bob, eve)] == [1] * 5

    def test_the_unknown_are_reported(self, shop: Service, bob: Any) -> None:
        strangers = [999, "zed", {"id": 998}, {"id": "x"}, 10**30, -1, "a\x00b", {"id": ""}, ""]
        answer = send(shop, recipients=[*strangers, "bob"])
        assert (answer.status_code, answer.json()["unknown"], answer.json()["created"]) == (201, strangers, 1)
        nobody = send(shop, recipients=["zed"]).json()
        assert (nobody["created"], nobody["unknown"]) == (0, ["zed"])

    def test_strictly_none_may_be_unknown(self, shop: Service, bob: Any) -> None:
        [error] = problem(send(shop, recipients=["bob", "zed"], strict=True), 422)["errors"]
        assert (error["pointer"], "zed" in error["detail"]) == ("/recipients", True)
        assert unread(bob) == 0
        assert send(shop, recipients=["bob"], strict=True).status_code == 201

    @pytest.mark.parametrize(
        ("audience", "reached"),
        [
            ({"audience": "everyone"}, "plain staff member owner-of-shop"),
            ({"audience": "staff"}, "staff"),
            ({"audience": "groups", "groups": ["tea", "coffee"]}, "member"),
            ({"audience": "groups", "groups": ["coffee"]}, ""),
        ],
    )
    def test_audiences(self, shop: Service, audience: Any, reached: str) -> None:
        users = {name: person(name) for name in ("plain", "member")}
        users["staff"] = person("staff", is_staff=True)
        users["gone"] = person("gone", is_staff=True, is_active=False)
        tea, _coffee = Group.objects.create(name="tea"), Group.objects.create(name="coffee")
        tea.user_set.add(users["member"], users["gone"])
        answer = send(shop, **audience)
        assert (answer.status_code, answer.json()["created"]) == (201, len(reached.split()))
        assert {name for name, user in users.items() if unread(user)} == set(reached.split()) - {"owner-of-shop"}

    def test_users_without_a_mailbox(self, shop: Service) -> None:
        ids = people(2)
        assert send(shop, recipients=ids[:1]).json()["created"] == 1
        assert send(shop, audience="everyone").json()["created"] == 3

    @pytest.mark.parametrize(
        ("groups", "pointer"), [(["tea", "none"], "/groups/1"), ([], "/groups"), (None, ""), (["x\x00"], "/groups/0")]
    )
    def test_groups_exist(self, shop: Service, groups: Any, pointer: str) -> None:
        Group.objects.create(name="tea")
        event = {"audience": "groups"} | ({} if groups is None else {"groups": groups})
        [error] = problem(send(shop, **event), 422)["errors"]
        assert error["pointer"] == pointer


def test_what_the_scopes_allow(bob: Any) -> None:
    writer = service(Scope.MESSAGES_WRITE)
    reader = service(Scope.MESSAGES_READ, owner=get_user_model().objects.get(username="owner-of-shop"))
    assert problem(send(reader, recipients=["bob"]), 403)["code"] == "missing_scope"
    number = send(writer, recipients=["bob"]).json()["send"]
    problem(writer.get(f"sends/{number}/"), 403)
    assert reader.get(f"sends/{number}/").json()["status"] == "done"
