"""Messages that a recall can't remove: the others go, these are counted, and the recall has ended."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import models
from django.db.models import ProtectedError
from django.db.models.signals import pre_delete
from django.test import Client
from django.utils import timezone

from inbox import services
from inbox.errors import NotCorrectable
from inbox.models import Correction, Following, LikeMessage, Send, SystemMessage, ledger
from inbox.models.base import MailboxRowQuerySet
from inbox.services import Order
from inbox.services.corrections import kept as kept_messages

from .databases import postgres
from .own_tables import a_model, installed
from .people import people
from .rest import person, state
from .services import service
from .threads import together, watched

pytestmark = [pytest.mark.urls("tests.inbox.urls"), pytest.mark.django_db(transaction=True)]

PART = 10  # messages, in place of a thousand
SUBJECT = "blog.post:7"


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger.chunks, "__defaults__", (PART,))
    monkeypatch.setattr(ledger, "CHUNK", PART)
    monkeypatch.setattr(ledger, "RETRY_SECONDS", 0)


Keep = Callable[[list[int]], None]


@contextmanager
def invoices(on_delete: Any) -> Iterator[Keep]:
    """A table of the site, each row of which refers to a message; returns what writes and deletes its rows."""
    invoice = a_model("Invoice", message=models.ForeignKey(SystemMessage, on_delete, related_name="+"))

    def keep(keys: list[int]) -> None:
        invoice.objects.all().delete()
        invoice.objects.bulk_create(invoice(message_id=key) for key in keys)

    with installed(invoice):
        yield keep
        keep([])


@contextmanager
def a_receiver_that_raises() -> Iterator[Keep]:
    kept: list[int] = []

    def refuse(instance: Any, **kwargs: Any) -> None:
        if instance.pk in kept:
            raise RuntimeError("not this one")

    def keep(keys: list[int]) -> None:
        kept[:] = keys

    pre_delete.connect(refuse, sender=SystemMessage)
    yield keep
    pre_delete.disconnect(refuse, sender=SystemMessage)


WAYS = {
    "ProtectedError": partial(invoices, models.PROTECT),
    "RestrictedError": partial(invoices, models.RESTRICT),
    "IntegrityError": partial(invoices, models.DO_NOTHING),
    "RuntimeError": a_receiver_that_raises,
}


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def keep(way: str) -> Iterator[Keep]:
    with WAYS[way]() as keep:
        yield keep


@pytest.fixture
def protect() -> Iterator[Keep]:
    with invoices(models.PROTECT) as keep:
        yield keep


def sent(users: list[Any], target: str | None = None) -> Send:
    [send] = services.start_sends([Order(services.draft(SystemMessage, title="Tea", target=target), users)])
    while services.work_off(send.pk):
        pass
    return send


def keys() -> list[int]:
    return list(SystemMessage.objects.order_by("pk").values_list("pk", flat=True))


def ended(correction: Correction) -> Correction:
    """After as many calls as it takes, with an end to them."""
    for _call in range(200):
        if not services.work_off_correction(correction.pk):
            break
    correction.refresh_from_db()
    return correction


def test_the_others_go_and_these_are_counted(keep: Keep, way: str) -> None:
    users = people(25)
    send = sent(users)
    mine = [keys()[n] for n in (0, 11, 24)]
    keep(mine)
    found = ended(services.recall(send.pk))
    assert (found.status, found.found, found.kept) == ("failed", 22, 3)
    assert f"system-{mine[0]}" in found.reason  # in whatever language the worker has
    assert way in found.reason
    assert keys() == mine
    assert sum(state(user).unread for user in users) == 3
    assert services.finish_corrections(timedelta(-1)) == 0  # nobody tries it for ever
    assert not services.work_off_correction(found.pk)
    # Asked for once more when nothing refers to them:
    keep(mine[:1])
    assert services.recall(send.pk).status == "pending"
    found = ended(found)
    assert (found.status, found.found, found.kept) == ("failed", 24, 1)
    keep([])
    services.recall(send.pk)
    found = ended(found)
    assert (found.status, found.found, found.kept, found.reason) == ("done", 25, 0, "")
    assert keys() == []


@pytest.mark.parametrize("seconds", [60.0, 0.0])
def test_all_of_them(protect: Keep, monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Also in many calls, each of which has time for a single step: another worker may do each."""
    monkeypatch.setattr(kept_messages, "MOST_SECONDS", seconds)
    send = sent(people(25))
    protect(all_of_them := keys())
    found = ended(services.recall(send.pk))
    assert (found.status, found.found, found.kept) == ("failed", 0, 25)
    assert keys() == all_of_them


