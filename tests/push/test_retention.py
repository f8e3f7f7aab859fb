"""Purging without a broker is the hub's; with one, the beat's. What is due by time is both's."""

import asyncio
from typing import Any

import pytest
from celery import current_app
from django.conf import settings

from inbox import services
from push import periodic
from push.hub import Hub

Patch = pytest.MonkeyPatch
JOBS = periodic.JOBS


async def ran(hub: Hub, monkeypatch: Patch, number: int) -> list[Any]:
    """How `services.purge` was called in the tick of this number."""
    calls: list[Any] = []
    monkeypatch.setattr(services, "purge", lambda **how: calls.append(how))
    monkeypatch.setattr(periodic, "JOBS", [job for job in JOBS if job.task == "purge"])
    hub.clock._ticks = number - 1
    hub.clock.tick()
    await asyncio.gather(*hub.errands.running)
    return calls


@pytest.mark.parametrize(("number", "times"), [(1, 0), (299, 0), (300, 1), (600, 0), (3600, 0), (3900, 1)])
async def test_a_hub_purges_now_and_then(the_hub: Hub, monkeypatch: Patch, number: int, times: int) -> None:
    assert await ran(the_hub, monkeypatch, number) == [{"most": periodic.PURGE_BATCHES_IN_HUB}] * times


async def test_but_not_beside_a_beat(the_hub: Hub, monkeypatch: Patch) -> None:
    monkeypatch.setattr(current_app.conf, "broker_url", "redis://127.0.0.1:1")
    assert await ran(the_hub, monkeypatch, 300) == []


def test_what_the_beat_sends_exists(monkeypatch: Patch) -> None:
    calls: list[Any] = []
    monkeypatch.setattr(services, "purge", lambda **how: calls.append(how))
    assert settings.CELERY_BEAT_SCHEDULE["purge"]["task"] == periodic.purge.name
    periodic.purge.run()
    assert calls == [{"most": periodic.PURGE_BATCHES}]


def test_beat_has_what_is_due_done_every_second(monkeypatch: Patch) -> None:
    calls: list[Any] = []
    monkeypatch.setattr(services, "mend", lambda **how: calls.append(how))
    entry = settings.CELERY_BEAT_SCHEDULE["due"]
    assert (entry["task"], entry["schedule"]) == (periodic.due.name, 1)
    periodic.due.run()
    assert calls == [{"is_due": True}]
