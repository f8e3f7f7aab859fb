"""Registered targets: if such an object is deleted, what was about it is recalled."""

from functools import partial

from django.apps import apps
from django.db import connections, transaction
from django.db.models import Model
from django.db.models.signals import post_delete, pre_delete

from ...core.deletions import Note, Notes
from ...core.subjects import subject_of
from ...errors import BadValue
from ...models import ledger
from ..deletions import recall_subjects, registered

UID = "inbox-target"


def register_target(model: type[Model]) -> None:
    """Recall every message about an object of this model when it is deleted. Its follows and silences go, too.

    Call it in `AppConfig.ready`.

    With this, Django loads each object that it deletes (as with any receiver of `post_delete`). Models that are not
    registered keep Django's fast deletes. Deletions outside Django send no signal, and recall nothing: raw SQL,
    `_raw_delete`, a cascade in the database.
    """
    table = model._meta.concrete_model or model  # None for an abstract model
    for each in apps.get_models():
        if issubclass(each, table):  # proxies and children: the sender of a signal is the class that was used
            registered.add((each._meta.concrete_model or each)._meta.label_lower)
            pre_delete.connect(_target_deleting, sender=each, dispatch_uid=UID)
            post_delete.connect(_target_deleted, sender=each, dispatch_uid=UID)


class Deletion(Note):
    """The registered targets that one `delete()` call deletes. Their recalls are queued together, after the last one.
    `left` is the number of objects that are not deleted yet."""

    def __init__(self, origin: object, using: str) -> None:
        super().__init__(origin)
        self.using, self.left = using, 0
        self.subjects: list[str] = []

    def __call__(self) -> None:
        """Normally, nothing is left to do: other code sends the signals if one is missing."""
        self.queue()

    def queue(self) -> None:
        subjects, self.subjects = self.subjects, []
        _queue(subjects, self.using)


_deletions = Notes[Deletion]()


def _deletion(origin: object, using: str) -> Deletion | None:
    """That of this call in this transaction, if there is one."""
    return next(iter(_deletions.of(origin, using)), None)


def _target_deleting(using: str, origin: object = None, **kwargs: object) -> None:
    if origin is None or not connections[using].in_atomic_block:  # not sent by Django's `delete()`
        return
    deletion = _deletion(origin, using)
    if deletion is None:
        deletion = Deletion(origin, using)
        _deletions.add(deletion, using)
    deletion.left += 1


def _target_deleted(instance: Model, using: str, origin: object = None, **kwargs: object) -> None:
    """Note what was deleted; after the last one of this `delete()`, queue the recalls."""
    deletion = None if origin is None else _deletion(origin, using)
    if deletion is not None:
        deletion.left -= 1
    try:
        subjects = [subject_of(instance)]
    except BadValue:  # no message can be about it
        subjects = []
    if deletion is None:
        _queue(subjects, using)
        return
    deletion.subjects += subjects
    if deletion.left <= 0:
        deletion.queue()


def _queue(subjects: list[str], using: str) -> None:
    """Queue the recalls in the transaction of the deletion, so that a rolled back deletion recalls nothing. It locks no
    mailbox: the deletion may hold any rows, and last long."""
    if not subjects:
        return
    if using == ledger.alias():
        recall_subjects(subjects)
    else:
        transaction.on_commit(partial(recall_subjects, subjects), using=using)
