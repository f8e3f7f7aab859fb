"""The Celery application: `celery -A notify_site worker` and `celery -A notify_site beat`."""

import os
from typing import Any

from celery import Celery
from celery.signals import celeryd_init
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "notify_site.settings")

app = Celery("notify_site")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@celeryd_init.connect
def be_patient(conf: Any, **_: Any) -> None:
    """A worker waits for a frozen broker: an ack that timed out keeps its prefetch slot, and it would fetch no more."""
    options = {**conf.broker_transport_options, "socket_timeout": None, "socket_keepalive": True}
    conf.broker_transport_options = options | settings.BROKER_OPTIONS
