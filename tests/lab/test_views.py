"""The lab's page and buttons: whom they serve, what they refuse, what they answer."""

import time
from http import HTTPStatus

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from inbox import selectors
from inbox.models import Broadcast
from notify_site.lab import models, services
from notify_site.lab.transports import CLAIMS, TRANSPORTS
from tests.servers import wait_for

pytestmark = pytest.mark.django_db
committed = pytest.mark.django_db(transaction=True)  # for threads, and for what happens on commit
BUTTONS = ("/lab/event/", "/lab/burst/", "/lab/broadcast/", "/lab/disconnect/")
HOUR = 3_600_000  # milliseconds


@pytest.fixture
def alice() -> User:
    return User.objects.create_user("alice", password="pw")


@pytest.fixture
def site(client: Client, alice: User) -> Client:
    client.force_login(alice)
    return client


@pytest.fixture
def staff() -> User:
    return User.objects.create_user("ada", password="pw", is_staff=True)


def publisher(user: User) -> User:
    user.user_permissions.set(Permission.objects.filter(codename__in=["add_broadcast", "publish_broadcast"]))
    return User.objects.get(pk=user.pk)


@pytest.mark.parametrize("url", ["/lab/", "/lab/burst/1/", *BUTTONS])
def test_it_is_for_members(client: Client, url: str) -> None:
    response = client.post(url) if url in BUTTONS else client.get(url)
    assert response.headers["Location"] == f"/accounts/login/?next={url}"


@pytest.mark.parametrize("url", BUTTONS)
def test_buttons_are_posts_with_a_token(site: Client, alice: User, url: str) -> None:
    assert site.get(url).status_code == HTTPStatus.METHOD_NOT_ALLOWED
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice)
    assert strict.post(url).status_code == HTTPStatus.FORBIDDEN


@pytest.mark.parametrize("url", ["/lab/", "/lab/clock/", "/lab/burst/1/"])
def test_what_is_read_is_not_posted(site: Client, url: str) -> None:
    assert site.post(url).status_code == HTTPStatus.METHOD_NOT_ALLOWED


def test_the_page_has_every_transport_and_claim(site: Client) -> None:
    page = site.get("/lab/").content.decode()
    assert all(f'data-transport="{each.name}"' in page for each in TRANSPORTS)
    assert all(f'data-claim="{each.key}"' in page for each in CLAIMS)
    assert {claim.transport for claim in CLAIMS} == {each.name for each in TRANSPORTS}


def test_the_page_knows_the_broker_or_says_so(site: Client, settings: Settings) -> None:
    settings.MQTT_WS_URL = "ws://127.0.0.1:9001"
    assert '"mqttUrl": "ws://127.0.0.1:9001"' in site.get("/lab/").content.decode()
    del settings.MQTT_WS_URL
    assert '"mqttUrl": ""' in site.get("/lab/").content.decode()


def test_an_id_beyond_javascript_is_text(client: Client) -> None:
    client.force_login(User.objects.create_user("large", password="pw", pk=2**53 + 1))
    assert f'"user": "{2**53 + 1}"' in client.get("/lab/").content.decode()


def test_the_clock_is_the_one_commits_are_stamped_with(site: Client) -> None:
    before = time.time() * 1000
    now = site.get("/lab/clock/").json()["now"]
    assert before <= now <= time.time() * 1000


@committed
def test_one_event(site: Client, alice: User) -> None:
    before = time.time() * 1000
    [[version, committed_at]] = site.post("/lab/event/").json()["commits"]
    state = selectors.snapshot(alice.pk)
    assert (state.version, state.unread) == (version, 1)
    assert before <= committed_at <= time.time() * 1000


def test_a_broadcast_is_for_staff_who_may_publish(site: Client, client: Client, staff: User) -> None:
    refused = site.post("/lab/broadcast/")
    assert refused.status_code == HTTPStatus.FORBIDDEN
    assert "only staff" in refused.json()["detail"]
    client.force_login(staff)
    assert client.post("/lab/broadcast/").status_code == HTTPStatus.FORBIDDEN
    assert not Broadcast.objects.exists()


def test_where_a_second_person_publishes_there_is_none(client: Client, staff: User, settings: Settings) -> None:
    settings.INBOX_FOUR_EYES = True
    client.force_login(publisher(staff))
    refused = client.post("/lab/broadcast/")
    assert refused.status_code == HTTPStatus.CONFLICT
    assert "four-eyes" in refused.json()["detail"]
    assert not Broadcast.objects.exists()


@committed
def test_a_broadcast_reaches_everybody_and_ends_by_itself(client: Client, alice: User, staff: User) -> None:
    client.force_login(publisher(staff))
    [[version, committed_at]] = client.post("/lab/broadcast/").json()["commits"]
    assert selectors.snapshot(staff.pk).version == version
    assert abs(committed_at - time.time() * 1000) < HOUR
    assert selectors.snapshot(alice.pk).by_type == {"broadcast": 1}
    assert Broadcast.objects.get().expires_at > timezone.now()


@committed
def test_a_burst_is_as_many_commits(site: Client, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services.start_burst, "__defaults__", (60,))
    monkeypatch.setattr(services, "PAUSE", 0)
    started = site.post("/lab/burst/")
    assert (started.status_code, started.json()["total"]) == (HTTPStatus.ACCEPTED, 60)
    url = f"/lab/burst/{started.json()['burst']}/"
    wait_for(lambda: site.get(url).json()["ended"], what="the end of the burst")
    progress = site.get(url).json()
    versions = [version for version, _ in progress["commits"]]
    moments = [moment for _, moment in progress["commits"]]
    last = selectors.snapshot(alice.pk)
    assert (progress["done"], last.unread) == (60, 60)
    assert versions == list(range(last.version - 59, last.version + 1))
    assert moments == sorted(moments)


def test_one_burst_at_a_time(site: Client, alice: User) -> None:
    models.Burst.objects.create(user=alice, total=1)
    refused = site.post("/lab/burst/")
    assert refused.status_code == HTTPStatus.CONFLICT
    assert "running already" in refused.json()["detail"]


def test_a_burst_whose_process_died_is_in_nobody_s_way(alice: User) -> None:
    models.Burst.objects.create(user=alice, total=1, started_at=timezone.now() - models.LONGEST)
    assert not models.Burst.objects.running().exists()


@committed
def test_a_burst_that_fails_says_how_far_it_came(
    site: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise ValueError("no more")

    monkeypatch.setattr(services, "_send", fail)
    url = f"/lab/burst/{site.post('/lab/burst/').json()['burst']}/"
    wait_for(lambda: site.get(url).json()["ended"], what="the end of the burst")
    assert site.get(url).json() == {"total": 1000, "done": 0, "ended": True, "commits": []}
    assert "ended early" in caplog.text


def test_bursts_are_one_s_own(client: Client, alice: User, staff: User) -> None:
    burst = models.Burst.objects.create(user=staff, total=1)
    client.force_login(alice)
    assert client.get(f"/lab/burst/{burst.pk}/").status_code == HTTPStatus.NOT_FOUND


def test_disconnect_asks_the_hubs(site: Client, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    monkeypatch.setattr("push.hub.disconnect", asked.append)
    assert site.post("/lab/disconnect/").status_code == HTTPStatus.OK
    assert asked == [alice.pk]
