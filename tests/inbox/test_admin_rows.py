"""Messages, mailboxes and receipts in Django's admin: found, looked at, and deleted without a wrong count."""

from typing import Any

import pytest
from django.contrib import admin as django_admin
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from inbox import services
from inbox.internals.models import PROXIES, TABLES
from inbox.models import (
    BroadcastReceipt,
    CommentMessage,
    DeletedUser,
    Following,
    Mailbox,
    Send,
    Silence,
    SystemMessage,
    event_types,
)

from .rest import announcement, comment, person, state
from .services import service

pytestmark = [pytest.mark.urls("tests.inbox.urls"), pytest.mark.django_db, pytest.mark.anywhere]

COMMENTS = "/admin/inbox_internals/commentmessage/"
RECEIPTS = "/admin/inbox_internals/broadcastreceipt/"
MAILBOXES = "/admin/inbox_internals/mailbox/"


@pytest.fixture
def admin() -> Client:
    client = Client()
    client.force_login(person("admin", is_staff=True, is_superuser=True))
    return client


def shown(client: Client, path: str, **query: str) -> list[Any]:
    return list(client.get(path, query).context["cl"].result_list)


@pytest.mark.parametrize("model", [*event_types().values(), Mailbox, BroadcastReceipt])
def test_every_table_has_its_pages(bob: Any, admin: Client, model: Any) -> None:
    if model in event_types().values():
        columns = {"title", "target_title", "resource_title"} & {field.name for field in model._meta.fields}
        services.send([bob], model, **dict.fromkeys(columns, "Hello"))
    services.mark_read(bob.pk, [announcement().ref])
    path = f"/admin/inbox_internals/{model._meta.model_name}/"
    [row] = shown(admin, path, q="bob")
    assert admin.get(f"{path}{row.pk}/change/").status_code == 200
    before = state(bob)
    assert admin.post(f"{path}{row.pk}/change/", {"read_at_0": "2026-01-01"}).status_code == 403
    assert admin.get(f"{path}add/").status_code == 403
    assert state(bob) == before


@pytest.mark.parametrize(
    ("model", "title"),
    [(Mailbox, "bob"), (BroadcastReceipt, "Maintenance / bob"), (Following, "bob: demo.post:1"), (Silence, "bob: a:2")],
)
def test_a_page_is_called_as_people_call_it(bob: Any, admin: Client, model: Any, title: str) -> None:
    """Not by keys."""
    services.mark_read(bob.pk, [announcement(title="Maintenance").ref])
    Following.objects.create(mailbox_id=bob.pk, subject="demo.post:1")
    Silence.objects.create(mailbox_id=bob.pk, subject="a:2")
    row = bob.mailbox if model is Mailbox else model.objects.get()
    page = admin.get(f"/admin/inbox_internals/{model._meta.model_name}/{row.pk}/change/")
    assert page.context["subtitle"] == title


def test_sends_are_looked_at(bob: Any, admin: Client) -> None:
    service().once("k", "POST", "messages/", {"type": "system", "title": "Secret", "recipients": ["bob"]})
    path = "/admin/inbox/send/"
    [row] = shown(admin, path, q="shop")
    assert (row.type, row.created) == ("system", 1)
    assert shown(admin, path, type="comment") == []
    assert shown(admin, path, type="system") == [row]
    page = admin.get(f"{path}{row.pk}/change/")
    assert page.status_code == 200
    assert "System message" in page.content.decode()
    assert "Secret" not in page.content.decode()
    assert admin.get(f"{path}add/").status_code == 403
    assert admin.post(f"{path}{row.pk}/delete/", {"post": "yes"}).status_code == 403


def test_rows_are_found_by_user_name_and_status(bob: Any, admin: Client) -> None:
    unread, read, archived, deleted = (comment(bob) for _ in range(4))
    comment(person("carol"))
    services.mark_read(bob.pk, [read.ref])
    services.archive(bob.pk, [archived.ref])
    services.delete(bob.pk, [deleted.ref])
    assert len(shown(admin, COMMENTS)) == 5
    assert len(shown(admin, COMMENTS, q="bo")) == 4
    for row, status in ((unread, "unread"), (read, "read"), (archived, "archived"), (deleted, "deleted")):
        assert shown(admin, COMMENTS, q="bob", status=status) == [row]
    services.send([bob], SystemMessage, title="Careful", level="warning")
    assert len(shown(admin, "/admin/inbox_internals/systemmessage/", level__exact="warning")) == 1


