"""The demo site: wiring only. `celery_app` is imported here so that `shared_task` finds it."""

from .celery import app as celery_app

__all__ = ["celery_app"]
