"""Sending: one message to any number of recipients, or many messages at once, in a few statements per thousand."""

import time
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F, Field, QuerySet
from django.db.models.expressions import DatabaseDefault
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import override

from ..core.lookups import Among, among, prepared
from ..core.subjects import Target, subject_of
from ..core.users import UserOrPk, UserPk, user_pk, user_pks
from ..errors import BadValue, SiteFunctionFailed
from ..models import Mailbox, Message, MutedType, Silence, ledger, thread_counts
from ..models.base import assign_versions
from ..models.message import clear_deleted_actors, is_anything_snoozed, wake_threads
from ..models.thread import key_of, own_key
from ..selectors import followers
from ..selectors.subjects.stances import may_follow
from .deletions import recalled_if_deleted
from .recipients import Recipient

# SQLite allows one writer at a time: a loop without pauses would starve all others.
SQLITE_PAUSE_SECONDS = 0.02
# The columns of every message that a sender can't set.
OURS = {
    *("recipient", "seq", "actor", "dedupe_key", "archived_at", "deleted_at", "since", "snoozed_until", "starred_at"),
    *("thread", "subject", "send_id", "pressed"),
}


def send(
    recipients: Iterable[UserOrPk],
    event_type: type[Message],
    *,
    actor: UserOrPk | None = None,
    url: str = "",
    dedupe_key: str | None = None,
    target: Target | None = None,
    buttons: Sequence[Mapping[str, object]] | None = None,
    topic: Target | None = None,
    **columns: object,
) -> int:
    """Write one message of `event_type` into each recipient's mailbox; returns how many were written.

    Recipients are users or their ids. Unknown ids are skipped; duplicates count once. Each chunk of 1,000 is a
    transaction of its own, unless the caller has one open. With a `dedupe_key`, the message replaces the recipient's
    unread messages of this type with the same key, and keeps their star. Raises BadValue for columns that the type does
    not allow.

    `buttons` are up to two links, {"label": …, "url": …}, with `labels` by language if there are any. A label that is a
    lazy translation is stored in every language of the site. `target` is what the message is about: an object or its
    subject. With a `topic`, the followers of that object get the message, too, and the actor does not: those who follow
    it when their part is written, and whom the site still lets follow it: if its function fails, none of that part. The
    topic is also the target, unless there is another one.
    """
    ids, about = sorted(set(user_pks(recipients))), topic if target is None else target
    message = draft(event_type, actor=actor, url=url, dedupe_key=dedupe_key, target=about, buttons=buttons, **columns)
    with recalled_if_deleted([message.subject]):
        return _send(ids, message) if topic is None else _send_to_followers(ids, message, subject_of(topic))


def _send(ids: Sequence[UserPk], message: Message) -> int:
    written = 0
    for chunk in ledger.chunks(ids):
        if written:
            let_others_write()
        written += _write_retrying(chunk, message)
    return written


def _send_to_followers(ids: Sequence[UserPk], message: Message, topic: str) -> int:
    named = frozenset(ids) - {message.actor_id}
    written = 0
    for part in _parts_of_topic(named, topic):
        if written:
            let_others_write()
        written += _write_what_may_be([pk for pk in part if pk != message.actor_id], message, topic, named)
    return written


def _write_what_may_be(ids: Sequence[UserPk], message: Message, topic: str, named: frozenset[UserPk]) -> int:
    """Write a part. If the site can't say who may follow the topic, nobody may; who is named gets it all the same."""
    try:
        return _write_part_retrying(ids, message, topic, named)
    except SiteFunctionFailed:  # before anything was written; it is logged
        return _write_retrying([pk for pk in ids if pk in named], message)


def _parts_of_topic(named: frozenset[UserPk], topic: str) -> Iterator[Sequence[UserPk]]:
    """The named recipients, and then each part of the other followers. In a caller's transaction, all of them sorted,
    because it keeps all locks until its end."""
    if ledger.in_transaction():
        yield from ledger.chunks(sorted({*named, *followers.all_followers(topic)}))
        return
    yield from ledger.chunks(sorted(named))
    for part in followers.parts(topic):
        yield [pk for pk in part if pk not in named]


def write_part(ids: Sequence[UserPk], message: Message, topic: str, named: Collection[UserPk]) -> int:
    """Write to up to 1,000 users in one transaction (or the caller's); returns how many messages.

    Of those who are not named, only those get it who may follow the topic, and do once their mailboxes are locked.
    Raises SiteFunctionFailed, before anything is written, if the site can't say who may.
    """
    others = may_follow([pk for pk in ids if pk not in named], topic)
    with ledger.locked([pk for pk in ids if pk in named or pk in others]) as found:
        following = followers.still_following(others, topic)
        return write([pk for pk in found if pk in named or pk in following], message)


