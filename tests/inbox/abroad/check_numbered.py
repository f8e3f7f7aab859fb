"""Users whose keys are numbers that JavaScript would round: Snowflake ids, from 2^53 on."""

import json
from typing import Any

import pytest

from inbox import selectors, services
from inbox.core.snapshots import MAX_NUMBER
from inbox.credentials import tickets
from inbox.models import FollowMessage, SendChunk, ledger
from inbox.services import Order, recipients

from ..listening import Heard
from ..people import live, unread
from .models import Numbered

pytestmark = pytest.mark.django_db
LAST = MAX_NUMBER
KEYS = {LAST: LAST, LAST + 1: str(LAST + 1), LAST + 2: str(LAST + 2), 2**63 - 1: str(2**63 - 1)}


@pytest.fixture(autouse=True)
def everybody() -> None:
    Numbered.objects.bulk_create(Numbered(pk=pk, name=f"user-{pk}") for pk in KEYS)


@pytest.mark.parametrize(("pk", "key"), KEYS.items())
def test_the_whole_way(pk: int, key: int | str, heard: Heard, django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        assert services.send([key, pk], FollowMessage, actor=pk) == 1
    assert heard.mailboxes == [(key, "follow")]
    broadcast, row = live(), FollowMessage.objects.get(recipient=pk)
    assert unread(key) == {row.ref, broadcast.ref}
    assert json.loads(json.dumps(selectors.snapshot(key).as_dict()))["user"] == key
    assert list(selectors.newest({key: 0}, "follow")) == [key]
    assert services.mark_read(key, [row.ref]) == 1
    assert services.mark_all_read(key, selectors.inbox_page(key).version) == 1


def test_they_are_read_together() -> None:
    assert set(selectors.snapshots(KEYS.values())) == set(selectors.versions(KEYS)) == set(KEYS.values())


@pytest.mark.parametrize(("pk", "key"), KEYS.items())
def test_a_service_names_them_by_number_or_text(pk: int, key: int | str) -> None:
    assert recipients.Directory([{"id": key}, {"id": str(pk)}, pk]).sort([{"id": key}, pk]) == ([pk], [])


def test_a_queued_send_reaches_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "CHUNK", 1)
    [send] = services.start_sends([Order(services.draft(FollowMessage), sorted(KEYS))])
    assert [chunk.recipients for chunk in SendChunk.objects.order_by("pk")] == [list(KEYS.values())]
    while services.work_off(send.pk):
        pass
    assert set(FollowMessage.objects.values_list("recipient", flat=True)) == set(KEYS)


@pytest.mark.parametrize(("pk", "key"), KEYS.items())
def test_a_ticket_says_who(pk: int, key: int | str) -> None:
    text, ticket = services.mint_ticket(Numbered.objects.get(pk=pk), None)
    assert ticket.user == key
    assert tickets.users_of([text], opening=True) == {text: key}


def test_a_ticket_that_still_holds_a_large_number_counts() -> None:
    """It was minted before such ids travelled as text."""
    text = tickets._signer().sign_object([LAST + 1, "", tickets._auth_hashes(Numbered(name=""))[0][:16], 2**40])
    Numbered.objects.update(password="")
    assert tickets.users_of([text], opening=True) == {text: str(LAST + 1)}
