"""Pages of the admin whose object was deleted, before or while they are served: every page, also later ones."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.contrib.messages.storage.cookie import CookieStorage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, RequestFactory
from django.urls import reverse

from inbox.models import (
    AudienceFilter,
    Broadcast,
    BroadcastReceipt,
    BroadcastSeries,
    Correction,
    DeletedUser,
    Following,
    Mailbox,
    Send,
    Service,
    ServiceToken,
    Silence,
    event_types,
)

from . import test_admin_broadcasts as broadcasts
from . import test_admin_series as series
from .repeated import stopped
from .rest import person

pytestmark = [pytest.mark.urls("tests.inbox.urls"), pytest.mark.django_db, pytest.mark.usefixtures("clock")]


def mailbox_of(user: User) -> Mailbox:
    return Mailbox.objects.get_or_create(pk=user.pk)[0]


ROWS: dict[Any, Callable[[User], Any]] = {
    Broadcast: lambda user: Broadcast.objects.create(title="News", state="live", as_dialog=True),
    BroadcastSeries: lambda user: stopped(user.pk),
    AudienceFilter: lambda user: AudienceFilter.objects.create(name="new", joined_after=date(2030, 1, 1)),
    Send: lambda user: Send.objects.create(type="follow"),
    Correction: lambda user: Correction.objects.create(kind="recall", subject="blog.post:7"),
    Service: lambda user: Service.objects.create(name="shop"),
    ServiceToken: lambda user: ServiceToken.objects.create(name="shop", owner=user, digest="0" * 64),
    Mailbox: mailbox_of,
    Following: lambda user: Following.objects.create(mailbox=mailbox_of(user), subject="blog.post:7"),
    Silence: lambda user: Silence.objects.create(mailbox=mailbox_of(user), subject="blog.post:7"),
    BroadcastReceipt: lambda user: BroadcastReceipt.objects.create(
        recipient=user, broadcast=Broadcast.objects.create(title="News")
    ),
    DeletedUser: lambda user: DeletedUser.objects.create(user="77"),
} | {model: lambda user, model=model: model.objects.create(recipient=user) for model in event_types().values()}
FORM = broadcasts.FORM | series.FORM | {"name": "newer", "joined_after": "2030-01-02", "post": "yes"}


def pages() -> Iterator[tuple[Any, str, str]]:
    """The admin, the name of the address, and the kind of row."""
    for model, page in admin.site._registry.items():
        if model._meta.app_label in ("inbox", "inbox_internals"):
            for pattern in page.urls:
                if pattern.name and "object_id" in pattern.pattern.regex.groupindex:
                    yield page, pattern.name, (model._meta.concrete_model or model)


PAGES = {name: (page, kind) for page, name, kind in pages()}


@pytest.fixture
def client() -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(person("admin", is_staff=True, is_superuser=True))
    return client


def ask(client: Client, method: str, name: str, pk: object) -> Any:
    files = {"file": SimpleUploadedFile("people.txt", b"admin")} if method == "post" else {}
    data = FORM | files if method == "post" else {}
    return getattr(client, method)(reverse(f"admin:{name}", args=[pk]), data)


@pytest.mark.anywhere
def test_pages_are_found() -> None:
    assert len(PAGES) > 3 * len(ROWS)


@pytest.mark.anywhere
@pytest.mark.parametrize("method", ["get", "post"])
def test_one_that_was_deleted_before(client: Client, method: str) -> None:
    found = {}
    for name, (page, _kind) in PAGES.items():
        table = f"admin:{page.opts.app_label}_{page.opts.model_name}_changelist"
        for pk in ("77", "x", "7_20"):
            answer = ask(client, method, name, pk)
            found[name, pk] = answer.status_code
            if answer.status_code == 302:
                assert answer["Location"] in ("/admin/", reverse(table)), name
    assert {*found.values()} <= {302, 403, 404, 405}, found  # 403: nobody can change these rows
    assert {name for (name, _pk), status in found.items() if status == 404} == {"inbox_broadcast_effect_now"}


def test_one_that_is_deleted_while_its_page_is_served(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    user, broken = User.objects.get(), {}
    for name, (page, kind) in PAGES.items():
        for method in ("get", "post"):
            row = ROWS[kind](user)

            def get_object(*args: Any, kind: Any = kind, pk: Any = row.pk, **kwargs: Any) -> Any:
                found = kind._base_manager.filter(pk=pk).first()
                kind.objects.filter(pk=pk).delete()
                return found

            monkeypatch.setattr(page, "get_object", get_object)
            answer = ask(client, method, name, row.pk)
            if answer.status_code >= 500:
                broken[name, method] = repr(getattr(answer, "exc_info", ())[1:2])
            kind.objects.filter(pk=row.pk).delete()
    assert not broken


def asked_by(user: Any) -> Any:
    request = RequestFactory().post("/")
    request.user, request._messages = user, CookieStorage(request)  # type: ignore[attr-defined]
    return request


def test_actions_go_on_with_the_others() -> None:
    request = asked_by(person("admin", is_staff=True, is_superuser=True))
    gone, tea = Broadcast.objects.create(title="Gone"), Broadcast.objects.create(title="Tea")
    Broadcast.objects.filter(pk=gone.pk).delete()
    page: Any = admin.site._registry[Broadcast]
    page.publish_selected(request, [gone, tea])
    assert [str(each) for each in request._messages._queued_messages] == [
        "<bdi>Gone</bdi>: This announcement was deleted meanwhile.", "1 announcement is live."
    ]  # fmt: skip
    page.withdraw_selected(request, [gone, tea])
    assert Broadcast.objects.get().state == "withdrawn"
    weekly, other = stopped(request.user.pk), stopped(request.user.pk)
    BroadcastSeries.objects.filter(pk=weekly.pk).delete()
    admin.site._registry[BroadcastSeries].delete_queryset(request, [weekly, other])  # type: ignore[arg-type]
    assert not BroadcastSeries.objects.exists()


def test_the_form_of_a_series_whose_announcement_was_deleted(client: Client) -> None:
    weekly = stopped(User.objects.get().pk)
    assert weekly.template is not None
    weekly.template.delete()
    answer = client.post(series.page(weekly), series.FORM)
    assert "Its announcement was deleted." in answer.content.decode()
    assert client.post(series.page(weekly, "delete"), {"post": "yes"}).status_code == 302
    assert not BroadcastSeries.objects.exists()
