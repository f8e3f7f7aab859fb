"""Frames: the contract's JSON, made once; and django-eventstream's protocol, to the byte."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import msgpack
import pytest
from django_eventstream.utils import make_id, sse_encode_event

from inbox.core.snapshots import Snapshot
from inbox.selectors.items import TOAST_BODY, TOAST_TITLE, Item
from push.frames import Update, snapshot_json, to_json
from push.transports.polling import etag, matches, parse_wait
from push.transports.sse import SseConnection, unread_event
from push.transports.websocket.codecs import CODECS, MSGPACK, Codec, chosen, encode_json

STATE = Snapshot(7, 5000000010, 7, True, {"comment": 3, "broadcast": 4}, 2, 3)
UUID = Snapshot("9f1c2f0e-7a43-4d0e-8d2c-0b5ffe7b9d11", 3, 0, False, {}, 0, 0)
NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
ITEM = Item("comment-1", "comment", "小红点 \r\n\u2028", "<b>", "/p/1", NOON, "info", False, False)


@pytest.mark.parametrize("state", [STATE, UUID])
def test_the_json_is_what_a_library_would_make(state: Snapshot) -> None:
    assert snapshot_json(state) == to_json(state.as_dict())


def test_the_order_of_the_contract() -> None:
    assert list(json.loads(snapshot_json(STATE))) == [
        "user",
        "version",
        "unread",
        "capped",
        "by_type",
        "unseen",
        "threads",
    ]


@pytest.mark.parametrize("codec", CODECS.values(), ids=list(CODECS))
def test_websocket_frames(codec: Codec) -> None:
    """The same message in every format, and what a client sends is read as it was meant."""
    frame = Update(STATE).frame(codec.encode, "en", 5)
    assert codec.load(frame) == {"type": "unread", **STATE.as_dict()}
    said = {"type": "read", "refs": ["comment-1"], "up_to": 5000000010}
    assert codec.load(codec.dump(said)) == said


def test_msgpack_is_binary() -> None:
    frame = Update(STATE).frame(MSGPACK.encode, "en", 5)
    assert msgpack.unpackb(frame["bytes"])["version"] == STATE.version
    assert len(frame["bytes"]) < len(Update(STATE).frame(encode_json, "en", 5)["text"])


@pytest.mark.parametrize(
    "data", [b"", b"\x81", b"\xc1", b"\x91" * 5000, b"\xa1\xff", b"\x81\xc0\x01\x01", b"\xdd\xff\xff\xff\xff"]
)
def test_what_is_no_msgpack(data: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (of its subclasses, any will do)
        MSGPACK.load({"bytes": data})


def test_the_clients_first_offer_that_we_know() -> None:
    names = [*CODECS]
    assert chosen(["x", *names]) is CODECS[names[0]]
    assert chosen(reversed(names)) is CODECS[names[-1]]
    assert chosen([]) is chosen(["reddot.ticket.x"]) is None


@pytest.mark.parametrize("state", [STATE, UUID])
def test_event_streams_speak_the_librarys_protocol(state: Snapshot) -> None:
    event_id = make_id({f"user-{state.user}": state.version})
    library = sse_encode_event("unread", state.as_dict(), event_id, json_encode=True)
    ours = unread_event(Update(state), to_json(state.as_dict()))
    assert ours.replace(" ", "") == library.replace(" ", "")


def test_an_item_goes_to_those_who_saw_the_version_before() -> None:
    update = Update(STATE, {"en": ITEM}, since=5000000009)
    assert "item" not in update.frame(encode_json, "en", 4000000000)["text"]
    assert "item" not in update.frame(encode_json, "en", -1)["text"]
    assert "item" not in update.frame(encode_json, "zh-hans", 5000000009)["text"]
    toast = json.loads(update.frame(encode_json, "en", 5000000009)["text"])["item"]
    assert list(toast) == ["ref", "type", "title", "body", "url", "created_at", "level"]
    assert toast["title"] == ITEM.title
    assert replace(ITEM, important=True).as_toast()["important"] is True


@pytest.mark.parametrize("letter", ["x", "字", "😀", "é", '"'])
def test_a_long_item_is_cut_and_not_left_out(letter: str) -> None:
    """By characters, however many bytes they have in JSON."""
    long = replace(
        ITEM, title=letter * 400, body=letter * 10_000, body_html=f"<p>{letter * 10_000}</p>", level="critical"
    )
    frame = Update(STATE, {"en": long}, since=1).frame(encode_json, "en", 1)["text"]
    item = json.loads(frame)["item"]
    assert (len(item["title"]), len(item["body"])) == (TOAST_TITLE, TOAST_BODY)
    assert {item["title"], item["body"]} == {letter * (TOAST_TITLE - 1) + "…", letter * (TOAST_BODY - 1) + "…"}
    assert "body_html" not in item
    assert item["level"] == "critical"
    assert len(frame) < 16 * 1024


def test_html_comes_along_if_it_is_short() -> None:
    short = replace(ITEM, body="Yes", body_html="<p>Yes</p>")
    assert short.as_toast()["body_html"] == "<p>Yes</p>"
    assert "body_html" not in replace(short, body_html="<p>" + "<br>" * 600 + "Yes</p>").as_toast()


def test_an_item_that_cannot_be_encoded_does_not_hold_back_the_state() -> None:
    for bad in (replace(ITEM, title="\ud800"), replace(ITEM, created_at=None)):
        update = Update(STATE, {"en": bad}, since=1)
        assert msgpack.unpackb(update.frame(MSGPACK.encode, "en", 1)["bytes"])["version"] == STATE.version


def test_nothing_in_an_item_ends_a_line_of_a_stream() -> None:
    body = Update(STATE, {"en": ITEM}, since=1).frame(SseConnection.encode, "en", 1)["body"]
    assert [line.split(b":")[0] for line in body.split(b"\n")] == [b"event", b"id", b"data", b"", b""]
    assert b"\r" not in body


def test_a_frame_is_made_once_per_format_and_language() -> None:
    update = Update(STATE, {"en": ITEM, "de": ITEM}, since=1)
    assert update.frame(SseConnection.encode, "en", 1) is update.frame(SseConnection.encode, "en", 1)
    assert update.frame(SseConnection.encode, "en", 1) is not update.frame(SseConnection.encode, "de", 1)
    assert update.frame(SseConnection.encode, "en", 0) is update.frame(SseConnection.encode, "de", 0)


def test_entity_tags() -> None:
    assert etag(STATE) == '"7-5000000010"'
    assert matches('"7-5000000010"', etag(STATE))
    assert matches('W/"7-5000000010"', etag(STATE))
    assert matches('"1-2", "7-5000000010"', etag(STATE))
    for other in ("", "*", "x", '"7-5000000011"', "7-5000000010", '"7-5000000010'):
        assert not matches(other, etag(STATE))


@pytest.mark.parametrize(
    ("prefer", "wait"),
    [
        ("wait=25", 25),
        ("respond-async, wait=10", 10),
        ('WAIT="7"', 7),
        ("wait=10;x=1, wait=20", 10),
        ("wait=0", 0),
        ("wait=007", 7),
        ("wait=56", 55),
        ("wait=" + "9" * 5000, 55),
        ("", None),
        ("wait", None),
        ("wait=1e9", None),
        ("wait=-1", None),
        ("wait=1.5", None),
        ("await=5", None),
        ("x;wait=5", None),
    ],
)
def test_prefer_wait(prefer: str, wait: int | None) -> None:
    assert parse_wait(prefer) == wait
