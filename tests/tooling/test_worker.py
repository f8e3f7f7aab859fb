"""The worker's own settings (notify_site/celery.py), with a real broker."""

import time

import pytest
from django.conf import settings

from tests.conftest import StartSite
from tests.servers import wait_for
from tools.stores import Valkey


@pytest.mark.soak
def test_a_worker_outlives_a_broker_frozen_at_its_ack(start_site: StartSite, own_valkey: Valkey) -> None:
    """An ack that timed out would keep the worker's only prefetch slot: alive, and deaf for ever."""
    site = start_site(bus=own_valkey.url)
    worker = site.worker
    assert worker is not None
    for _ in range(3):  # a freeze may miss the few milliseconds between "received" and the ack
        seen = worker.logs().count("received")
        site.agent.call("delay", "push.periodic.sweep")
        wait_for(lambda seen=seen: worker.logs().count("received") > seen)
        own_valkey.freeze()
        time.sleep(settings.REDIS_TIMEOUTS["socket_timeout"] + 0.5)
        own_valkey.thaw()
    done = worker.logs().count("succeeded")
    site.agent.call("delay", "push.periodic.sweep")
    wait_for(lambda: worker.logs().count("succeeded") > done, deadline=20)
