"""A hub by itself: fake connections, fake reads, a real event loop."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from push import hub, periodic
from push.hub import Hub, reader
from tests.push.fakes import FakeReads


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeReads]:
    fake = FakeReads()
    monkeypatch.setattr(reader, "read", fake.read)
    monkeypatch.setattr(periodic, "JOBS", ())
    yield fake
    fake.gate.set()


@pytest.fixture
async def the_hub(reads: FakeReads) -> AsyncIterator[Hub]:
    running = hub.current()
    yield running
    reads.gate.set()
    running._running.cancel()  # its next tick would see it is done, a second later
    await asyncio.gather(running._running, return_exceptions=True)
