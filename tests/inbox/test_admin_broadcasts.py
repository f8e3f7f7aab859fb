"""Broadcasts in Django's admin: written, published, edited, withdrawn and deleted by mouse."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inbox import services
from inbox.admin import broadcasts as admin_broadcasts
from inbox.admin.forms import BroadcastForm
from inbox.models import Broadcast, BroadcastReceipt, State

from .rest import announcement, person, state
from .test_replicas import ReadsElsewhere

pytestmark = [pytest.mark.urls("tests.inbox.urls"), pytest.mark.django_db, pytest.mark.anywhere]

LIST = "/admin/inbox/broadcast/"
FORM = {
    "title": "Maintenance", "body": "At noon.", "level": "info", "url": "", "audience": "everyone", "in_inbox": "on",
    "publish_at_0": "", "publish_at_1": "", "expires_at_0": "", "expires_at_1": "",
}  # fmt: skip


def at(name: str, moment: Any) -> dict[str, str]:
    return {f"{name}_0": moment.strftime("%Y-%m-%d"), f"{name}_1": moment.strftime("%H:%M:%S")}


NOW = timezone.now()
YESTERDAY, TOMORROW, LATER = (NOW + timedelta(days=days) for days in (-1, 1, 2))


@pytest.fixture
def admin() -> Client:
    return signed_in(person("admin", is_staff=True, is_superuser=True))


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def staff(name: str, *codenames: str) -> Client:
    user = person(name, is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    assert user.user_permissions.count() == len(codenames)
    return signed_in(user)


def page(broadcast: Broadcast, action: str = "change") -> str:
    return f"{LIST}{broadcast.pk}/{action}/"


def act(client: Client, action: str, *broadcasts: Broadcast) -> str:
    data = {"action": action, "_selected_action": [broadcast.pk for broadcast in broadcasts]}
    return client.post(LIST, data, follow=True).content.decode()


def states() -> list[str]:
    return list(Broadcast.objects.order_by("pk").values_list("state", flat=True))


def test_every_field_has_a_name_of_its_own(admin: Client) -> None:
    """Each time is two inputs, which Django calls "Date:" and "Time:" both times."""
    page = admin.get(f"{LIST}add/").content.decode()
    names = re.findall(r'<input[^>]* name="(?:publish|expires)_at_\d"[^>]* aria-label="([^"]+)"', page)
    assert names == ["Publish at: Date", "Publish at: Time", "Expires at: Date", "Expires at: Time"]


def test_what_is_settled_is_read_where_it_is_written(admin: Client, settings: Any) -> None:
    """On a replica, it may be older: then saving the form would withdraw what was published a moment ago."""
    news = Broadcast.objects.create(title="News", state="live")
    settings.DATABASE_ROUTERS = [ReadsElsewhere()]
    assert admin.post(page(news), FORM).status_code == 302
    assert admin.post(page(news, "delete"), {"post": "yes"}).status_code == 302
    assert states() == []


def test_saving_makes_a_draft_that_nobody_sees(bob: Any, admin: Client) -> None:
    before = state(bob)
    assert admin.post(f"{LIST}add/", FORM).status_code == 302
    broadcast = Broadcast.objects.get()
    assert (broadcast.state, str(broadcast.author)) == (State.DRAFT, "admin")
    assert state(bob) == before


def test_save_and_publish_reaches_everybody(bob: Any, admin: Client) -> None:
    before = state(bob)
    answer = admin.post(f"{LIST}add/", {**FORM, "_publish": ""}, follow=True)
    assert "1 announcement is live." in answer.content.decode()
    assert states() == [State.LIVE]
    assert state(bob).version > before.version
    assert state(bob).by_type == {"broadcast": 1}
    assert LogEntry.objects.filter(change_message='[{"changed": {"fields": ["state"]}}]').exists()


def test_a_changed_draft_is_saved_before_it_is_published(bob: Any, admin: Client) -> None:
    draft = Broadcast.objects.create(title="Old")
    admin.post(page(draft), {**FORM, "title": "New", "_publish": ""})
    draft.refresh_from_db()
    assert (draft.title, draft.state) == ("New", State.LIVE)


def test_with_a_time_it_is_scheduled(bob: Any, admin: Client) -> None:
    answer = admin.post(f"{LIST}add/", {**FORM, **at("publish_at", TOMORROW), "_publish": ""}, follow=True)
    assert "1 announcement is scheduled." in answer.content.decode()
    assert state(bob).unread == 0


def test_the_list_publishes_and_withdraws(bob: Any, admin: Client) -> None:
    drafts = [Broadcast.objects.create(title=name) for name in ("one", "two")]
    assert "2 announcements are live." in act(admin, "publish_selected", *drafts)
    shown = state(bob)
    assert shown.unread == 2
    assert "2 announcements stay as they are." in act(admin, "publish_selected", *drafts)
    assert state(bob) == shown
    assert "1 announcement is withdrawn." in act(admin, "withdraw_selected", drafts[0])
    assert state(bob).unread == 1
    assert state(bob).version > shown.version
    assert states() == [State.WITHDRAWN, State.LIVE]


def test_what_cannot_be_published_says_so_and_stops_nothing_else(admin: Client) -> None:
    over = Broadcast.objects.create(title="Too late", expires_at=YESTERDAY)
    fine = Broadcast.objects.create(title="In time")
    html = act(admin, "publish_selected", over, fine)
    assert "<bdi>Too late</bdi>: This announcement would expire" in html
    assert "1 announcement is live." in html
    assert states() == [State.DRAFT, State.LIVE]


@pytest.mark.parametrize(("action", "data"), [("change", FORM), ("delete", {"post": "yes"})])
def test_one_that_was_deleted_meanwhile(
    admin: Client, monkeypatch: pytest.MonkeyPatch, action: str, data: dict[str, str]
) -> None:
    row = Broadcast.objects.create(title="Gone soon")
    real = admin_broadcasts.ledger.locked_clock

    def locked_clock() -> Any:
        Broadcast._base_manager.filter(pk=row.pk)._raw_delete("default")
        return real()

    monkeypatch.setattr(admin_broadcasts.ledger, "locked_clock", locked_clock)
    answer = admin.post(page(row, action), data)
    assert (answer.status_code, answer["Location"]) == (302, LIST)


def test_the_withdraw_button_waits_for_no_valid_form(bob: Any, admin: Client) -> None:
    broadcast = announcement()
    html = admin.get(page(broadcast)).content.decode()
    assert f'formaction="{page(broadcast, "withdraw")}"' in html
    assert 'name="_publish"' not in html
    answer = admin.post(page(broadcast, "withdraw"), {"title": "", "expires_at_0": "nonsense"}, follow=True)
    assert "1 announcement is withdrawn." in answer.content.decode()
    assert state(bob).unread == 0
    assert admin.get(page(broadcast, "withdraw")).status_code == 405


def test_editing_what_is_live_reaches_everybody_and_changes_no_state(bob: Any, admin: Client) -> None:
    broadcast = announcement()
    before = state(bob)
    assert admin.post(page(broadcast), {**FORM, "title": "Moved to noon"}).status_code == 302
    assert states() == [State.LIVE]
    assert state(bob).version > before.version
    after = state(bob)
    admin.post(page(broadcast), {**FORM, "title": "Moved to noon"})
    assert state(bob) == after


def test_a_form_loaded_earlier_does_not_bring_back_what_was_withdrawn(
    bob: Any, admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    broadcast, is_valid = announcement(), BroadcastForm.is_valid

    def meanwhile(form: Any) -> bool:
        services.withdraw(Broadcast.objects.get(pk=broadcast.pk))
        return is_valid(form)

    monkeypatch.setattr(BroadcastForm, "is_valid", meanwhile)
    assert admin.post(page(broadcast), {**FORM, "title": "Late"}).status_code == 302
    assert states() == [State.WITHDRAWN]
    assert Broadcast.objects.get().title == "Late"
    assert state(bob).unread == 0


def test_groups_change_who_sees_it(bob: Any, admin: Client) -> None:
    testers, others = Group.objects.create(name="testers"), Group.objects.create(name="others")
    bob.groups.add(testers)
    to_groups = {**FORM, "audience": "groups"}
    admin.post(f"{LIST}add/", {**to_groups, "groups": [testers.pk], "_publish": ""})
    assert state(bob).unread == 1
    admin.post(page(Broadcast.objects.get()), {**to_groups, "groups": [others.pk]})
    assert state(bob).unread == 0
    admin.post(page(Broadcast.objects.get()), {**to_groups, "groups": [testers.pk, others.pk]})
    assert state(bob).unread == 1


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": "a\x00b"}, "title"),
        ({"body": "a\x00b"}, "body"),
        ({"body": "x" * 10_001}, "body"),
        ({"level": "loud"}, "level"),
        ({"audience": "nobody"}, "audience"),
        ({"audience": "groups"}, "groups"),
        ({"url": "javascript:alert(1)"}, "url"),
        ({"url": "//evil.example"}, "url"),
        ({"url": "ftp://example.com/"}, "url"),
        ({**at("publish_at", LATER), **at("expires_at", TOMORROW)}, "expires_at"),
        (at("expires_at", YESTERDAY), "expires_at"),
    ],
)
def test_the_form_refuses(admin: Client, values: dict[str, str], field: str) -> None:
    answer = admin.post(f"{LIST}add/", {**FORM, **values, "_publish": ""})
    assert answer.status_code == 200
    assert list(answer.context["adminform"].form.errors) == [field]
    assert states() == []


def test_groups_are_not_chosen_in_vain(admin: Client) -> None:
    """Whoever ticks them and forgets the audience would tell everybody. Those of an earlier audience may stay."""
    testers, others = Group.objects.create(name="testers"), Group.objects.create(name="others")
    answer = admin.post(f"{LIST}add/", {**FORM, "groups": [testers.pk], "_publish": ""})
    assert list(answer.context["adminform"].form.errors) == ["groups"]
    assert admin.post(f"{LIST}add/", {**FORM, "audience": "groups", "groups": [testers.pk]}).status_code == 302
    change = page(Broadcast.objects.get())
    assert admin.post(change, {**FORM, "groups": [testers.pk, others.pk]}).status_code == 200
    assert admin.post(change, {**FORM, "groups": [testers.pk]}).status_code == 302
    assert Broadcast.objects.get().audience == "everyone"


@pytest.mark.parametrize("url", ["https://example.com/a?b=c#d", "http://example.com", "/posts/1/", ""])
def test_the_form_takes_links(admin: Client, url: str) -> None:
    assert admin.post(f"{LIST}add/", {**FORM, "url": url}).status_code == 302


def test_the_list_says_when_a_scheduled_one_comes_out(admin: Client) -> None:
    """Sorted among those that have come out; a draft may have a time, but nothing will happen then."""
    draft = Broadcast.objects.create(title="Draft", publish_at=LATER)
    services.publish(later := Broadcast.objects.create(title="Later", publish_at=LATER))
    services.publish(sooner := Broadcast.objects.create(title="Sooner", publish_at=TOMORROW))
    live = announcement()
    rows = admin.get(LIST, {"o": "4"}).content.decode()
    cells = dict(re.findall(r'/(\d+)/change/[^"]*".*?class="field-published[^"]*">([^<]*)<', rows, re.DOTALL))
    assert cells[str(draft.pk)] == "-"
    assert "-" not in {cells[str(each.pk)] for each in (live, sooner, later)}
    assert [pk for pk in map(int, cells) if pk != draft.pk] == [live.pk, sooner.pk, later.pk]


def test_a_scheduled_one_keeps_a_time_and_a_live_one_its_start(admin: Client) -> None:
    scheduled = announcement(publish_at=TOMORROW)
    answer = admin.post(page(scheduled), FORM)
    assert list(answer.context["adminform"].form.errors) == ["publish_at"]
    live = announcement(publish_at=YESTERDAY)
    form = admin.get(page(live)).context["adminform"].form
    assert "publish_at" not in form.fields
    assert not {"state", "published_at", "clock", "author"} & set(form.fields)
    assert admin.post(page(live), {**FORM, **at("expires_at", TOMORROW)}).status_code == 302


def test_deleting_takes_it_back(bob: Any, admin: Client) -> None:
    first, second, draft = announcement(), announcement(), Broadcast.objects.create(title="Draft")
    services.mark_read(bob.pk, [first.ref])
    html = admin.get(page(first, "delete")).content.decode()
    assert "Receipts: 1" in html
    before = state(bob)
    admin.post(page(first, "delete"), {"post": "yes"})
    assert state(bob).version > before.version
    assert BroadcastReceipt.objects.count() == 0
    data = {"action": "delete_selected", "_selected_action": [second.pk, draft.pk], "post": "yes"}
    admin.post(LIST, data)
    assert states() == []
    assert state(bob).unread == 0


def test_who_may_do_what(bob: Any) -> None:
    draft, live = Broadcast.objects.create(title="Draft"), announcement()
    author = staff("author", "view_broadcast", "add_broadcast", "change_broadcast")
    publisher = staff("publisher", "view_broadcast", "publish_broadcast", "withdraw_broadcast")
    reader = staff("reader", "view_broadcast")
    for client in (author, reader):
        assert "publish_selected" not in client.get(LIST).content.decode()
        act(client, "publish_selected", draft)
        assert client.post(page(live, "withdraw")).status_code == 403
    assert 'name="_publish"' not in author.get(page(draft)).content.decode()
    assert author.post(page(draft), {**FORM, "_publish": ""}).status_code == 403
    assert states() == [State.DRAFT, State.LIVE]
    assert 'name="_publish"' not in publisher.get(page(draft)).content.decode()
    assert publisher.post(page(live, "withdraw")).status_code == 302
    act(publisher, "publish_selected", draft)
    assert states() == [State.LIVE, State.WITHDRAWN]
    assert signed_in(bob).post(page(draft, "withdraw")).status_code == 302  # to the sign-in page
    assert states() == [State.LIVE, State.WITHDRAWN]


def test_the_list_shows_state_audience_and_readers_in_few_queries(
    bob: Any, admin: Client, django_assert_num_queries: Any
) -> None:
    services.mark_read(bob.pk, [announcement().ref])
    with CaptureQueriesContext(connection) as few:
        html = admin.get(LIST).content.decode()
    assert '<span class="inbox-state inbox-live">Live</span>' in html
    assert 'read_at__isempty=0&amp;revision__gte=1">1</a>' in html
    for _ in range(20):
        services.mark_read(bob.pk, [announcement().ref])
    with django_assert_num_queries(len(few)):
        assert admin.get(LIST).content.decode().count('revision__gte=1">1</a>') == 21
    assert admin.get(LIST, {"q": "mainten", "state__exact": "live"}).context["cl"].result_count == 21


class TestPreview:
    def test_what_readers_of_each_language_get(self, admin: Client) -> None:
        """As the API and the transports would send it; those without a text get the original."""
        posted = {"title": "Soon", "body": "**now**", "language": "en", "level": "warning", "url": "/x/"}
        posted |= {"title_zh_hans": "马上", "body_zh_hans": "**现在**"}
        shown = admin.post(f"{LIST}preview/", posted).json()["shown"]
        for language, title, word in (("en", "Soon", "now"), ("zh-hans", "马上", "现在")):
            item = shown[language]["item"]
            assert (item["title"], item["body"], item["lang"]) == (title, word, language)
            assert item["body_html"] == f"<p><strong>{word}</strong></p>\n"
            assert (item["level"], item["url"], item["read"]) == ("warning", "/x/", False)
            assert shown[language]["note"] == ""
        original = admin.post(f"{LIST}preview/", posted | {"title_zh_hans": ""}).json()["shown"]["zh-hans"]
        assert (original["item"]["title"], original["item"]["lang"]) == ("Soon", "en")
        assert "no text in this language" in original["note"]

    def test_where_it_shows_and_its_buttons(self, admin: Client) -> None:
        posted = {"title": "Soon", "as_banner": "on", "as_dialog": "on", "language": "en"}
        posted |= {"button_1_label": "Plan", "button_1_url": "/plan/", "button_1_label_de": "Plan ansehen"}
        shown = admin.post(f"{LIST}preview/", posted | {"button_2_label": "No link"}).json()["shown"]
        assert shown["en"]["item"]["kinds"] == ["banner", "dialog"]
        assert shown["en"]["item"]["buttons"] == [{"label": "Plan", "lang": "en", "url": "/plan/"}]
        assert shown["de"]["item"]["buttons"] == [{"label": "Plan ansehen", "lang": "de", "url": "/plan/"}]

    def test_a_toast_is_cut_as_it_will_be(self, admin: Client) -> None:
        shown = admin.post(f"{LIST}preview/", {"title": "Long", "body": "x" * 600}).json()["shown"]["en"]
        assert (len(shown["item"]["body"]), len(shown["toast"]["body"])) == (600, 500)

    def test_what_is_left_out_is_said_by_field(self, admin: Client) -> None:
        posted = {"body": "[x](ftp://a)", "body_zh_hans": "x" * 10_001}
        left_out = admin.post(f"{LIST}preview/", posted).json()["left_out"]
        assert left_out == {
            "body": ["The link to ftp://a is left out."],
            "body_en": [],
            "body_de": [],
            "body_zh_hans": ["The text is too long."],
        }

    def test_values_that_the_form_will_refuse(self, admin: Client) -> None:
        posted = {"title": "x" * 300, "level": "loud", "url": "javascript:x", "language": "xx", "body": "x" * 20_000}
        item = admin.post(f"{LIST}preview/", posted).json()["shown"]["en"]["item"]
        assert (len(item["title"]), item["level"], item["url"], len(item["body"])) == (200, "info", "", 10_000)

    def test_the_frame_is_in_the_language_of_the_readers(self, admin: Client) -> None:
        page = admin.get(f"{LIST}preview/zh-hans/")
        assert b'<html lang="zh-hans"' in page.content
        assert page["X-Frame-Options"] == "SAMEORIGIN"
        assert json.dumps("未读") in admin.get(f"{LIST}preview/zh-hans/catalog.js").content.decode()

    def test_for_those_who_write(self) -> None:
        assert staff("writer", "add_broadcast").post(f"{LIST}preview/", {"body": "x"}).status_code == 200
        assert staff("editor", "view_broadcast", "change_broadcast").post(f"{LIST}preview/").status_code == 200
        assert staff("reader", "view_broadcast").post(f"{LIST}preview/", {"body": "x"}).status_code == 403
        assert staff("writer too", "add_broadcast").get(f"{LIST}preview/").status_code == 405
        assert staff("reader too", "view_broadcast").get(f"{LIST}preview/en/").status_code == 403


def test_saving_says_what_is_left_out(admin: Client) -> None:
    answer = admin.post(f"{LIST}add/", {**FORM, "body": "[x](ftp://a)"}, follow=True)
    assert "The link to ftp://a is left out." in answer.content.decode()
    assert "is left out" not in admin.post(f"{LIST}add/", FORM, follow=True).content.decode()
