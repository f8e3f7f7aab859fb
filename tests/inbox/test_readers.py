"""Who has read a broadcast, and who has not: each number is the length of its list, on the page and as CSV."""

import csv
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from inbox import selectors, services
from inbox.admin.readers import neutralised
from inbox.models import Broadcast
from inbox.selectors import Who

from .rest import announcement, person
from .test_admin_broadcasts import page, signed_in, staff

pytestmark = [pytest.mark.urls("tests.inbox.urls"), pytest.mark.django_db]


@pytest.fixture
def tea() -> Broadcast:
    """For a group of four, of whom two have read it; one of them has left since, and one can't sign in any more."""
    group = Group.objects.create(name="tea")
    members = {name: person(name, email=f"{name}@x.example") for name in ("ann", "bob", "cat", "dan")}
    for user in members.values():
        user.groups.add(group)
    broadcast = Broadcast.objects.create(title="Tea", audience="groups")
    broadcast.groups.add(group)
    services.publish(broadcast)
    for name in ("ann", "bob"):
        services.mark_read(members[name], [broadcast.ref])
    members["bob"].groups.clear()
    User.objects.filter(username="dan").update(is_active=False)
    person("eve")
    return broadcast


@pytest.fixture
def admin() -> Client:
    return signed_in(person("admin", is_staff=True, is_superuser=True))


def test_the_numbers_and_the_lists(tea: Broadcast) -> None:
    lists = {who: [user.get_username() for user in selectors.people(tea, who)] for who in Who}
    assert lists == {Who.READ: ["ann"], Who.UNREAD: ["cat"], Who.LEFT: ["bob"]}
    assert selectors.counts(tea) == {who: len(names) for who, names in lists.items()}


def test_what_was_marked_unread_again_is_not_read(tea: Broadcast) -> None:
    services.mark_unread(User.objects.get(username="ann"), [tea.ref])
    assert selectors.counts(tea) == {Who.READ: 0, Who.UNREAD: 2, Who.LEFT: 1}


def test_search(tea: Broadcast) -> None:
    assert [user.get_username() for user in selectors.people(tea, Who.UNREAD, "CAT@")] == ["cat"]
    assert not selectors.people(tea, Who.UNREAD, "ann").exists()
    assert not selectors.people(tea, Who.UNREAD, "%").exists()


class TestPage:
    def test_it_lists_them(self, tea: Broadcast, admin: Client) -> None:
        html = admin.get(page(tea, "readers")).content.decode()
        assert "2 people are in the audience." in html
        assert all(each in html for each in ("Read (1)", "Not read (1)", "Read, and left the audience (1)"))
        assert "<bdi>ann</bdi>" in html
        assert "<bdi>cat</bdi>" in admin.get(page(tea, "readers"), {"who": "unread"}).content.decode()
        assert "Nobody." in admin.get(page(tea, "readers"), {"who": "left", "q": "ann"}).content.decode()
        assert page(tea, "readers") in admin.get(page(tea)).content.decode()

    @pytest.mark.parametrize(
        "query", [{"who": "nobody"}, {"p": "x"}, {"p": "99"}, {"q": "\x00" * 3}, {"q": "x" * 5000}]
    )
    def test_odd_questions(self, tea: Broadcast, admin: Client, query: dict[str, str]) -> None:
        assert admin.get(page(tea, "readers"), query).status_code == 200

    def test_pages_of_a_hundred(self, admin: Client) -> None:
        User.objects.bulk_create(User(username=f"u{number:03}") for number in range(150))
        broadcast = announcement()
        first = admin.get(page(broadcast, "readers"), {"who": "unread"}).content.decode()
        assert ("Not read (151)" in first, "u098" in first, "u099" in first, "1 / 2" in first) == (
            True,
            True,
            False,
            True,
        )
        assert "u149" in admin.get(page(broadcast, "readers"), {"who": "unread", "p": "2"}).content.decode()

    def test_who_may_look(self, tea: Broadcast, admin: Client) -> None:
        reader, writer = staff("reader", "view_broadcast"), staff("writer", "add_broadcast")
        for address in (page(tea, "readers"), f"{page(tea, 'readers')[:-1]}.csv"):
            assert reader.get(address).status_code == 200
            assert writer.get(address).status_code == 403
            assert Client().get(address).status_code == 302
            assert admin.get(address.replace(f"/{tea.pk}/", "/999/")).status_code == 404


@pytest.mark.anywhere
class TestCsv:
    def rows(self, client: Client, broadcast: Broadcast, who: str) -> list[list[str]]:
        answer: Any = client.get(f"{page(broadcast, 'readers')[:-1]}.csv", {"who": who})
        assert answer["Content-Type"] == "text/csv; charset=utf-8"
        assert f"broadcast-{broadcast.pk}-{who}.csv" in answer["Content-Disposition"]
        text = answer.getvalue().decode("utf-8-sig")
        return list(csv.reader(text.splitlines()))

    def test_the_same_people(self, tea: Broadcast, admin: Client) -> None:
        head, [pk, name, read_at] = self.rows(admin, tea, "read")
        assert head == ["user", "name", "read_at"]
        assert (int(pk), name) == (User.objects.get(username="ann").pk, "ann")
        assert read_at.endswith("+00:00")
        assert [row[1:] for row in self.rows(admin, tea, "unread")[1:]] == [["cat", ""]]

    @pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@sum", "\t=1"])
    def test_no_cell_is_a_formula(self, admin: Client, name: str) -> None:
        assert neutralised(name) == f"'{name}"
        User.objects.create(username=name)
        names = [row[1] for row in self.rows(admin, announcement(), "unread")]
        assert f"'{name}" in names
        assert name not in names
