"""What the tables say of every message and receipt, shown or not.

Each mark is compared to the moment: a list shows only whether there is one, and an undo has to restore that very one.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from inbox.models import BroadcastReceipt, Message

from .things import ACTED, MARKS, Marks, Note

OF_MESSAGES = (*MARKS, "pressed")
OF_RECEIPTS = {name: "banner_closed_at" if name == "closed_at" else name for name in ACTED if name != "pressed"}


def messages_are_stored(notes: Iterable[Note], rows: Iterable[Message]) -> None:
    """These and no others, with these marks."""
    expected = {note.ref: [getattr(note, name) for name in OF_MESSAGES] for note in notes}
    assert {row.ref: [getattr(row, name) for name in OF_MESSAGES] for row in rows} == expected


def receipts_are_stored(receipts: Mapping[tuple[int, Any], Marks]) -> None:
    """Those with marks that count: of one from before its broadcast was shown again, that is only the star."""
    expected = {key: _counting(vars(marks), marks.is_stale) for key, marks in receipts.items()}
    found = {}
    for row in BroadcastReceipt.objects.select_related("broadcast"):
        marks = {name: getattr(row, column) for name, column in OF_RECEIPTS.items()}
        found[row.broadcast_id, row.recipient_id] = _counting(marks, row.revision < row.broadcast.again)
    assert {key: marks for key, marks in found.items() if marks} == {
        key: marks for key, marks in expected.items() if marks
    }


def _counting(marks: Mapping[str, Any], is_stale: bool) -> dict[str, Any]:
    counting = ["starred_at"] if is_stale else OF_RECEIPTS
    return {name: marks[name] for name in counting if marks[name] is not None}
