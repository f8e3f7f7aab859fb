"""What receivers note about one `delete()` call until its transaction ends."""

from typing import Generic, TypeVar
from weakref import WeakSet, WeakValueDictionary

from django.db import connections, transaction


class Note:
    """About the `delete()` call on `origin`, as in the signals `pre_delete` and `post_delete`.

    It is registered with `on_commit`, where it does nothing: in this way Django drops it together with the locks, also
    after a rollback to a savepoint.
    """

    def __init__(self, origin: object) -> None:
        self.origin = origin
        self.beside: object = None  # what finds it, kept as long as it

    def __call__(self) -> None:
        pass


AnyNote = TypeVar("AnyNote", bound=Note)


class Notes(Generic[AnyNote]):
    """Notes of one kind, by connection and origin. Only Django keeps them.

    To look for them in all that a transaction has registered would take longer with each object that is deleted there.
    """

    def __init__(self) -> None:
        self._by_origin: WeakValueDictionary[tuple[int, int], WeakSet[AnyNote]] = WeakValueDictionary()

    def add(self, note: AnyNote, using: str) -> None:
        note.beside = found = self._by_origin.setdefault((id(connections[using]), id(note.origin)), WeakSet())
        found.add(note)
        transaction.on_commit(note, using=using)

    def of(self, origin: object, using: str) -> list[AnyNote]:
        """Those of this call in this transaction, in any order."""
        return list(self._by_origin.get((id(connections[using]), id(origin)), ()))
