"""What the list asks before it publishes or withdraws the selected announcements."""

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from inbox import selectors, services
from inbox.models import Broadcast
from inbox.selectors import audience

from .rest import announcement, person
from .test_admin_broadcasts import LIST, TOMORROW, signed_in, staff

pytestmark = [pytest.mark.urls("tests.inbox.urls"), pytest.mark.django_db]


@pytest.fixture
def admin() -> Client:
    return signed_in(person("admin", is_staff=True, is_superuser=True))


def asked(client: Client, action: str, *broadcasts: Broadcast, query: str = "", **more: str) -> tuple[str, str]:
    """Heading and sentence of the dialog."""
    data = {"action": action, "_selected_action": [broadcast.pk for broadcast in broadcasts], **more}
    answer = client.post(f"{LIST}selected/{query}", data)
    assert answer.status_code == 200, answer
    found = answer.json()
    return found["heading"], found["sentence"]


def draft(**columns: Any) -> Broadcast:
    return Broadcast.objects.create(**{"title": "Tea", **columns})


def to_group(name: str, *members: Any) -> Broadcast:
    group = Group.objects.create(name=name)
    group.user_set.set(members)
    broadcast = draft(audience="groups")
    broadcast.groups.add(group)
    return broadcast


def test_publishing_counts_each_person_once(admin: Client, bob: Any) -> None:
    cid = person("cid")
    person("dan")
    rows = to_group("one", bob, cid), to_group("two", bob), draft(audience="staff")
    heading, sentence = asked(admin, "publish_selected", *rows)
    assert heading == "Publish 3 announcements?"
    assert sentence.startswith("3 people: ")
    assert all(name in sentence for name in ("admin", "bob", "cid"))
    assert asked(admin, "publish_selected", rows[1])[1].startswith("1 person: ")
    assert asked(admin, "publish_selected", *rows, draft())[1].startswith("4 people: ")


def test_only_what_would_change_is_counted(admin: Client, bob: Any) -> None:
    live, scheduled = announcement(), announcement(publish_at=TOMORROW)
    assert asked(admin, "publish_selected", live, draft())[0] == "Publish 1 announcement?"
    assert asked(admin, "publish_selected", live) == ("", "")
    assert asked(admin, "withdraw_selected", live, scheduled, draft())[0] == "Withdraw 2 announcements?"
    assert asked(admin, "withdraw_selected", draft()) == ("", "")


def test_an_audience_of_nobody(admin: Client) -> None:
    assert asked(admin, "publish_selected", to_group("empty"))[1] == "Nobody is in this audience."


def test_withdrawing_says_how_many_people_have_read(admin: Client, bob: Any) -> None:
    cid = person("cid")
    first, second = announcement(), announcement()
    for user in (bob, cid):
        services.mark_read(user.pk, [first.ref])
    services.mark_read(bob.pk, [second.ref])
    sentence = "Read by 2 people so far. They disappear from every page."
    assert asked(admin, "withdraw_selected", first, second) == ("Withdraw 2 announcements?", sentence)
    sentence = "Read by 1 person so far. It disappears from every page."
    assert asked(admin, "withdraw_selected", second) == ("Withdraw 1 announcement?", sentence)


def test_all_that_a_search_has_found(admin: Client) -> None:
    drafts = [draft(title="Green tea") for _ in range(3)]
    draft(title="Milk")
    across = {"select_across": "1", "query": "?q=green"}
    assert asked(admin, "publish_selected", drafts[0], **across)[0] == "Publish 3 announcements?"


@pytest.mark.parametrize(("action", "permission"), [("publish", "publish"), ("withdraw", "withdraw")])
def test_for_those_who_may(action: str, permission: str) -> None:
    may = staff("may", "view_broadcast", f"{permission}_broadcast")
    other = {"publish": "withdraw", "withdraw": "publish"}[permission]
    may_not = staff("may not", "view_broadcast", "change_broadcast", f"{other}_broadcast")
    data = {"action": f"{action}_selected", "_selected_action": draft().pk}
    assert may.post(f"{LIST}selected/", data).status_code == 200
    assert may_not.post(f"{LIST}selected/", data).status_code == 403
    assert may.post(f"{LIST}selected/", {**data, "action": "delete_selected"}).status_code == 403
    assert may.post(f"{LIST}selected/", {**data, "_selected_action": "x"}).json()["heading"] == ""
    assert may.get(f"{LIST}selected/").status_code == 405
    assert may.post(f"{LIST}selected/?pages=7", data).status_code == 400


def test_many_audiences_are_one_statement_and_no_more_than_that(
    monkeypatch: pytest.MonkeyPatch, bob: Any, django_assert_num_queries: Any
) -> None:
    everybody = [draft() for _ in range(30)]
    with django_assert_num_queries(7):  # five kinds of parts that are rows, the number, and some names
        assert selectors.reach_of(everybody).is_exact
    monkeypatch.setattr(audience, "MOST_PARTS", 1)
    assert not selectors.reach_of([to_group("one", bob), to_group("two", bob)]).is_exact
    assert selectors.reach_of([]).size == 0
