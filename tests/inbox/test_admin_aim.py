"""The audience in the form of an announcement: a union, without others."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone

from inbox import services
from inbox.models import Broadcast, BroadcastMember

from .people import listed, live, one_of, people
from .rest import person
from .test_admin_broadcasts import FORM, LIST, at, page, staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin() -> Client:
    client = Client()
    client.force_login(person("admin", is_staff=True, is_superuser=True, email="boss@example.org"))
    return client


@pytest.fixture
def tea() -> Group:
    return Group.objects.create(name="tea")


def stored(excluded: bool = False) -> set[Any]:
    rows = BroadcastMember.objects.filter(is_excluded=excluded)
    return set(rows.values_list("user__username", flat=True))


def several(*names: Any, **fields: Any) -> dict[str, Any]:
    return {**FORM, "audience": "several", "people": [name.pk for name in names], **fields}


@pytest.mark.anywhere
def test_as_many_people_as_the_limit_says(admin: Client, settings: Any) -> None:
    """With Django's own limit of the number of fields."""
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
    model = get_user_model()
    model.objects.bulk_create(model(username=f"u{number}") for number in range(5001))
    keys = [str(key) for key in model.objects.filter(username__startswith="u").values_list("pk", flat=True)]
    form = {**FORM, "audience": "several"}
    refused = admin.post(f"{LIST}add/", form | {"people": "\n".join(keys)}).context["adminform"].form.errors
    assert refused == {"people": ["Choose at most 5000 people here. For more, upload a list."]}
    assert admin.post(f"{LIST}add/", form | {"people": "\r\n".join(keys[1:])}).status_code == 302
    assert BroadcastMember.objects.count() == 5000


@pytest.mark.anywhere
def test_no_more_people_than_that_are_counted(admin: Client) -> None:
    """However many fit into a request: SQLite takes 250,000 parameters in a statement."""
    first = get_user_model().objects.get().pk
    keys = "\n".join(map(str, range(first, first + 300_000)))
    answer = admin.post(f"{LIST}reach/", {"audience": "several", "people": keys})
    assert (answer.status_code, answer.json()["size"]) == (200, 1)


def test_a_union_without_others(admin: Client, tea: Group) -> None:
    ann, bob = person("ann"), person("bob")
    parts = {"with_staff": "on", "groups": [tea.pk], "late_joiners": "on"}
    exclusions = {"excludes_staff": "on", "without_groups": [tea.pk], "without_people": [bob.pk]}
    admin.post(f"{LIST}add/", several(ann, bob, **parts, **exclusions))
    made = Broadcast.objects.get()
    assert (made.audience, made.with_staff, made.late_joiners, made.excludes_staff) == ("several", True, True, True)
    assert (list(made.groups.all()), list(made.excluded_groups.all())) == ([tea], [tea])
    assert (stored(), stored(excluded=True)) == ({"ann", "bob"}, {"bob"})
    html = admin.get(page(made)).content.decode()
    assert re.search(rf'<option value="{bob.pk}" selected>\s*bob', html)
    assert html.count("<option") < 40  # only those who are chosen, and the choices of other fields
    admin.post(page(made), several(ann))
    made.refresh_from_db()
    assert (made.with_staff, made.excluded_groups.exists()) == (False, False)
    assert (stored(), stored(excluded=True)) == ({"ann"}, set())


@pytest.mark.anywhere
def test_saving_it_unchanged_changes_nothing(admin: Client) -> None:
    made = live(audience="several", title=FORM["title"], body=FORM["body"])
    listed(made, person("ann").pk)
    BroadcastMember.objects.create(broadcast=made, user=person("bob"), source="list")
    made.refresh_from_db()
    before, changes = made.clock, made.history.count()
    admin.post(page(made), several(*[row.user for row in made.members.filter(source="people")]))
    made.refresh_from_db()
    assert (made.clock, made.history.count(), made.members.count()) == (before, changes, 2)


