"""Names of event types: their public names, and the names of their indexes and constraints."""

import re
from hashlib import sha256
from typing import Any, ClassVar

from django.apps import apps

# As it stands in refs (`comment-123`), in the API, and in columns.
TYPE_NAME = re.compile(r"[a-z][a-z0-9_]{0,49}")
RESERVED = frozenset({"broadcast", "constructor"})  # the refs of broadcasts; a member of every JavaScript object

MAX_INDEX_NAME = 30  # Django's own limit, in characters
MAX_CONSTRAINT_NAME = 63  # PostgreSQL's, in bytes
DIGITS = 8  # hexadecimal


class IndexName(str):
    """The name of an index of an abstract model, `%(class)s_unread`. Django fills in the placeholders with `%`.

    If a name is too long for a database, its end is replaced by a digest.
    """

    __slots__ = ()
    most: ClassVar[int] = MAX_INDEX_NAME

    def __mod__(self, values: Any) -> str:
        name = super().__mod__(values)
        label = values["app_label"]
        if label != "inbox" and values["class"] in apps.all_models["inbox"] and not name.startswith(label):
            name = f"{label}_{name}"  # names of indexes are unique in a database
        if len(name.encode()) <= self.most:
            return name
        digest = sha256(name.encode()).hexdigest()[:DIGITS]
        kept = name.encode()[: self.most - DIGITS - 1].decode(errors="ignore")
        return f"{kept}_{digest}"


class ConstraintName(IndexName):
    """The same for a constraint: `%(app_label)s_%(class)s_…`."""

    __slots__ = ()
    most = MAX_CONSTRAINT_NAME
