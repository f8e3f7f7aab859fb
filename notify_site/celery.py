"""The Celery application: `celery -A notify_site worker` and `celery -A notify_site beat`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "notify_site.settings")

app = Celery("notify_site")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