def test_a_refusal_that_is_over_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole batch fails once, and then each message goes."""
    send = sent(people(25))
    failures, original = [ProtectedError("no", set())] * 2, MailboxRowQuerySet.remove

    def remove(rows: Any) -> Any:
        if failures:
            raise failures.pop()
        return original(rows)

    monkeypatch.setattr("inbox.models.base.MailboxRowQuerySet.remove", remove)
    found = ended(services.recall(send.pk))
    assert not failures
    assert (found.status, found.found, found.kept, found.reason) == ("done", 25, 0, "")
    assert keys() == []


def test_the_service_hears_of_it(protect: Keep) -> None:
    shop, users = service(), people(5)
    number = shop("POST", "messages/", {"type": "system", "title": "Tea", "recipients": users, "key": "k"}).json()[
        "send"
    ]
    protect(keys()[:2])
    answer = shop("DELETE", "messages/k/")
    assert (answer.status_code, answer["Location"]) == (202, f"/api/v1/sends/{number}/")
    ended(Correction.objects.get())
    recall = shop.get(f"sends/{number}/").json()["recall"]
    told = {"status": "failed", "recalled": 3, "read": 0, "kept": 2, "finished_at": None}
    assert {name: recall[name] for name in told} == told
    assert "ProtectedError" in recall["reason"]
    protect([])
    assert shop("DELETE", "messages/k/").status_code == 202
    ended(Correction.objects.get())
    assert shop("DELETE", "messages/k/").json() == {"send": number, "recalled": 5, "read": 0, "kept": 0}


def test_of_a_deleted_object(protect: Keep) -> None:
    """Messages of every type go, and its followers, whatever is kept."""
    users = people(15)
    ledger.ensure(users)
    Following.objects.bulk_create(Following(mailbox_id=user, subject=SUBJECT) for user in users)
    sent(users, SUBJECT)
    services.send(users, LikeMessage, target_title="Tea", target=SUBJECT)
    protect(mine := keys()[3:5])
    found = ended(Correction.objects.create(subject=SUBJECT, kind="recall"))
    assert (found.status, found.found, found.kept) == ("failed", 28, 2)
    assert keys() == mine
    assert not LikeMessage.objects.exists()
    assert not Following.objects.exists()


def test_a_refusal_is_not_retried_at_once() -> None:
    """It is no race, which another attempt could win."""
    calls: list[int] = []

    @ledger.retrying
    def write() -> None:
        calls.append(1)
        raise ProtectedError("no", set())

    with pytest.raises(ProtectedError):
        write()
    assert len(calls) == 1


def test_a_rewrite_is_not_tried_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """What fails with it is tried again later, as before."""
    send = sent(people(25))
    found = services.rewrite(send.pk, {"title": "Coffee"})
    Correction.objects.update(values="[]x")
    assert not services.work_off_correction(found.pk)
    found.refresh_from_db()
    assert (found.status, found.attempts, found.kept) == ("pending", 1, 0)


@postgres
def test_several_workers(protect: Keep) -> None:
    """Each message is removed or counted once."""
    users = people(95)
    send = sent(users)
    protect(mine := keys()[::7])
    found = services.recall(send.pk)
    with watched(users[:5]):
        together(*[partial(ended, Correction.objects.get(pk=found.pk)) for _ in range(4)])
    ended(found)
    assert (found.status, found.found, found.kept) == ("failed", 95 - len(mine), len(mine))
    assert keys() == mine


def test_of_one_of_several_deleted_objects(protect: Keep) -> None:
    """The others don't wait for it."""
    subjects = [f"{SUBJECT}{number}" for number in range(5)]
    for subject in subjects:
        sent(people(2), subject)
    protect(keys()[:1])
    Correction.objects.bulk_create(Correction(subject=subject, kind="recall") for subject in subjects)
    for _round in range(2):
        services.finish_corrections(timedelta(seconds=-1))
    found = [(each.status, each.found, each.kept) for each in Correction.objects.order_by("pk")]
    assert found == [("failed", 1, 1), *[("done", 2, 0)] * 4]


# In the admin

LIST = "/admin/inbox_internals/correction/"


@pytest.mark.anywhere
@pytest.mark.parametrize("may", [True, False])
def test_it_is_tried_again_by_who_may(protect: Keep, client: Client, may: bool) -> None:
    sent(people(3), SUBJECT)
    protect(keys()[:1])
    found = ended(Correction.objects.create(subject=SUBJECT, kind="recall"))
    clerk = person("clerk", is_staff=True)
    codes = ["view_correction", *(["change_correction"] if may else [])]
    clerk.user_permissions.add(*Permission.objects.filter(codename__in=codes))
    client.force_login(clerk)
    protect([])
    page = client.post(LIST, {"action": "retry", "_selected_action": [found.pk]}, follow=True).content.decode()
    assert ("1 recall or rewrite is tried again." in page) is may
    assert ended(found).status == ("done" if may else "failed")


@pytest.mark.anywhere
def test_a_request_tries_so_many_again_and_no_more(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inbox.admin.sends.MOST", 2)
    client.force_login(person("boss", is_staff=True, is_superuser=True))
    failed = {"failed_at": timezone.now()}
    Correction.objects.create(subject=SUBJECT, kind="recall", finished_at=timezone.now())
    Correction.objects.bulk_create(Correction(subject=SUBJECT, kind="recall", **failed) for _ in range(3))
    Send.objects.bulk_create(Send(type="follow", **failed) for _ in range(3))
    for model, page in ((Correction, LIST), (Send, "/admin/inbox/send/")):
        order = {"action": "retry", "_selected_action": list(model.objects.values_list("pk", flat=True))}
        client.post(page, order)
        assert list(model.objects.filter(failed_at__isnull=False)) == [model.objects.latest("pk")]


@pytest.mark.anywhere
def test_a_rewrite_that_a_later_one_has_replaced_is_not() -> None:
    send = sent(people(25))
    first, second = (services.rewrite(send.pk, {"title": title}) for title in ("Coffee", "Milk"))
    assert not services.retry_correction(first.pk)  # it has not failed
    Correction.objects.filter(pk=first.pk).update(failed_at=first.created_at, reason="x")
    with pytest.raises(NotCorrectable):
        services.retry_correction(first.pk)
    Correction.objects.filter(pk=second.pk).update(failed_at=first.created_at, reason="x")
    assert services.retry_correction(second.pk)
    assert ended(second).status == "done"
    assert set(SystemMessage.objects.values_list("title", flat=True)) == {"Milk"}
    services.recall(send.pk)
    Correction.objects.filter(pk=second.pk).update(failed_at=first.created_at)
    with pytest.raises(NotCorrectable):
        services.retry_correction(second.pk)
