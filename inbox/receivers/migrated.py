"""After `migrate`: what depends on which event types are installed."""

from typing import Any

from django.apps import AppConfig
from django.apps import apps as installed
from django.db.models.signals import post_migrate
from django.utils.translation import gettext as _

from .. import services
from ..models import ledger


def connect(app: AppConfig) -> None:
    post_migrate.connect(on_migrated, sender=app, dispatch_uid="inbox")


def on_migrated(using: str, apps: Any = installed, verbosity: int = 1, **kwargs: object) -> None:
    """`apps` are those of the migrations, which may have been taken back to before there were threads. `flush` sends
    the same signal without them."""
    if using != ledger.alias() or ("inbox", "countedtype") not in _models(apps):
        return
    if services.note_installed_types() and verbosity > 0:
        print(_("Event types were uninstalled, or installed again: each mailbox counts its threads when it is read."))
        print(_("To count all of them now: manage.py count_threads"))


def _models(apps: Any) -> set[tuple[str, str]]:
    return {(model._meta.app_label, model._meta.model_name) for model in apps.get_models()}
