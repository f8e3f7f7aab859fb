"""The form of an announcement: where it shows, and its buttons."""

from datetime import date
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client

from inbox.models import AudienceFilter, Broadcast

pytestmark = [pytest.mark.urls("tests.inbox.urls"), pytest.mark.django_db, pytest.mark.anywhere]

ADD = "/admin/inbox/broadcast/add/"
FORM = {
    "title": "Maintenance", "body": "", "level": "info", "url": "", "audience": "everyone", "language": "en",
    "publish_at_0": "", "publish_at_1": "", "expires_at_0": "", "expires_at_1": "",
}  # fmt: skip
BUTTON = {"button_1_label": "Plan", "button_1_url": "/plan/"}


@pytest.fixture
def admin() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("admin"))
    return client


def errors(client: Client, **values: Any) -> dict[str, list[str]]:
    found: dict[str, list[str]] = client.post(ADD, FORM | values).context["adminform"].form.errors
    return found


def test_each_place_is_a_tick(admin: Client) -> None:
    admin.post(ADD, FORM | {"as_banner": "on", "for_visitors": "on"})
    row = Broadcast.objects.get()
    assert (row.in_inbox, row.as_banner, row.as_dialog, row.for_visitors) == (False, True, False, True)


def test_a_new_one_shows_in_the_inbox(admin: Client) -> None:
    form = admin.get(ADD).context["adminform"].form
    ticked = [name for name in ("in_inbox", "as_banner", "as_dialog", "for_visitors") if form[name].value()]
    assert ticked == ["in_inbox"]


def test_it_shows_somewhere(admin: Client) -> None:
    assert [*errors(admin)] == ["in_inbox"]


def test_visitors_see_banners_for_everyone(admin: Client) -> None:
    assert [*errors(admin, in_inbox="on", for_visitors="on")] == ["for_visitors"]
    assert [*errors(admin, as_banner="on", for_visitors="on", audience="staff")] == ["for_visitors"]
    someone, group = User.objects.create(username="bob"), Group.objects.create(name="tea")
    saved = AudienceFilter.objects.create(name="new", joined_after=date(2030, 1, 1))
    outs = {
        "excludes_staff": "on",
        "without_groups": group.pk,
        "without_people": someone.pk,
        "excluded_filters": saved.pk,
    }
    for out in ({name: value} for name, value in outs.items()):
        assert [*errors(admin, as_banner="on", for_visitors="on", **out)] == ["for_visitors"]


@pytest.mark.parametrize("nothing", ["\u200b", "\u202e\u2066", "\u3164\u2800"])
def test_texts_say_something(admin: Client, nothing: str) -> None:
    for name in ("title", "title_zh_hans", "button_1_label", "button_1_label_zh_hans"):
        assert [*errors(admin, **BUTTON | {"in_inbox": "on", name: nothing})] == [name], name
    found = admin.post("/admin/inbox/audiencefilter/add/", {"name": nothing, "joined_after": "2030-01-01"})
    assert [*found.context["adminform"].form.errors] == ["name"]


def test_buttons_with_labels_in_every_language(admin: Client) -> None:
    second = {"button_2_label": "Status", "button_2_url": "https://status.example.org/"}
    admin.post(ADD, FORM | BUTTON | second | {"in_inbox": "on", "button_1_label_zh_hans": "计划"})
    row = Broadcast.objects.get()
    assert row.buttons == [
        {"url": "/plan/", "label": "Plan", "labels": {"zh-hans": "计划"}},
        {"url": "https://status.example.org/", "label": "Status", "labels": {}},
    ]
    page = admin.get(f"/admin/inbox/broadcast/{row.pk}/change/")
    initial = page.context["adminform"].form.initial
    assert [initial[name] for name in ("button_1_label", "button_1_label_zh_hans", "button_2_url")] == [
        *("Plan", "计划", "https://status.example.org/")
    ]
    admin.post(f"/admin/inbox/broadcast/{row.pk}/change/", FORM | second | {"in_inbox": "on"})
    assert [button["label"] for button in Broadcast.objects.get().buttons] == ["Status"]


def test_a_language_that_the_site_has_lost_keeps_its_label(admin: Client) -> None:
    buttons = [{"url": "/plan/", "label": "Plan", "labels": {"fr": "Le plan", "de": "Der Plan"}}]
    row = Broadcast.objects.create(title="Maintenance", language="en", buttons=buttons)
    admin.post(f"/admin/inbox/broadcast/{row.pk}/change/", FORM | BUTTON | {"in_inbox": "on"})
    assert Broadcast.objects.get().buttons[0]["labels"] == {"fr": "Le plan"}


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"button_1_label": "Plan"}, "button_1_url"),
        ({"button_2_url": "/plan/"}, "button_2_label"),
        ({"button_1_label_de": "Plan"}, "button_1_label"),
        (BUTTON | {"button_1_label_en": "Plan"}, "button_1_label_en"),
        (BUTTON | {"button_1_url": "javascript:alert(1)"}, "button_1_url"),
        (BUTTON | {"button_1_label": "x" * 61}, "button_1_label"),
    ],
    ids=str,
)
def test_a_button_is_whole(admin: Client, values: dict[str, str], field: str) -> None:
    assert field in errors(admin, in_inbox="on", **values)
    assert not Broadcast.objects.exists()


def test_who_may_only_look_sees_the_buttons(admin: Client) -> None:
    row = Broadcast.objects.create(title="Maintenance", buttons=[{"url": "/plan/", "label": "Plan", "labels": {}}])
    reader = User.objects.create(username="reader", is_staff=True)
    reader.user_permissions.add(Permission.objects.get(codename="view_broadcast"))
    client = Client()
    client.force_login(reader)
    assert "/plan/" in client.get(f"/admin/inbox/broadcast/{row.pk}/change/").content.decode()
