"""Sending a batch: each event for itself, and in as many statements for much as for little."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inbox import selectors, services
from inbox.models import LikeMessage, SystemMessage, event_types

from .people import people
from .rest import announcement, problem
from .services import COLUMNS, Service

pytestmark = [pytest.mark.urls("tests.inbox.urls"), pytest.mark.django_db, pytest.mark.anywhere, pytest.mark.any_django]


class TestBatch:
    def test_one_bad_event_does_not_sink_the_rest(self, shop: Service, bob: Any) -> None:
        messages = [
            {"type": "follow", "recipients": ["bob"]},
            {"type": "system", "recipients": ["bob"]},
            7,
            {"type": "like", "recipients": ["zed"], "target_title": "Tea", "strict": True},
            {"type": "like", "recipients": ["zed", "bob"], "target_title": "Tea"},
        ]
        results = shop("POST", "messages/batch/", {"messages": messages}).json()["results"]
        assert [line["status"] for line in results] == [201, 422, 422, 422, 201]
        pointers = [line["errors"][0]["pointer"] for line in results if "errors" in line]
        assert pointers == ["/messages/1/title", "/messages/2", "/messages/3/recipients"]
        assert (results[4]["created"], results[4]["unknown"]) == (1, ["zed"])
        assert selectors.snapshot(bob).unread == 2

    def test_they_arrive_in_order(self, shop: Service, bob: Any) -> None:
        names = ["like", "follow", "like", "comment", "follow"]
        messages = [{"type": name, "recipients": ["bob"], **COLUMNS[name]} for name in names]
        shop("POST", "messages/batch/", {"messages": messages})
        items = selectors.inbox_page(bob).items
        assert [item.type for item in reversed(items)] == names
        assert selectors.snapshot(bob).version == len(names)

    def test_dedupe_keys_within_it(self, shop: Service, bob: Any) -> None:
        messages = [
            {"type": "like", "recipients": ["bob"], "target_title": str(n), "dedupe_key": "tea"} for n in range(3)
        ]
        shop("POST", "messages/batch/", {"messages": messages})
        [row] = LikeMessage.objects.filter(recipient=bob)
        assert (row.target_title, row.seq) == ("2", 3)

    def test_who_has_muted_the_type_is_not_told(self, shop: Service, bob: Any) -> None:
        services.set_muted(bob, ["like"])
        names = ["like", "follow"]
        messages = [{"type": name, "recipients": ["bob"], **COLUMNS[name]} for name in names]
        shop("POST", "messages/batch/", {"messages": messages})
        assert selectors.snapshot(bob).by_type == {"follow": 1}

    @pytest.mark.parametrize("messages", [[], [{}] * 501, None, {}])
    def test_how_many(self, shop: Service, messages: Any) -> None:
        [error] = problem(shop("POST", "messages/batch/", {"messages": messages}), 422)["errors"]
        assert error["pointer"] == "/messages"

    def test_everybody_who_was_reached_is_announced(
        self, shop: Service, heard: Any, django_capture_on_commit_callbacks: Any
    ) -> None:
        ids = people(3)
        messages = [{"type": "follow", "recipients": [pk]} for pk in ids]
        with django_capture_on_commit_callbacks(execute=True):
            shop("POST", "messages/batch/", {"messages": [*messages, *messages[:1]]})
        assert heard.mailboxes == [(pk, "follow") for pk in ids]


class TestQueries:
    """As many statements for much as for little."""

    def count(self, shop: Service, messages: list[Any]) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert {line["status"] for line in self.batch(shop, messages)} == {201}
        # SQLite takes 999 parameters in an INSERT, so there the rows of some come in several.
        return len([query for query in queries if not query["sql"].startswith("INSERT")])

    def batch(self, shop: Service, messages: list[Any]) -> Any:
        return shop("POST", "messages/batch/", {"messages": messages}).json()["results"]

    def send(self, shop: Service, ids: list[Any]) -> Any:
        return shop("POST", "messages/", {"type": "follow", "recipients": ids})

    def test_a_batch_of_five_hundred(self, shop: Service) -> None:
        ids = people(500)
        services.send(ids, SystemMessage, title="Hello")  # they have mailboxes
        events = [{"type": list(COLUMNS)[n % 6], **COLUMNS[list(COLUMNS)[n % 6]]} for n in range(500)]
        messages = [event | {"recipients": [pk], "dedupe_key": str(pk)} for event, pk in zip(events, ids, strict=True)]
        self.batch(shop, messages)
        few = self.count(shop, messages[:12])
        assert self.count(shop, messages) == few
        assert few < 80

    def test_one_event(self, shop: Service) -> None:
        ids = people(1000)
        services.send(ids, SystemMessage, title="Hello")
        counts = set()
        self.send(shop, ids[:1])  # the use of the token is noted
        for number in (2, 1000):
            with CaptureQueriesContext(connection) as queries:
                assert self.send(shop, ids[:number]).json()["created"] == number
            counts.add(len(queries))
        [count] = counts
        assert count < 20

    def test_the_inbox_page_and_the_badge(self, bob: Any) -> None:
        counts = set()
        for number in (1, 100):
            for name, model in event_types().items():
                model.objects.bulk_create(model(recipient=bob, **COLUMNS[name]) for _ in range(number))
            announcement()
            with CaptureQueriesContext(connection) as queries:
                selectors.inbox_page(bob, limit=100)
            counts.add(len(queries))
        assert len(counts) == 1
        with CaptureQueriesContext(connection) as queries:
            selectors.snapshot(bob)
        assert len(queries) == 1
