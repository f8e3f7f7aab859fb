"""A request with a key counts once, whatever becomes of the answer."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError

from inbox import services
from inbox.models import FollowMessage, IdempotencyKey, Send
from inbox.services.access import idempotency

from .people import NOW
from .rest import problem, state
from .services import Service, row_of, service

pytestmark = [pytest.mark.urls("tests.inbox.urls"), pytest.mark.django_db, pytest.mark.anywhere, pytest.mark.any_django]


def send(shop: Service, key: str = "k", recipients: Any = ("bob",), **event: Any) -> Any:
    return shop.once(key, "POST", "messages/", {"type": "follow", "recipients": recipients, **event})


def test_the_same_answer_again(shop: Service, bob: Any) -> None:
    first = send(shop)
    services.send([bob], FollowMessage)  # the badge is another by now
    again = send(shop)
    assert (again.status_code, again.content) == (201, first.content)
    assert Send.objects.count() == 1
    assert state(bob).unread == 2


def test_other_keys_other_tokens_and_none_count_by_themselves(shop: Service, bob: Any) -> None:
    other = service(name="other")
    for answer in (send(shop), send(shop, "l"), send(other), shop("POST", "messages/", _follow()), _no_key(shop)):
        assert answer.status_code == 201
    assert state(bob).unread == 5


def _follow() -> Any:
    return {"type": "follow", "recipients": ["bob"]}


def _no_key(shop: Service) -> Any:
    return shop("POST", "messages/", _follow())


@pytest.mark.parametrize("field", ['"k"', "k", ' "k" ', '"k";since=1', '"k"; a="b,c"; d'])
def test_a_key_is_the_text_of_one_structured_string(shop: Service, bob: Any, field: str) -> None:
    first = send(shop, "k")
    assert send(shop, field).content == first.content
    assert IdempotencyKey.objects.get().key == "k"


BAD_FIELDS = [
    "", " ", '""', '"', '"k', 'k"', '"k" "l"', '"k", "l"', "k,l", "k l", '"\\k"', '"k";', '"k";K=1', "k;a=1", "(k)\"",
    "ké", '"ké"', "k\t", '"\t"', "k" * 256, '"' + "k" * 256 + '"',
]  # fmt: skip


@pytest.mark.parametrize("field", BAD_FIELDS)
def test_anything_else_is_refused_and_writes_nothing(shop: Service, bob: Any, field: str) -> None:
    assert problem(send(shop, field), 400)["code"] == "bad_idempotency_key"
    assert state(bob).unread == IdempotencyKey.objects.count() == 0


def test_escapes_belong_to_the_notation(shop: Service, bob: Any) -> None:
    send(shop, '"a \\"b\\" \\\\"')
    assert IdempotencyKey.objects.get().key == 'a "b" \\'


def test_another_request_with_the_key_is_refused(shop: Service, bob: Any) -> None:
    send(shop)
    assert problem(send(shop, url="/other"), 422)["code"] == "key_reused"
    batch = {"messages": [_follow()]}
    assert problem(shop.once("k", "POST", "messages/batch/", batch), 422)["code"] == "key_reused"
    assert state(bob).unread == 1


def test_what_was_refused_may_be_mended(shop: Service, bob: Any) -> None:
    problem(send(shop, recipients=["bob", "zed"], strict=True), 422)
    problem(send(shop, type="poem"), 422)
    assert send(shop).status_code == 201


def test_who_comes_while_it_is_done_waits(shop: Service, bob: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def meanwhile(*args: Any) -> Any:
        busy = send(shop)
        assert (problem(busy, 409)["code"], busy["Retry-After"]) == ("in_progress", "1")
        return start(*args)

    start = services.start_sends
    monkeypatch.setattr(services, "start_sends", meanwhile)
    assert send(shop).status_code == 201
    assert state(bob).unread == 1


def test_killed_before_its_commit(shop: Service, bob: Any, clock: Any) -> None:
    """It left a claim, which is nobody's after a minute."""
    digest = _claimed_by_the_dead(shop)
    problem(send(shop), 409)
    clock.shift(timedelta(seconds=61))
    assert send(shop).status_code == 201
    assert IdempotencyKey.objects.get().digest == digest
    assert state(bob).unread == 1


def _claimed_by_the_dead(shop: Service) -> str:
    send(shop, "x")
    digest: str = IdempotencyKey.objects.get().digest
    IdempotencyKey.objects.update(key="k", result="", is_final=False)
    FollowMessage.objects.all().delete()
    return digest


def test_who_was_taken_over_writes_nothing(shop: Service, bob: Any, clock: Any) -> None:
    """It was frozen for a minute; another has done it meanwhile."""
    token = row_of(shop.headers["Authorization"].removeprefix("Bearer "))
    frozen = services.claim_key(token, "k", "d")
    clock.shift(timedelta(seconds=61))
    services.settle(services.claim_key(token, "k", "d"), lambda: lambda: {"status": 200})

    def work() -> Any:
        services.send([bob], FollowMessage)
        return {}

    with pytest.raises(idempotency.InProgress):
        services.settle(frozen, lambda: work)
    assert state(bob).unread == 0
    assert idempotency.stored_result(services.claim_key(token, "k", "d")) == {"status": 200}


def test_killed_after_its_commit(shop: Service, bob: Any) -> None:
    """Nobody was told, but it is done: the next one is told."""
    first = send(shop).json()
    row = IdempotencyKey.objects.get()
    result = idempotency.stored_result(row)
    assert result is not None
    del result["body"]["snapshot"]
    row.result, row.is_final = json.dumps(result), False
    row.save()
    assert send(shop).json() == first
    assert state(bob).unread == 1


def test_failed_and_tried_again(shop: Service, bob: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any) -> Any:
        raise OperationalError("gone")

    with monkeypatch.context() as patch:
        patch.setattr(services, "start_sends", fail)
        patch.setattr("inbox.models.ledger.RETRY_SECONDS", 0)
        problem(send(shop), 503)
    assert send(shop).status_code == 201
    assert state(bob).unread == 1


def test_a_key_is_good_for_a_day(shop: Service, bob: Any, clock: Any) -> None:
    send(shop)
    clock.move_to(NOW + timedelta(hours=23, minutes=59))
    send(shop)
    services.purge()
    clock.move_to(NOW + timedelta(hours=24, seconds=1))
    assert send(shop, url="/other").status_code == 201
    assert state(bob).unread == 2
    clock.move_to(NOW + timedelta(hours=49))
    services.purge()
    assert not IdempotencyKey.objects.exists()