def test_receipts_of_one_broadcast(bob: Any, admin: Client) -> None:
    first, second = announcement(), announcement()
    services.mark_read(bob.pk, [first.ref, second.ref])
    [receipt] = shown(
        admin, "/admin/inbox_internals/broadcastreceipt/", broadcast__id__exact=str(first.pk), status="read"
    )
    assert receipt.broadcast == first


def test_a_bulk_delete_leaves_counts_right(bob: Any, admin: Client) -> None:
    carol = person("carol")
    doomed = [comment(bob), comment(bob), comment(carol)]
    kept = comment(bob)
    services.mark_read(bob.pk, [doomed[0].ref])
    before = state(bob), state(carol)
    data = {"action": "delete_selected", "_selected_action": [row.pk for row in doomed]}
    assert "Comments: 3" in admin.post(COMMENTS, data).content.decode()
    assert (state(bob), state(carol)) == before
    assert admin.post(COMMENTS, data | {"post": "yes"}).status_code == 302
    assert list(CommentMessage.objects.all()) == [kept]
    assert (state(bob).unread, state(carol).unread) == (1, 0)
    assert state(bob).version > before[0].version
    assert state(carol).version > before[1].version


def test_a_search_can_be_deleted_as_a_whole(bob: Any, admin: Client) -> None:
    services.send([bob, person("carol")], CommentMessage, target_title="x")
    CommentMessage.objects.bulk_create(CommentMessage(recipient=bob, target_title="x") for _ in range(120))
    data = {"action": "delete_selected", "_selected_action": "1", "select_across": "1"}
    assert "and 21 more" in admin.post(f"{COMMENTS}?q=bob", data).content.decode()
    admin.post(f"{COMMENTS}?q=bob", data | {"post": "yes"})
    assert CommentMessage.objects.count() == 1
    assert state(bob).unread == 0


def test_deleting_one_leaves_counts_right(bob: Any, admin: Client) -> None:
    row = comment(bob)
    before = state(bob)
    assert admin.post(f"{COMMENTS}{row.pk}/delete/", {"post": "yes"}).status_code == 302
    assert state(bob).unread == 0
    assert state(bob).version > before.version


