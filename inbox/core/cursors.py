"""Pages of lists that go by primary key, the newest first, and their cursors. They are signed."""

from typing import Any, TypeVar

from django.core import signing
from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _

from ..errors import BadValue

Row = TypeVar("Row", bound=Model)


def newest_first(rows: "QuerySet[Row, Row]", before: str | None, limit: int, salt: str) -> tuple[list[Row], str | None]:
    """One page of these rows, and the cursor of the next one, None on the last.

    Raises BadValue for a cursor that no list with this salt has handed out.
    """
    found = list(rows.filter(**_older(before, salt)).order_by("-pk")[: limit + 1])
    shown = found[:limit]
    return shown, signing.dumps(shown[-1].pk, salt=salt) if len(found) > limit else None


def _older(cursor: str | None, salt: str) -> dict[str, Any]:
    if cursor is None:
        return {}
    try:
        return {"pk__lt": signing.loads(cursor, salt=salt)}
    except (signing.BadSignature, ValueError) as error:
        raise BadValue(_("This is not a cursor that this list has handed out.")) from error
