"""deploy/compose.yml says what the README and the settings take for granted."""

from itertools import chain
from typing import Any

import pytest
import yaml
from django.conf import settings

from tools.processes import ROOT

SERVICES: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "deploy" / "compose.yml").read_text())["services"]
ONCE = "migrate"  # the others wait for its end


@pytest.mark.parametrize("name", SERVICES)
def test_what_ends_by_itself_is_started_again(name: str) -> None:
    """As a worker ends by itself when its consumer has failed."""
    assert SERVICES[name]["restart"] == ("no" if name == ONCE else "unless-stopped")


def queues_of(name: str) -> list[str]:
    words = SERVICES[name]["command"].split()
    return words[words.index("--queues") + 1].split(",") if "--queues" in words else []


def test_each_queue_has_a_worker_and_nudges_one_of_their_own() -> None:
    workers = [name for name, service in SERVICES.items() if " worker " in service.get("command", "")]
    taken = [queues_of(name) for name in workers]
    assert ["nudges"] in taken
    assert sorted(chain(*taken)) == sorted(queue.name for queue in settings.CELERY_TASK_QUEUES)
