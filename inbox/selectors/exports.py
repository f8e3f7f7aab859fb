"""A person's right of access (GDPR, article 15): all that the inbox holds about a user, as JSON, row by row.

Messages in other people's mailboxes with this user as actor are exported without their recipients, because these are
personal data of others: what was said and when, once for each send. Digests of tokens and of ended sessions are left
out, because they identify nobody.
"""

import json
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from django.contrib.auth import get_user_model
from django.core import serializers
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from ..core.snapshots import user_id
from ..core.users import SiteUser, UserOrPk, UserPk, user_pk
from ..errors import NotFound
from ..models import (
    Broadcast,
    BroadcastApproval,
    BroadcastChange,
    BroadcastMember,
    BroadcastReceipt,
    BroadcastSeries,
    BroadcastTrial,
    ChosenLocale,
    Engagement,
    Following,
    Mailbox,
    Message,
    MutedType,
    ServiceToken,
    Silence,
    event_types,
    ledger,
)

FORMAT = 1  # to be increased when a reader of the older format would misunderstand the new one
CHUNK = 1000  # rows in memory
CHOSEN = ("language", "time_zone", "character_keys", "density")
COUNTERS = ("version", "audience_version", "is_staff", "born_clock", "seen_clock", "seen_version")
TOKEN = ("name", "scopes", "created_at", "expires_at", "revoked_at", "last_used_at")


def export(user: UserOrPk) -> Iterator[str]:
    """Pieces of a JSON document (UTF-8, dates in ISO 8601) whose `format` is `FORMAT`.

    Raises NotFound for an unknown user.
    """
    person = get_user_model()._base_manager.using(ledger.alias()).filter(pk=user_pk(user)).first()
    if person is None:
        raise NotFound(_("There is no such user."))
    return _pieces(_document(person))


def _document(person: SiteUser) -> dict[str, object]:
    pk, types = person.pk, event_types()
    return {
        "format": FORMAT,
        "exported_at": timezone.now(),
        "user": {"id": user_id(pk), "name": person.get_username()},
        "mailbox": Mailbox.objects.filter(pk=pk).values(*COUNTERS).first(),
        "muted_types": list(MutedType.objects.filter(mailbox=pk).order_by("type").values_list("type", flat=True)),
        "following": _rows(Following.objects.filter(mailbox=pk).order_by("pk"), ("subject", "created_at")),
        "silenced": _rows(Silence.objects.filter(mailbox=pk).order_by("pk"), ("subject", "until", "created_at")),
        "chosen_locale": ChosenLocale.objects.filter(mailbox=pk).values(*CHOSEN).first(),
        "service_tokens": _rows(ServiceToken.objects.filter(owner=pk).order_by("pk"), TOKEN),
        "broadcasts": _rows(Broadcast.objects.filter(author=pk).order_by("pk")),
        "broadcast_series": _rows(BroadcastSeries.objects.filter(author=pk).order_by("pk")),
        "broadcast_approvals": _rows(BroadcastApproval.objects.filter(by=pk).order_by("pk")),
        "broadcast_changes": _rows(BroadcastChange.objects.filter(by=pk).order_by("pk")),
        "broadcast_previews": _rows(BroadcastTrial.objects.filter(mailbox=pk)),
        "audiences": _rows(BroadcastMember.objects.filter(user=pk).order_by("pk")),
        "receipts": _rows(BroadcastReceipt.objects.filter(recipient=pk).order_by("broadcast_id")),
        "engagements": _rows(Engagement.objects.filter(user=pk).order_by("broadcast_id", "at")),
        "messages": {name: _rows(model.objects.filter(recipient=pk).order_by("seq")) for name, model in types.items()},
        "said_to_others": {name: _said(model, pk) for name, model in types.items()},
    }


def _rows(rows: QuerySet[Any], fields: tuple[str, ...] | None = None) -> Iterator[dict[str, object]]:
    """The columns of each row as Django serializes them, because a site's own event type may have any columns."""
    for row in rows.iterator(chunk_size=CHUNK):
        [found] = serializers.serialize("python", [row], fields=fields)
        yield {"id": found["pk"], **found["fields"]}


def _said(model: type[Message], pk: UserPk) -> Iterator[dict[str, object]]:
    """The messages to others, once for each send: a send to a thousand users writes a thousand rows with the same
    columns and the same time."""
    common = {field.name for field in Message._meta.get_fields()}
    own = [field.name for field in model._meta.concrete_fields if not (field.is_relation or field.primary_key)]
    fields = ("created_at", *(name for name in own if name not in common))
    rows = model.objects.filter(actor=pk).exclude(recipient=pk).order_by("created_at", "pk")
    for said, _copies in groupby(_without_id(row) for row in _rows(rows, fields)):
        yield said


def _without_id(row: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in row.items() if name != "id"}


def _pieces(value: object) -> Iterator[str]:
    """`value` as JSON, in pieces. An iterator becomes an array with one row a line."""
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


def _text(value: object) -> str:
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False)