@pytest.mark.anywhere
@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"people": ["1000000"]}, "There is no such user"),
        ({"people": ["x"]}, "There is no such user"),
        ({"audience": "staff", "with_staff": "on"}, "counts with the audience"),
        ({"without_groups": ["1000000"]}, "Select a valid choice"),
    ],
)
def test_what_is_refused(admin: Client, fields: dict[str, Any], sentence: str) -> None:
    assert sentence in admin.post(f"{LIST}add/", {**FORM, **fields}).content.decode()
    assert not Broadcast.objects.exists()


NOBODY_YET = "Nobody is in the audience yet"


@pytest.mark.anywhere
def test_a_draft_may_wait_for_its_list(admin: Client) -> None:
    html = admin.post(f"{LIST}add/", several(_continue=""), follow=True).content.decode()
    made = Broadcast.objects.get()
    assert f'<a href="{page(made, "lists")}">upload a list</a>' in html
    assert "Nobody is in the audience of this announcement" in publish(admin, made)
    person("ann")
    services.upload_list(made, "ann")
    assert NOBODY_YET not in admin.post(page(made), several(), follow=True).content.decode()
    assert "1 announcement is live" in publish(admin, made)
    services.remove_list(made)
    assert "Choose staff, groups or people" in admin.post(page(made), several()).content.decode()


@pytest.mark.anywhere
def test_nobody_is_told_only_of_a_draft_for_several(admin: Client) -> None:
    for fields in (FORM, several(with_staff="on")):
        assert NOBODY_YET not in admin.post(f"{LIST}add/", fields, follow=True).content.decode()


def test_at_its_time_one_for_nobody_is_blocked(clock: Any, admin: Client) -> None:
    tomorrow = timezone.now() + timedelta(days=1)
    answer = admin.post(f"{LIST}add/", several(**at("publish_at", tomorrow), _publish=""), follow=True)
    assert "1 announcement is scheduled" in answer.content.decode()
    clock.move_to(tomorrow)
    services.apply_due()
    assert Broadcast.objects.get().state == "blocked"


def publish(client: Client, made: Broadcast) -> str:
    return client.post(page(made), several(_publish=""), follow=True).content.decode()


def test_the_size_of_all_of_it(admin: Client, tea: Group) -> None:
    ann, bob, cid = (person(name) for name in ("ann", "bob", "cid"))
    tea.user_set.add(cid)
    made = Broadcast.objects.create(title="Tea", audience="several")
    BroadcastMember.objects.create(broadcast=made, user=bob, source="list")

    def size(**fields: Any) -> int:
        return int(admin.post(f"{LIST}reach/", {"audience": "several", "broadcast": "", **fields}).json()["size"])

    assert size() == 0
    assert size(people=[ann.pk, "x"], groups=[tea.pk]) == 2
    assert size(with_staff="on") == 1
    assert size(broadcast=made.pk, people=[ann.pk]) == 2
    assert size(broadcast=made.pk, people=[ann.pk], without_people=[bob.pk]) == 1
    assert size(audience="everyone", excludes_staff="on") == 3
    assert size(audience="everyone", without_groups=[tea.pk]) == 3
    services.publish(made)
    person("dora")
    assert size(audience="everyone", broadcast=made.pk) == 4
    assert size(audience="everyone", broadcast=made.pk, late_joiners="on") == 5


@pytest.mark.anywhere
def test_a_form_with_many_people_is_saved(admin: Client) -> None:
    """Django refuses more than a thousand fields, unless the site's settings say otherwise."""
    some = people(1100)
    answer = admin.post(f"{LIST}add/", {**FORM, "audience": "several", "people": some, "without_people": some[:10]})
    assert answer.status_code == 302
    assert Broadcast.objects.get().members.count() == 1110


