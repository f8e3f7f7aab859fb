"""To be told everything that is held about one, and no secret."""

import gc
import json
import stat
import tracemalloc
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.dateparse import parse_datetime

from inbox import selectors, services
from inbox.models import CommentMessage, FollowMessage, Mailbox, event_types
from inbox.selectors import exports

from .lives import Life, exported, run
from .people import people
from .services import row_of

erasure, retention = (import_module(f"inbox.services.{name}") for name in ("erasure", "retention"))
pytestmark = pytest.mark.django_db


@pytest.mark.anywhere
def test_everything_is_told_and_no_secret(life: Life) -> None:
    text = run("export_user", life.name(life.ann))
    told = json.loads(text)
    assert [told["format"], told["user"]] == [1, {"id": life.ann, "name": life.name(life.ann)}]
    assert told["mailbox"]["version"] == Mailbox.objects.get(pk=life.ann).version
    assert told["muted_types"] == ["like", "share"]
    assert [row["subject"] for row in told["following"]] == ["blog.post:7"]
    assert [(row["subject"], row["until"]) for row in told["silenced"]] == [("blog.post:8", None)]
    chosen = {"language": "de", "time_zone": "Asia/Tokyo", "character_keys": False, "density": "compact"}
    assert told["chosen_locale"] == chosen
    [token] = told["service_tokens"]
    assert (token["name"], token["scopes"]) == ("shop", ["messages:write", "tickets"])
    assert [row["title"] for row in told["broadcasts"]] == ["News 0"]
    receipts = {row["broadcast"]: row for row in told["receipts"]}
    assert list(receipts) == [life.news.pk, life.dismissed.pk, life.over.pk]
    assert receipts[life.dismissed.pk]["deleted_at"]
    assert list(told["messages"]) == list(told["said_to_others"]) == list(event_types())
    for secret in (life.token, row_of(life.token).digest, life.name(life.bob), life.name(life.cid)):
        assert secret not in text


@pytest.mark.anywhere
def test_messages_have_all_their_columns_in_order(life: Life) -> None:
    services.send([life.ann], FollowMessage)
    told = exported(life.ann)["messages"]
    assert [row["seq"] for row in told["follow"]] == sorted(row["seq"] for row in told["follow"])
    for name, model in event_types().items():
        assert len(told[name]) == model.objects.filter(recipient=life.ann).count()
        for row in told[name]:
            assert set(row) == {field.name for field in model._meta.concrete_fields}
    [comment] = told["comment"]
    assert (comment["excerpt"], comment["actor"], comment["recipient"]) == ("小红点 “yes”", life.ann, life.ann)
    assert parse_datetime(comment["created_at"]).tzinfo is not None
    assert comment["archived_at"] is not None
    assert told["system"][0]["deleted_at"] is not None


@pytest.mark.anywhere
def test_what_they_said_to_others_is_told_once_and_not_to_whom(life: Life) -> None:
    services.send([life.cid, life.bob, life.ann], CommentMessage, actor=life.ann, target_title="Milk", url="/secret")
    services.send([life.ann], CommentMessage, actor=life.ann, target_title="A note to myself")
    said = exported(life.ann)["said_to_others"]["comment"]
    assert [(row["target_title"], row["excerpt"]) for row in said] == [("Tea", "小红点 “yes”"), ("Milk", "")]
    assert {*said[0]} == {"created_at", "target_title", "excerpt"}


@pytest.mark.anywhere
def test_somebody_of_whom_there_is_nothing() -> None:
    [nobody] = people(1)
    told = exported(nobody)
    assert (told["mailbox"], told["receipts"], told["messages"]["comment"]) == (None, [], [])


def test_an_export_writes_nothing(life: Life) -> None:
    with CaptureQueriesContext(connection) as captured:
        exported(life.ann)
    assert {query["sql"].split()[0] for query in captured} <= {"SELECT", "DECLARE"}  # a cursor, on PostgreSQL


@pytest.fixture
def full_free_lists() -> Iterator[None]:
    """Python keeps 2,000 freed tuples of each length up to 20 until a full collection. What is measured would depend on
    how many it has: they are there before, and stay."""
    gc.collect()
    gc.disable()
    assert [(None,) * length for length in range(1, 21) for _ in range(2000)]
    yield
    gc.enable()


@pytest.mark.usefixtures("full_free_lists")
def test_an_export_holds_few_rows_at_a_time(user: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def peak(rows: int) -> int:
        CommentMessage.objects.bulk_create(CommentMessage(recipient_id=user, target_title="Tea") for _ in range(rows))
        tracemalloc.start()
        count = sum(1 for _piece in selectors.export(user))
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert count > rows
        return used

    assert exports.CHUNK <= 1000
    monkeypatch.setattr(exports, "CHUNK", 100)
    peak(1)  # of what is made once
    few = peak(250)  # at most two chunks: the next one is fetched before the last has gone
    assert peak(750) < 2 * few  # of 1,000


@pytest.mark.anywhere
def test_into_a_new_file_of_ones_own(life: Life, tmp_path: Path) -> None:
    path = tmp_path / "ann.json"
    assert run("export_user", "--id", str(life.ann), "--output", str(path)) == ""
    assert json.loads(path.read_text("utf-8"))["user"]["id"] == life.ann
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(CommandError, match="File exists"):
        run("export_user", "--id", str(life.ann), "--output", str(path))
    with pytest.raises(CommandError, match="No such file"):
        run("export_user", "--id", str(life.ann), "--output", str(tmp_path / "none" / "ann.json"))


@pytest.mark.anywhere
def test_an_export_that_fails_leaves_no_half(life: Life, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def half(user: Any) -> Iterator[str]:
        yield "{"
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(selectors, "export", half)
    with pytest.raises(CommandError, match="No space"):
        run("export_user", "--id", str(life.ann), "--output", str(tmp_path / "ann.json"))
    assert list(tmp_path.iterdir()) == []