def draft(
    event_type: type[Message],
    *,
    actor: UserOrPk | None = None,
    dedupe_key: str | None = None,
    target: Target | None = None,
    buttons: Sequence[Mapping[str, object]] | None = None,
    **columns: object,
) -> Message:
    """An unsaved message without a recipient. Raises BadValue for columns that the type does not allow."""
    require_columns(event_type, columns)
    actor_id = user_pk(actor) if actor is not None else None
    subject = subject_of(target) if target is not None else None
    stored = [stored_button(button) for button in buttons or ()] or None
    own = {"dedupe_key": dedupe_key or None, "subject": subject, "buttons": stored}
    message = event_type(actor_id=actor_id, **own, **columns)
    try:
        message.clean_fields(exclude={"recipient", "seq", "actor"})
    except ValidationError as error:
        raise BadValue("; ".join(f"{field}: {' '.join(said)}" for field, said in error.message_dict.items())) from error
    return message


def stored_button(button: Mapping[str, object]) -> Mapping[str, object]:
    """As it is stored, with its label in every language that is known. Validates nothing."""
    if not isinstance(button, Mapping):
        return button
    label, labels = button.get("label"), button.get("labels")
    if isinstance(label, Promise):
        if labels is None:
            labels = {code.lower(): _in_language(code, label) for code, _name in settings.LANGUAGES}
        label = _in_language(settings.LANGUAGE_CODE, label)
    return {**button, "label": label, "labels": {} if labels is None else labels}


def _in_language(code: str, text: Promise) -> str:
    with override(code):
        return str(text)


@dataclass(frozen=True, slots=True)
class Order:
    """A drafted message and its recipients, any number of them.

    `recipients` are primary keys of users, sorted and unique. `unknown` are the recipients that do not exist, as given.
    `key` is the name that the service gives to the send, if any. With a `topic`, its followers get the message, too,
    and the actor does not. `followers` are those of the recipients who get it only if they still follow the topic when
    it is written.
    """

    message: Message
    recipients: Sequence[UserPk]
    unknown: Sequence[Recipient] = ()
    key: str | None = None
    topic: str = ""
    followers: frozenset[UserPk] = frozenset()
    topic_is_read: bool = False  # all followers are among the recipients

    def without_former_followers(self) -> "Order":
        """Without those who no longer follow the topic. Lock the mailboxes first."""
        gone = self.followers - followers.still_following(self.followers, self.topic)
        return replace(self, recipients=[pk for pk in self.recipients if pk not in gone]) if gone else self


def write_orders(orders: Sequence[Order]) -> list[int]:
    """Write up to 1,000 messages in this order, in one transaction (or the caller's); returns how many of each order.

    The number of statements does not grow with the number of orders.
    """
    if not orders:
        return []
    if any(order.followers for order in orders):
        with ledger.locked(pk for order in orders for pk in order.recipients):
            return write_orders([replace(order.without_former_followers(), followers=frozenset()) for order in orders])
    if len(orders) == 1:
        return [write(orders[0].recipients, orders[0].message)]
    counts = Counter(pk for order in orders for pk in order.recipients)
    with ledger.locked(counts) as found:
        here = frozenset(found)
        rows = [copy_for(pk, order.message) for order in orders for pk in order.recipients if pk in here]
        assign_versions(rows, ledger.advance_each({pk: counts[pk] for pk in found}))
        _insert_each(rows)
        return [sum(pk in here for pk in order.recipients) for order in orders]


def _insert_each(rows: Sequence[Message]) -> None:
    for model in dict.fromkeys(type(row) for row in rows):
        arriving = _newest([row for row in rows if type(row) is model])
        ledger.announce(list(dict.fromkeys(row.recipient_id for row in arriving)), model.announced_as())
        model.objects.insert(arriving)


def _newest(rows: list[Message]) -> list[Message]:
    """Of rows with the same recipient and dedupe key only the last, because it would replace the others."""
    last = {(row.recipient_id, row.dedupe_key or id(row)): row for row in rows}
    return list(last.values())


def write(ids: Sequence[UserPk], message: Message) -> int:
    """Write a drafted message to up to 1,000 users, in one transaction (or the caller's); returns how many exist."""
    if message._meta.auto_field is None:
        return _write_one_by_one(ids, message)
    with ledger.advanced(ids, message.announced_as()) as found:
        if found:
            clear_deleted_actors([message])
            replaced = {(pk, message.dedupe_key) for pk in found if message.dedupe_key is not None}
            stars = message.delete_replaced(replaced)
            _insert(found, message)
            _keep_stars(message, {pk: starred_at for (pk, _key), starred_at in stars.items()})
            if name := message.lasting_thread_name():
                _wake(found, message, key_of(name))
        return len(found)


def _keep_stars(message: Message, stars: Mapping[UserPk, datetime]) -> None:
    """Star the messages that were just inserted in place of starred ones."""
    if not stars:
        return
    rows: QuerySet[Message] = QuerySet(type(message), using=ledger.alias())
    new = rows.filter(Among("recipient", stars), seq=F("recipient__mailbox__version")).only("pk", "recipient")
    starred = list(new.order_by())
    for row in starred:
        row.starred_at = stars[row.recipient_id]
    rows.bulk_update(starred, ["starred_at"], batch_size=100)


