"""Neither the hub's reader nor any page that is only looked at writes, or waits for a lock."""

from typing import Any

import pytest
from django.apps import apps
from django.contrib.admin import site
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse

from inbox import services
from inbox.models import Broadcast, FollowMessage
from push.gate.credentials import Credential
from push.hub.queries import Query, read
from tests.inbox.scenes import Scene
from tests.inbox.test_reads_only_read import nothing_can_be_written, undone_scene
from tests.inbox.test_sends import start

__all__ = ["undone_scene"]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_the_hubs_reader(undone_scene: Scene, client: Client) -> None:
    """Credentials, states, what arrived: all that one read may be asked for."""
    reader = get_user_model().objects.get(pk=undone_scene.reader)
    client.force_login(reader)
    key = client.session.session_key
    assert key is not None
    both = [Credential("session", key), Credential("ticket", services.mint_ticket(reader, key)[0])]
    before = read(Query(users=[reader.pk])).snapshots
    services.send([reader.pk], FollowMessage)
    with nothing_can_be_written():
        answer = read(
            Query(
                opening=both,
                undecided={*both},
                checking=both,
                users=[reader.pk, undone_scene.actor],
                compare={reader.pk: 0},
                known=before,
                hints={reader.pk: "follow"},
                languages={"en", "zh-hans"},
            )
        )
    assert set(answer.opened) == set(answer.checked) == set(both)
    assert set(answer.snapshots) == {reader.pk, undone_scene.actor}
    assert set(answer.items) == {reader.pk}


@pytest.mark.parametrize("path", ["/push/poll/", "/push/events/"])
def test_what_django_serves(undone_scene: Scene, client: Client, path: str) -> None:
    client.force_login(get_user_model().objects.get(pk=undone_scene.reader))
    with nothing_can_be_written():
        assert client.get(path).status_code == 200


def admin_pages() -> list[str]:
    """Of every model of ours: the list, and a row if there is one."""
    found = []
    for app in ("inbox", "inbox_internals", "push"):
        for model in apps.get_app_config(app).get_models():
            if site.is_registered(model):
                name = f"admin:{app}_{model._meta.model_name}"
                found.append(reverse(f"{name}_changelist"))
                found += [reverse(f"{name}_change", args=[row.pk]) for row in model._default_manager.all()[:1]]
    return found


def test_the_admin(undone_scene: Scene, admin_client: Any) -> None:
    start(1001)
    pages = [reverse("admin:index"), reverse("admin:inbox_broadcast_add"), *admin_pages()]
    assert len(pages) > 12
    assert Broadcast.objects.exists()
    with nothing_can_be_written():
        answers = {page: admin_client.get(page).status_code for page in pages}
    assert answers == dict.fromkeys(pages, 200)
