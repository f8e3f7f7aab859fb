"""How followed and silenced subjects are called: by their names, for those who may know them; one query per model."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.contrib.sessions.models import Session
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inbox import selectors, services
from inbox.core import isolation
from inbox.core.subjects import subject_of
from inbox.selectors import SubjectName

from .may_follow import a_site_that_lets_follow, refused

pytestmark = [pytest.mark.django_db]


@pytest.fixture(autouse=True)
def site() -> Iterator[None]:
    with a_site_that_lets_follow():
        yield


def named(user: int, *subjects: str) -> list[SubjectName]:
    found = selectors.subject_names(user, subjects)
    return [found[subject] for subject in subjects]


@pytest.fixture
def tea(user: int) -> Any:
    return Group.objects.create(name="Tea for two")


def test_what_one_may_follow_has_its_own_name(user: int, tea: Any) -> None:
    assert named(user, subject_of(tea)) == [SubjectName("Tea for two")]


def test_who_may_no_longer_follow_it_learns_no_name(user: int, tea: Any) -> None:
    """Neither by a follow from before, nor by a silence, which needs no permission."""
    services.follow(user, tea)
    refused.add(subject_of(tea))
    services.silence(user, tea)
    assert named(user, subject_of(tea)) == [SubjectName(f"Group {tea.pk}")]


def test_what_is_gone_says_so_to_those_who_follow_it_or_may(user: int, tea: Any) -> None:
    """Others don't learn which objects there are: it is called the same before and after."""
    subject = subject_of(tea)
    refused.add(subject)
    before = named(user, subject)
    gone = SubjectName(f"Group {tea.pk}", is_gone=True)
    tea.delete()
    assert named(user, subject) == before == [SubjectName(gone.text)]
    refused.clear()
    assert named(user, subject) == [gone]
    services.follow(user, subject)
    refused.add(subject)
    assert named(user, subject) == [gone]


@pytest.mark.parametrize("number", [1, 25])
def test_one_query_for_each_model(user: int, number: int) -> None:
    groups = Group.objects.bulk_create(Group(name=f"Group of {n}") for n in range(number))
    permissions = Permission.objects.order_by("pk")[:number]
    subjects = [subject_of(each) for each in [*groups, *permissions]]
    with CaptureQueriesContext(connection) as queries:
        found = selectors.subject_names(user, subjects)
    assert [found[subject].text for subject in subjects[:number]] == [group.name for group in groups]
    tables = [query["sql"] for query in queries if query["sql"].startswith("SELECT")]
    assert len([sql for sql in tables if 'FROM "auth_group"' in sql]) == 1
    assert len([sql for sql in tables if 'FROM "auth_permission"' in sql]) <= 1 + number  # its __str__ reads more


STRANGE = {
    "gone.thing:8": "gone.thing:8",
    "auth.Group:1": "auth.Group:1",
    "auth.group:tea": "Group tea",
    "auth.group:01": "Group 01",
    "auth.group:99999999999999999999": "Group 99999999999999999999",
    "sessions.session:\u0661": "Session \u0661",
}


@pytest.mark.parametrize("subject", STRANGE)
def test_subjects_that_no_object_has(user: int, tea: Any, subject: str) -> None:
    [found] = named(user, subject)
    assert found.text == STRANGE[subject]


def test_keys_of_any_kind(user: int) -> None:
    Session.objects.create(session_key="a b:c/d", expire_date=timezone.now())
    assert named(user, "sessions.session:a b:c/d") == [SubjectName("a b:c/d")]


class Broken(Exception):
    pass


@pytest.mark.parametrize(
    ("says", "shown"),
    [
        ("", None),
        ("x" * 500, "x" * 99 + "…"),
        ("a\n\n b\ud800", "a b"),
        ("\u202eevil", "\u202eevil\u202c"),
        (Broken, None),
    ],
)
def test_whatever_an_object_calls_itself(
    user: int, tea: Any, monkeypatch: Any, caplog: Any, says: Any, shown: str | None
) -> None:
    def text(self: Group) -> str:
        if says is Broken:
            raise Broken
        return str(says)

    monkeypatch.setattr(Group, "__str__", text)
    isolation._logged.clear()
    assert named(user, subject_of(tea)) == [SubjectName(shown or f"Group {tea.pk}")]
    assert [record.message for record in caplog.records] == (["Naming objects of auth.Group failed"] * (says is Broken))