def _wake(ids: Sequence[UserPk], message: Message, key: str) -> None:
    """End the snoozes in the thread of the message, except where it arrived read."""
    if not is_anything_snoozed():
        return
    arrived = type(message).objects.unread().filter(Among("recipient", ids), thread=key)
    here = arrived.filter(seq=F("recipient__mailbox__version")).order_by()
    wake_threads({(pk, key) for pk in here.values_list("recipient_id", flat=True)})


_write_retrying = ledger.retrying(write)
_write_part_retrying = ledger.retrying(write_part)


def _write_one_by_one(ids: Sequence[UserPk], message: Message) -> int:
    """For primary keys that Python generates, such as UUIDs."""
    with ledger.locked(ids) as found:
        return len(type(message).objects.bulk_create([copy_for(pk, message) for pk in found]))


def copy_for(recipient_id: UserPk, message: Message) -> Message:
    """A copy of the drafted message for this recipient."""
    copy = deepcopy(message)
    copy.pk, copy.recipient_id = message._meta.pk.get_default(), recipient_id
    return copy


def _insert(ids: Sequence[UserPk], message: Message) -> None:
    """One INSERT … SELECT from the mailboxes: the version of each mailbox becomes the `seq` of its row. Counted.

    Sorted, because most indexes begin with the recipient: an eighth less CPU time on PostgreSQL.
    """
    connection = connections[ledger.alias()]
    quote = connection.ops.quote_name
    owner = quote("user_id")
    selected: dict[str, tuple[str, list[Any]]] = {"recipient_id": (owner, [])}
    selected["seq"] = quote("version"), []
    selected["thread"] = _thread_of(message, quote("version"))
    fields = [field for field in message._meta.concrete_fields if _is_given(field, message)]
    for field in fields:
        value = field.get_db_prep_save(field.pre_save(message, add=True), connection)
        selected.setdefault(field.attname, ("%s", [value]))
    if message.can_be_muted:
        selected["read_at"] = _read_if_unwanted(message, connection)
    keys = prepared(Mailbox._meta.pk, ids, connection)
    these, of_these = among(connection, owner, keys)
    columns = ", ".join(quote(str(field.column)) for field in fields)
    values = ", ".join(selected[field.attname][0] for field in fields)
    params = [param for field in fields for param in selected[field.attname][1]]
    table, mailboxes = quote(message._meta.db_table), quote(Mailbox._meta.db_table)
    sql = f"INSERT INTO {table} ({columns}) SELECT {values} FROM {mailboxes} WHERE {these} ORDER BY {owner}"
    thread_counts.insert_in_each(message.event_type(), type(message), sql, [*params, *of_these], ids)


def _thread_of(message: Message, version: str) -> tuple[str, list[Any]]:
    """SQL and parameters for the column `thread`."""
    if name := message.lasting_thread_name():
        return "%s", [key_of(name)]
    return f"'{own_key('')}' || {version}", []


def _is_given(field: "Field[Any, Any]", message: Message) -> bool:
    """Whether the value of the column comes from Python, and not from the database."""
    by_database = field.primary_key or field.generated
    return not by_database and not isinstance(getattr(message, field.attname), DatabaseDefault)


def _read_if_unwanted(message: Message, connection: BaseDatabaseWrapper) -> tuple[str, list[Any]]:
    """SQL and parameters for the column `read_at`: set if the mailbox has muted this type or silenced this subject."""
    quote = connection.ops.quote_name
    owned = f"{quote('mailbox_id')} = {quote(Mailbox._meta.db_table)}.{quote('user_id')}"
    conditions = [f"EXISTS (SELECT 1 FROM {quote(MutedType._meta.db_table)} WHERE {owned} AND {quote('type')} = %s)"]
    params: list[Any] = [message.event_type()]
    if message.subject is not None and message.can_be_silenced:
        until = quote("until")
        conditions.append(
            f"EXISTS (SELECT 1 FROM {quote(Silence._meta.db_table)} WHERE {owned} AND {quote('subject')} = %s"
            f" AND ({until} IS NULL OR {until} > %s))"
        )
        now = Silence._meta.get_field("until").get_db_prep_value(timezone.now(), connection)
        params += [message.subject, now]
    field = type(message).read_at.field
    moments = (message.read_at or message.created_at, message.read_at)
    read, unread = (field.get_db_prep_save(moment, connection) for moment in moments)
    return f"CASE WHEN {' OR '.join(conditions)} THEN %s ELSE %s END", [*params, read, unread]


def require_columns(event_type: type[Message], names: Iterable[str], *, ours: Collection[str] = OURS) -> None:
    """Raise BadValue for columns that the type does not have, or that a sender can't set (`ours`)."""
    fields = [field for field in event_type._meta.concrete_fields if not field.primary_key and field.name not in ours]
    if unknown := sorted(set(names) - {name for field in fields for name in (field.name, field.attname)}):
        raise BadValue(_("A %(type)s has no %(names)s.") % {"type": event_type.event_type(), "names": unknown})


def let_others_write() -> None:
    """Pause between two chunks if the database is SQLite."""
    connection = connections[ledger.alias()]
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        time.sleep(SQLITE_PAUSE_SECONDS)
