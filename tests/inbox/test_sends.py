"""Large sends: worked off in parts, by anybody, any number of times, and everybody gets one message."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.db.models import Count

from inbox import selectors, services
from inbox.models import FollowMessage, Mailbox, Send, SendChunk, ledger
from inbox.services import Order
from inbox.signals import send_queued

from .databases import postgres
from .people import people
from .rest import problem
from .services import Service, service
from .threads import Pause, beside, together

pytestmark = [pytest.mark.urls("tests.inbox.urls"), pytest.mark.django_db(transaction=True)]

PART = 10  # users, in place of a thousand


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger.chunks, "__defaults__", (PART,))
    monkeypatch.setattr(ledger, "CHUNK", PART)


@pytest.fixture
def queued(small_parts: None) -> Any:
    """A send to 45 people, none of whom has it yet."""
    return start(45)


def start(number: int, **columns: Any) -> Any:
    message = services.draft(FollowMessage, **columns)
    [send] = services.start_sends([Order(message, people(number))])
    return send


def work_off(send: Any) -> None:
    while services.work_off(send.pk):
        pass


def everybody_has_one(send: Any) -> bool:
    send.refresh_from_db()
    rows = FollowMessage.objects.values("recipient").annotate(rows=Count("pk")).values_list("rows", flat=True)
    assert set(rows) <= {1}
    if len(rows) < send.recipients:
        return False
    assert send.created == send.recipients == len(rows)
    assert send.finished_at is not None
    assert set(Mailbox.objects.filter(pk__in=FollowMessage.objects.values("recipient")).values_list("version")) == {
        (1,)
    }
    return True


@pytest.mark.anywhere
class TestTheApi:
    @pytest.fixture
    def shop(self) -> Service:
        return service()

    def test_more_than_a_thousand_are_on_their_way(self, shop: Service) -> None:
        ids = people(1001)
        heard: list[int] = []
        send_queued.connect(lambda send_id, **kwargs: heard.append(send_id), weak=False, dispatch_uid="test")
        answer = shop.once("k", "POST", "messages/", {"type": "follow", "recipients": [*ids, "zed"]})
        send_queued.disconnect(dispatch_uid="test")
        number = answer.json()["send"]
        assert (answer.status_code, answer["Location"]) == (202, f"/api/v1/sends/{number}/")
        assert answer.json() == {"send": number, "recipients": 1001, "unknown": ["zed"]}
        assert heard == [number]
        again = shop.once("k", "POST", "messages/", {"type": "follow", "recipients": [*ids, "zed"]})
        assert (again.content, again["Location"]) == (answer.content, answer["Location"])
        seen = [shop.get(f"sends/{number}/").json() for _ in range(4) if services.work_off(number) or True]
        assert [line["created"] for line in seen] == [1000, 1001, 1001, 1001]
        assert [line["status"] for line in seen] == ["pending", "pending", "done", "done"]
        assert seen[-1]["unknown"] == 1
        assert everybody_has_one(Send.objects.get())

    def test_a_batch_beyond_a_thousand_is_queued_in_part(self, shop: Service) -> None:
        ids = people(1500)
        recipients = [ids[:600], ids[600:1300], ids[1300:]]
        messages = [{"type": "follow", "recipients": some} for some in recipients]
        results = shop("POST", "messages/batch/", {"messages": messages}).json()["results"]
        assert [line["status"] for line in results] == [201, 202, 201]
        assert Send.objects.filter(finished_at=None).count() == 1
        services.finish_stalled(timedelta(0))
        assert FollowMessage.objects.count() == 1500

    @pytest.mark.parametrize(("number", "status"), [("0", 422), ("x", 422), ("9" * 30, 422), ("7", 404)])
    def test_sends_that_are_none(self, shop: Service, number: str, status: int) -> None:
        problem(shop.get(f"sends/{number}/"), status)


def test_parts_are_sorted_and_forget_their_recipients(queued: Any) -> None:
    parts = list(SendChunk.objects.order_by("pk").values_list("recipients", flat=True))
    assert [len(part) for part in parts] == [10, 10, 10, 10, 5]
    recipients = [pk for part in parts for pk in part]
    assert recipients == sorted(recipients)
    work_off(queued)
    assert not SendChunk.objects.exclude(recipients=[], done_at__isnull=False).exists()
    assert everybody_has_one(queued)


def test_twice_is_as_good_as_once(queued: Any) -> None:
    work_off(queued)
    work_off(queued)
    assert services.finish_stalled(timedelta(0)) == 0
    assert everybody_has_one(queued)


def test_all_its_columns_survive_the_wait(small_parts: None) -> None:
    actor = people(1)[0]
    send = start(11, actor=actor, url="/tea", dedupe_key="tea")
    work_off(send)
    rows = FollowMessage.objects.values_list("actor", "url", "dedupe_key").distinct()
    assert list(rows) == [(actor, "/tea", "tea")]
    assert FollowMessage.objects.values("created_at").distinct().count() == 1


def test_who_goes_meanwhile_is_passed_over(queued: Any) -> None:
    gone = FollowMessage._meta.get_field("recipient").related_model.objects.order_by("pk").last()
    gone.delete()
    work_off(queued)
    queued.refresh_from_db()
    assert (queued.created, queued.recipients) == (44, 45)
    assert queued.finished_at is not None


def test_a_part_that_fails_is_done_again(queued: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the messages were written, before the part is marked: both or none."""

    def fail(*args: Any, **kwargs: Any) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("inbox.services.sends.F", fail)
        with pytest.raises(KeyboardInterrupt):
            services.work_off(queued.pk)
    assert not FollowMessage.objects.exists()
    work_off(queued)
    assert everybody_has_one(queued)


def test_a_sweep_finishes_what_stands_still(clock: Any, queued: Any) -> None:
    assert services.work_off(queued.pk)
    assert selectors.pending_sends() == (1, queued.created_at)
    assert services.finish_stalled() == 0
    clock.shift(timedelta(seconds=11))
    assert services.finish_stalled() == 1
    assert everybody_has_one(queued)
    assert selectors.pending_sends() == (0, None)


def test_many_at_once(queued: Any) -> None:
    together(*[partial(work_off, queued) for _ in range(4)])
    work_off(queued)
    assert everybody_has_one(queued)


@postgres
def test_a_frozen_worker_keeps_its_part_and_nothing_else(queued: Any) -> None:
    pause = Pause("UPDATE .inbox_sendchunk")
    with beside(pause.around(partial(services.work_off, queued.pk))), pause:
        work_off(queued)
        assert FollowMessage.objects.count() == 35
        queued.refresh_from_db()
        assert queued.finished_at is None
    work_off(queued)
    assert everybody_has_one(queued)


@postgres
def test_fifty_identical_requests_at_once(transactional_db: None) -> None:
    ids = people(2)
    shop = service()

    def send() -> int:
        answer = Service.once(shop, "k", "POST", "messages/", {"type": "follow", "recipients": ids})
        return int(answer.status_code)

    statuses = together(*[send for _ in range(50)])
    assert set(statuses) <= {201, 409}
    assert 201 in statuses
    assert Send.objects.count() == 1
    assert FollowMessage.objects.count() == 2
    assert connection.vendor == "postgresql"
