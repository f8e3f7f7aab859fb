"""What forms and lists of the admin show: one button that saves, what is wrong above the fields, and a sentence where
nothing is."""

import re
from typing import Any

import pytest
from django.contrib.admin import site as site_of_admin
from django.test import Client
from django.utils import timezone, translation

from inbox import services
from inbox.models import Broadcast, Correction, CorrectionKind, Silence, State

from .repeated import stopped
from .rest import announcement, person
from .test_admin_broadcasts import LIST, page, signed_in, staff

pytestmark = [pytest.mark.urls("tests.inbox.urls"), pytest.mark.django_db, pytest.mark.anywhere]

SERIES = "/admin/inbox/broadcastseries/"
AUTHOR = ("view_broadcast", "add_broadcast", "change_broadcast")
OURS = [
    pytest.param(model, id=model._meta.model_name)
    for model in site_of_admin._registry
    if model._meta.app_label in ("inbox", "inbox_internals")
]


@pytest.fixture
def admin() -> Client:
    return signed_in(person("admin", is_staff=True, is_superuser=True))


def saves(html: str) -> list[str]:
    """The names of the buttons that save."""
    return re.findall(r'name="(_save|_addanother|_continue|_saveasnew)"', html)


def shown(client: Client, path: str) -> str:
    return client.get(path).content.decode()


@pytest.mark.parametrize("state", State.values)
def test_one_button_saves(admin: Client, state: str) -> None:
    made = announcement()
    Broadcast.objects.filter(pk=made.pk).update(state=state, publish_at=timezone.now())
    assert saves(shown(admin, page(made))) == ["_continue"] * (state != State.PREPARING)  # only its series changes it


def test_one_button_saves_for_a_mere_author() -> None:
    made, author = Broadcast.objects.create(title="Tea"), staff("ann", *AUTHOR)
    html = shown(author, f"{LIST}add/")
    assert (saves(html), "Save as draft" in html, 'name="_publish"' in html) == (["_continue"], True, False)
    assert saves(shown(author, page(made))) == ["_continue"]
    assert saves(shown(staff("eve", "view_broadcast", "change_broadcast"), page(made))) == ["_continue"]
    assert saves(shown(staff("bob", "view_broadcast"), page(made))) == []


def test_what_is_new_has_nothing_to_close(admin: Client) -> None:
    """The button would stand alone below those that save."""
    for new, old in (
        (f"{LIST}add/", page(announcement())),
        (f"{SERIES}add/", f"{SERIES}{stopped(person('ann').pk).pk}/change/"),
    ):
        assert ["closelink" in shown(admin, path) for path in (new, old)] == [False, True]


def test_what_is_blocked_says_so_above_its_fields(admin: Client) -> None:
    made = Broadcast.objects.create(title="Tea", state=State.BLOCKED, publish_at=timezone.now())
    html = shown(admin, page(made))
    assert 0 < html.index("Its time came") < html.index('name="title"')


@pytest.mark.parametrize("model", OURS)
def test_a_list_says_that_nothing_was_found(admin: Client, model: Any) -> None:
    path = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
    html = shown(admin, f"{path}?q=nothing-is-called-this")
    assert ("Nothing was found." in html, 'name="action"' in html) == (True, False)


def test_an_empty_list_says_so(admin: Client) -> None:
    assert "There is nothing here yet." in shown(admin, SERIES)
    announcement()
    assert "There is nothing here yet." not in shown(admin, LIST)


def test_what_is_silenced_names_its_user(admin: Client, bob: Any) -> None:
    services.silence(bob.pk, "auth.group:7")
    html = shown(admin, f"/admin/inbox_internals/silence/{Silence.objects.get().pk}/change/")
    assert re.findall(r'<div class="readonly">(.*?)</div>', html)[:2] == ["auth.group:7", "bob"]


def test_recalls_have_names_in_the_language_of_the_reader() -> None:
    with translation.override("de"):
        assert str(Correction(pk=2, kind=CorrectionKind.RECALL)) == "Zurückrufen #2"