def test_deleting_a_user_takes_the_mailbox_along(bob: Any, admin: Client) -> None:
    carol = person("carol")
    comment(bob, actor=carol)
    comment(carol, actor=bob)
    services.mark_read(bob.pk, [announcement().ref])
    assert admin.post(f"/admin/auth/user/{bob.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not Mailbox.objects.filter(pk=bob.pk).exists()
    assert CommentMessage.objects.get().actor is None
    assert state(carol).by_type == {"comment": 1, "broadcast": 1}


def test_mailboxes_and_receipts_cannot_be_deleted(bob: Any, admin: Client) -> None:
    services.mark_read(bob.pk, [announcement().ref])
    for path in (MAILBOXES, RECEIPTS):
        [row] = shown(admin, path, q="bob")
        assert admin.post(f"{path}{row.pk}/delete/", {"post": "yes"}).status_code == 403
        assert "delete_selected" not in admin.get(path).content.decode()


def test_a_deleted_user_s_row_cannot_be_deleted(admin: Client) -> None:
    """Without it, messages would name the deleted user by their key for ever."""
    row = DeletedUser.objects.create(user="7", total=5)
    path = "/admin/inbox_internals/deleteduser/"
    assert shown(admin, path) == [row]
    assert admin.post(f"{path}{row.pk}/delete/", {"post": "yes"}).status_code == 403
    assert "delete_selected" not in admin.get(path).content.decode()
    admin.post(path, {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"})
    assert DeletedUser.objects.get() == row


def test_who_may_only_look_deletes_nothing(bob: Any) -> None:
    row = comment(bob)
    viewer = person("viewer", is_staff=True)
    viewer.user_permissions.set(Permission.objects.filter(codename="view_commentmessage"))
    client = Client()
    client.force_login(viewer)
    assert shown(client, COMMENTS) == [row]
    assert client.post(f"{COMMENTS}{row.pk}/delete/", {"post": "yes"}).status_code == 403
    client.post(COMMENTS, {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"})
    assert CommentMessage.objects.count() == 1


def test_the_mailboxes_show_the_badges(bob: Any, admin: Client) -> None:
    comment(bob)
    announcement()
    html = admin.get(MAILBOXES, {"q": "bob"}).content.decode()
    assert '<td class="field-unread">2</td>' in html


PATHS = [COMMENTS, MAILBOXES, RECEIPTS]


@pytest.mark.parametrize("path", PATHS)
def test_lists_need_few_queries(bob: Any, admin: Client, path: str, django_assert_num_queries: Any) -> None:
    add_user_with_everything("u0")
    admin.get(path)
    with CaptureQueriesContext(connection) as few:
        admin.get(path)
    for number in range(1, 5):
        add_user_with_everything(f"u{number}")
    with django_assert_num_queries(len(few)):
        assert len(shown(admin, path)) >= 5


def add_user_with_everything(name: str) -> None:
    user = person(name)
    comment(user, actor=person(f"{name}-friend"))
    services.mark_read(user.pk, [announcement().ref])


def test_no_list_counts_its_whole_table() -> None:
    for model, page in django_admin.site._registry.items():
        if model._meta.app_label in {"inbox", "inbox_internals"}:
            assert page.show_full_result_count is False


def sections(client: Client, path: str = "/admin/") -> dict[str, list[str]]:
    """Name of each section of ours -> the names in it, as the index and the sidebar show them."""
    found = {each["name"]: [model["name"] for model in each["models"]] for each in client.get(path).context["app_list"]}
    return {name: found[name] for name in found if name.startswith("Notifications")}


def test_what_administrators_work_with_is_apart_from_the_internals(admin: Client) -> None:
    """With Django's own AdminSite, as in any project."""
    found = sections(admin)
    assert list(found) == ["Notifications", "Notifications: internals"]
    assert found["Notifications"] == [
        "API tokens",
        "Announcements",
        "Messages sent by services",
        "Recurring announcements",
        "Saved filters",
        "Services",
    ]
    assert {"Mailboxes", "Receipts", "Deleted users", "Comments"} < {*found["Notifications: internals"]}
    assert len(found["Notifications: internals"]) == len(PROXIES)
    for path in ("/admin/inbox/", "/admin/inbox_internals/"):
        assert len(sections(admin, path)) == 1
    assert "Notifications: internals</a>" in admin.get(MAILBOXES).content.decode()


def test_every_type_that_ships_is_among_the_internals() -> None:
    shipped = {model for model in event_types().values() if model._meta.app_label == "inbox"}
    assert shipped <= {*TABLES}
    assert [proxy._meta.concrete_model for proxy in PROXIES] == [*TABLES]


def test_the_internals_have_no_permissions_of_their_own(bob: Any) -> None:
    comment(bob)
    assert not Permission.objects.filter(content_type__app_label="inbox_internals").exists()
    viewer = Client()
    viewer.force_login(user := person("viewer", is_staff=True))
    user.user_permissions.set(Permission.objects.filter(codename="view_mailbox"))
    assert sections(viewer) == {"Notifications: internals": ["Mailboxes"]}
    assert viewer.get("/admin/inbox_internals/").status_code == 200
    assert viewer.get(MAILBOXES).status_code == 200
    assert viewer.get(COMMENTS).status_code == 403


def test_a_send_is_recalled_after_a_question(bob: Any, admin: Client) -> None:
    service()("POST", "messages/", {"type": "system", "title": "Secret", "recipients": ["bob"], "key": "k"})
    path, send = "/admin/inbox/send/", Send.objects.get()
    chosen = {"action": "recall", "_selected_action": [send.pk]}
    page = admin.post(path, chosen)
    assert page.status_code == 200
    assert "Remove it from 1 mailbox?" in page.content.decode()
    assert SystemMessage.objects.exists()
    admin.post(path, {**chosen, "confirmed": "yes"})
    assert not SystemMessage.objects.exists()
    assert shown(admin, path, q="k")[0].recalled_at is not None
    [row] = shown(admin, "/admin/inbox_internals/correction/")
    page = admin.get(f"/admin/inbox_internals/correction/{row.pk}/change/")
    assert page.status_code == 200


def test_only_who_may_delete_sends_recalls_them(bob: Any, client: Client) -> None:
    service()("POST", "messages/", {"type": "system", "title": "Secret", "recipients": ["bob"]})
    clerk = person("clerk", is_staff=True)
    clerk.user_permissions.add(*Permission.objects.filter(codename__in=["view_send", "change_send"]))
    client.force_login(clerk)
    chosen = {"action": "recall", "_selected_action": [Send.objects.get().pk], "confirmed": "yes"}
    client.post("/admin/inbox/send/", chosen)
    assert SystemMessage.objects.exists()


def test_services_are_listed_and_made(admin: Client) -> None:
    service(name="shop")
    [row] = shown(admin, "/admin/inbox/service/")
    assert (row.name, row.tokens.count()) == ("shop", 1)
    admin.post("/admin/inbox/service/add/", {"name": "post"})
    assert [row.name for row in shown(admin, "/admin/inbox/service/")] == ["post", "shop"]
    admin.post(f"/admin/inbox/service/{row.pk}/delete/", {"post": "yes"})
    assert len(shown(admin, "/admin/inbox/service/")) == 2
