"""Names that event types give: their public ones, and those of their indexes and constraints."""

import re
from hashlib import sha256
from typing import Any, ClassVar

from django.apps import apps

# As in refs (`comment-123`), the API and the columns that hold it. What other code keeps by type is told apart.
TYPE_NAME = re.compile(r"[a-z][a-z0-9_]{0,49}")
RESERVED = frozenset({"broadcast", "constructor"})  # a broadcast's refs; what every object of JavaScript has

MAX_INDEX_NAME = 30  # Django's own limit, in characters
MAX_CONSTRAINT_NAME = 63  # PostgreSQL's, in bytes
DIGITS = 8  # hexadecimal


class IndexName(str):
    """The name of an abstract model's index, `%(class)s_unread`, in which Django fills in the placeholders with `%`.

    What would be too long for a database ends in a digest; what is not stays as it always was.
    """

    __slots__ = ()
    most: ClassVar[int] = MAX_INDEX_NAME

    def __mod__(self, values: Any) -> str:
        name = super().__mod__(values)
        label = values["app_label"]
        if label != "inbox" and values["class"] in apps.all_models["inbox"] and not name.startswith(label):
            name = f"{label}_{name}"  # a database has one index of a name
        if len(name.encode()) <= self.most:
            return name
        digest = sha256(name.encode()).hexdigest()[:DIGITS]
        kept = name.encode()[: self.most - DIGITS - 1].decode(errors="ignore")
        return f"{kept}_{digest}"


class ConstraintName(IndexName):
    """The same for a constraint: `%(app_label)s_%(class)s_…`."""

    __slots__ = ()
    most = MAX_CONSTRAINT_NAME
