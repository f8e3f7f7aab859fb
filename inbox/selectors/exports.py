"""A person's right of access (GDPR, article 15): all that the inbox holds about them, as JSON, a row at a time.

Of messages in other people's mailboxes, in which they act, they are told what was said and when, once for each time
that they said it, and not to whom: that is the others' business. A token's digest and the digests of ended sessions,
which name nobody, are left out.
"""

import json
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from django.contrib.auth import get_user_model
from django.core import serializers
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone
from django.utils.translation import gettext as _

from ..core import ledger
from ..core.snapshots import user_id
from ..core.users import user_pk
from ..errors import NotFound
from ..models import Broadcast, BroadcastReceipt, Mailbox, Message, MutedType, ServiceToken, event_types

FORMAT = 1  # raised when a reader of an older one would misunderstand
CHUNK = 1000  # rows in memory
COUNTERS = ("version", "audience_version", "is_staff")
TOKEN = ("name", "scopes", "created_at", "expires_at", "revoked_at", "last_used_at")


def export(user: Any) -> Iterator[str]:
    """Pieces of a JSON document (UTF-8, dates in ISO 8601), `FORMAT` in its `format`. NotFound for an unknown user."""
    model: Any = get_user_model()
    person = model._base_manager.using(ledger.alias()).filter(pk=user_pk(user)).first()
    if person is None:
        raise NotFound(_("There is no such user."))
    return _pieces(_document(person))


def _document(person: Any) -> dict[str, Any]:
    pk, types = person.pk, event_types()
    return {
        "format": FORMAT,
        "exported_at": timezone.now(),
        "user": {"id": user_id(pk), "name": person.get_username()},
        "mailbox": Mailbox.objects.filter(pk=pk).values(*COUNTERS).first(),
        "muted_types": list(MutedType.objects.filter(mailbox=pk).order_by("type").values_list("type", flat=True)),
        "service_tokens": _rows(ServiceToken.objects.filter(owner=pk).order_by("pk"), TOKEN),
        "broadcasts": _rows(Broadcast.objects.filter(author=pk).order_by("pk")),
        "receipts": _rows(BroadcastReceipt.objects.filter(recipient=pk).order_by("broadcast_id")),
        "messages": {name: _rows(model.objects.filter(recipient=pk).order_by("seq")) for name, model in types.items()},
        "said_to_others": {name: _said(model, pk) for name, model in types.items()},
    }


def _rows(rows: Any, fields: tuple[str, ...] | None = None) -> Iterator[dict[str, Any]]:
    """Each row's columns as Django serializes them, whatever columns a site's own type has."""
    for row in rows.iterator(chunk_size=CHUNK):
        [found] = serializers.serialize("python", [row], fields=fields)
        yield {"id": found["pk"], **found["fields"]}


def _said(model: type[Message], pk: Any) -> Iterator[dict[str, Any]]:
    """One to a thousand people is a thousand rows that say the same at the same time."""
    common = {field.name for field in Message._meta.get_fields()}
    own = [field.name for field in model._meta.concrete_fields if not (field.is_relation or field.primary_key)]
    fields = ("created_at", *(name for name in own if name not in common))
    rows = model.objects.filter(actor=pk).exclude(recipient=pk).order_by("created_at", "pk")
    for said, _copies in groupby(_without_id(row) for row in _rows(rows, fields)):
        yield said


def _without_id(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "id"}


def _pieces(value: Any) -> Iterator[str]:
    """JSON of what `value` holds, a line for each row of an iterator."""
    if isinstance(value, dict):
        yield "{"
        for comma, (name, inner) in zip(_commas(), value.items(), strict=False):
            yield f"{comma}{_text(name)}: "
            yield from _pieces(inner)
        yield "\n}"
    elif isinstance(value, Iterator):
        yield "["
        for comma, row in zip(_commas(), value, strict=False):
            yield f"{comma}{_text(row)}"
        yield "\n]"
    else:
        yield _text(value)


def _commas() -> Iterator[str]:
    yield "\n"
    while True:
        yield ",\n"


def _text(value: Any) -> str:
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False)
