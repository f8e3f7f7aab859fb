"""Which tasks begin others, and when; which wait in which queue."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from inbox.models import DeletedUser
from push import periodic, tasks
from push.nudges import enqueue

QUEUES = {
    "nudges": {"due", "fan_out", "fan_out_broadcast"},
    "sends": {"correct", "work_off", "work_off_all"},
    "housekeeping": {"forget_deleted_users", "purge", "seen", "sweep"},
}


def test_each_task_has_its_queue() -> None:
    """Nudges, and broadcasts that are due, wait for no send, and sends for no purge."""
    routed: dict[str, set[str]] = {}
    for name, task in tasks.fan_out.app.tasks.items():
        if name.startswith("push."):
            routed.setdefault(enqueue.queue_of(task), set()).add(name.removeprefix("push.tasks."))
    assert routed == QUEUES


@pytest.mark.django_db
@pytest.mark.parametrize("begin", [tasks.work_off_all, periodic.sweep], ids=["worker", "sweep"])
def test_no_second_chain_beside_one_that_is_at_work(begin: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of messages that forget deleted users. Each further worker would have begun one, and so would each sweep."""
    queued: list[Any] = []
    monkeypatch.setattr(enqueue, "enqueue", lambda task, *args: queued.append(task))
    now = timezone.now()
    DeletedUser.objects.create(user="1", total=5000, progress_at=now - timedelta(minutes=1))  # waits its turn
    DeletedUser.objects.create(user="2", total=5000, progress_at=now)
    begin()
    assert tasks.forget_deleted_users not in queued
    DeletedUser.objects.update(progress_at=now - timedelta(minutes=1))
    begin()
    assert queued.count(tasks.forget_deleted_users) == 1