def test_the_search_for_people(admin: Client) -> None:
    def names(typed: str) -> list[str]:
        return [found["name"] for found in admin.get(f"{LIST}people/", {"q": typed}).json()["people"]]

    for name in ("joanna", "ann", "annika"):
        person(name)
    assert names("ann") == ["ann", "annika", "joanna"]
    assert names("BOSS@") == ["admin"]
    assert names(" ") == names("nobody") == names("\0") == []
    people(12)
    assert len(names("user")) == 10
    assert admin.get(f"{LIST}people/", {"q": "admin"}).json()["people"][0]["more"] == "boss@example.org"
    assert staff("reader", "view_broadcast").get(f"{LIST}people/", {"q": "ann"}).status_code == 403


def looked_at(made: Broadcast) -> str:
    """Its page, for somebody who can't change it."""
    return staff("reader", "view_broadcast").get(page(made)).content.decode()


def field(html: str, name: str) -> str:
    """What the page shows for this field, without tags."""
    [found] = re.findall(rf'form-row field-{name}">(.*?)<div class="readonly">(.*?)</div>\s*</div>', html, re.DOTALL)
    return " ".join(re.sub(r"<[^>]*alt=.(\w+).[^>]*>|<[^>]*>", r" \1 ", found[1]).split())


@pytest.mark.anywhere
def test_who_may_only_look_sees_the_audience(tea: Group) -> None:
    made = live(audience="several", with_staff=True, late_joiners=True, excludes_staff=True)
    users = people(8)
    listed(made, *users[:2])
    services.upload_list(made, "\n".join(map(str, users[2:])))
    services.upload_list(made, str(users[0]), is_excluded=True)
    made.groups.add(tea)
    made.excluded_groups.add(Group.objects.create(name="milk"))
    names = [one_of(pk).get_username() for pk in users]
    html = looked_at(made)
    assert [field(html, name) for name in ("audience", "with_staff", "groups", "late_joiners", "excludes_staff")] == [
        "Several", "True", "tea", "True", "True",
    ]  # fmt: skip
    assert field(html, "left_out_groups") == "milk"
    for name in names[:7]:
        assert f"<bdi>{name}</bdi>" in html
    assert f"<bdi>{names[7]}</bdi>" not in html  # the sixth of the list
    assert html.count("Chosen (2)") == html.count("Uploaded list (6)") == html.count("Uploaded list (1)") == 1
    assert "inbox-without" not in html  # which is closed at first


@pytest.mark.anywhere
def test_who_may_only_look_sees_what_counts(tea: Group) -> None:
    """Not the parts that are left from an earlier audience."""
    made = live(audience="several", as_banner=True, for_visitors=False)
    listed(made, *people(2))
    made.groups.add(tea)
    Broadcast.objects.update(audience="everyone", for_visitors=True)
    html = looked_at(made)
    assert (field(html, "for_visitors"), field(html, "left_out_people")) == ("True", "-")
    for name in ("groups", "with_staff", "listed_people"):
        assert f"field-{name}" not in html


@pytest.mark.anywhere
def test_a_group_that_is_left_out_is_protected_on_its_page(admin: Client, tea: Group) -> None:
    live(title="Cake").excluded_groups.add(tea)
    answer = admin.get(f"/admin/auth/group/{tea.pk}/delete/")
    assert "“Cake” is not for the group “tea”" in answer.content.decode()
    assert admin.post(f"/admin/auth/group/{tea.pk}/delete/", {"post": "yes"}).status_code == 200
    assert Group.objects.exists()


@pytest.mark.anywhere
def test_a_blocked_one_says_so(admin: Client) -> None:
    now = timezone.now() - timedelta(minutes=1)
    made = Broadcast.objects.create(title="Tea", audience="groups", state="scheduled", publish_at=now)
    services.apply_due()
    assert "inbox-blocked" in admin.get(LIST).content.decode()
    html = admin.get(page(made)).content.decode()
    assert "it was not published" in html
    assert 'name="_publish"' in html
    admin.post(page(made), {**FORM, "_publish": ""})
    made.refresh_from_db()
    assert made.state == "live"
