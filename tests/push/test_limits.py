"""Budgets of frames: what the meter counts, however the bytes are cut, and when it is too much."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode

from push.gate import limits
from push.gate.limits import Bucket, FrameHeads, Meter, bucket_of
from push.refusals import TOO_BIG, TOO_FAST, TOO_MANY_FRAMES, Refusal
from tests.raw import CONTINUATION, PING, TEXT, frame

SIZES = st.sampled_from([0, 1, 125, 126, 127, 65_535, 65_536, 70_000]) | st.integers(0, 300)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr(limits.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(limits, "_users", {})
    return now


@given(st.lists(st.tuples(SIZES, st.sampled_from([Opcode.TEXT, Opcode.PING, Opcode.CONT]), st.booleans())), st.data())
def test_frames_are_counted_however_the_bytes_are_cut(frames: list[Any], data: Any) -> None:
    """Against the library that writes them, masked as clients do."""
    made = [Frame(opcode, b"x" * size, final) for size, opcode, final in frames if opcode != Opcode.PING]
    made += [Frame(opcode, b"x" * size) for size, opcode, _ in frames if opcode == Opcode.PING and size < 126]
    stream = b"".join(each.serialize(mask=True) for each in made)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=20)))
    heads = FrameHeads()
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert sum(heads.count(piece, 10_000) for piece in pieces) == len(made)


def test_counting_stops_at_the_budget() -> None:
    """A megabyte of empty frames costs no more than the frames that are allowed."""
    assert FrameHeads().count(frame(b"", PING) * 200_000, 7) == 7


@pytest.mark.parametrize(
    ("sent", "refusal"),
    [
        (frame(b"x" * 65_536), None),
        (frame(b"x" * 65_537)[:14], TOO_BIG),  # by its head alone
        (frame(b"x" * 40_000, final=False) + frame(b"x" * 40_000, CONTINUATION), TOO_BIG),
        (frame(b"x" * 30_000) * 2 + frame(b"x" * 30_000), None),
        (frame(b"", final=False) + frame(b"", CONTINUATION, final=False) * 300, TOO_FAST),
        (frame(b"", PING) * 41, TOO_FAST),
        (frame(b"{}") * 39, None),
    ],
    ids=["64 KiB", "more", "more in fragments", "three messages", "fragments", "pings", "within the budget"],
)
def test_what_is_too_much(clock: list[float], sent: bytes, refusal: Refusal | None) -> None:
    said: list[Refusal] = []
    meter = Meter(said.append)
    assert meter.passes(sent) == (refusal is None)
    assert meter.exceeded == refusal
    assert said == ([refusal] if refusal else [])
    if refusal:
        assert not meter.passes(frame(b""))
        assert len(said) == 1, "it is said once"


def test_fragments_without_end_are_too_much_at_any_speed(clock: list[float]) -> None:
    meter = Meter(lambda refusal: None)
    meter.belongs_to(1)
    meter.passes(frame(b"", TEXT, final=False))
    for _ in range(limits.MAX_FRAGMENTS - 1):
        clock[0] += 1
        assert meter.passes(frame(b"", CONTINUATION, final=False))
    assert not meter.passes(frame(b"", CONTINUATION, final=False))
    assert meter.exceeded == TOO_FAST


def test_a_steady_client_within_the_rate_is_never_cut(clock: list[float]) -> None:
    meter = Meter(lambda refusal: None)
    meter.belongs_to(1)
    for _ in range(1000):
        clock[0] += 0.06
        assert meter.passes(frame(b"{}"))


def test_reads_cost_something(clock: list[float]) -> None:
    """Byte by byte, without ever finishing a frame."""
    meter = Meter(lambda refusal: None)
    assert not all(meter.passes(b"\x81" if n == 0 else b"") for n in range(1000))
    assert meter.exceeded == TOO_FAST


def test_a_users_budget_outlives_their_connections(clock: list[float]) -> None:
    """Reconnecting does not refill it, and others keep theirs."""
    codes = []
    for _ in range(8):
        meter = Meter(lambda refusal: None)
        meter.belongs_to(7)
        while meter.charge(1):
            pass
        codes.append(meter.exceeded)
    assert codes == [TOO_FAST] * 4 + [TOO_MANY_FRAMES] * 4
    other = Meter(lambda refusal: None)
    other.belongs_to(8)
    assert other.charge(100)


def test_what_was_sent_before_the_user_was_known_is_theirs_too(clock: list[float]) -> None:
    while bucket_of(7).take(30):
        pass
    meter = Meter(lambda refusal: None)
    assert meter.charge(30)
    meter.belongs_to(7)
    assert meter.exceeded == TOO_MANY_FRAMES


def test_buckets_of_many_users_are_dropped_once_they_are_full(
    clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MANY_USERS", 10)
    for user in range(10):
        bucket_of(user).take(50)
    clock[0] += 60
    bucket_of(10).take(50)
    assert set(limits._users) == {10}


def test_a_bucket_fills_again(clock: list[float]) -> None:
    bucket = Bucket(10, 1)
    assert bucket.take(10)
    assert not bucket.take(1)
    clock[0] += 0.5
    assert bucket.take(5)
    assert not bucket.take(1)
