"""The items of a mailbox that a `Choice` is about: one set of conditions, for lists and for acts on many items, so that
what is changed is what was listed.

Words are no conditions in SQL. A search reads the texts of the chosen messages in the order of the list, and Python
looks for the words, until a page is full.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AbstractUser
from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import Case, CharField, F, IntegerField, Model, Q, QuerySet, Subquery, TextField, Value, When
from django.db.models.functions import Cast
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from ..core.choice import Choice
from ..core.folding import Lines, fold
from ..core.lookups import BEFORE, RECIPIENT, Among, Parameter
from ..core.snapshots import CLOCK_UNIT
from ..core.users import UserPk
from ..errors import BadValue, NotFound
from ..models import Broadcast, Mailbox, Message, Thread, audiences, event_types, ledger, refs
from ..models.actors import actor_name
from ..models.base import SNOOZED, VISIBLE, MailboxRowQuerySet
from ..models.thread_counts import ORDER
from .items import MARKS
from .recorded import recorded

Found = (
    Mapping[str, Collection[int]] | None
)  # by type, the `seq`s of messages with the words of a choice; None: no words

# Messages that the statements of a search read, one after the other: the first one is often enough. After the last one
# the search stops, and can go on: a page of it holds a worker for some tenths of a second at most.
SIZES = (200, 2000, *[5000] * 10)

_FIELD = re.compile(r"{[^{}]*}")
BEYOND = 2**63 - 1  # any rank is less
# The newest of the chosen messages of each thread, and how many there are.
THREADS = """
SELECT NULL AS {id}, thread AS {key}, of_thread AS {items}, unread_of_thread AS {unread}, _place AS {rank},
    moved AS {moved_at}, name AS {type}
FROM (
    SELECT counted.*, COALESCE(
        CASE WHEN stored.{moved_at} IS NOT NULL THEN stored.{moved_at} WHEN since IS NULL THEN created_at END,
        MAX(created_at) OVER (ORDER BY _place)
    ) AS moved
    FROM (
        SELECT chosen.*, COUNT(*) OVER together AS of_thread, SUM(_unread) OVER together AS unread_of_thread,
            ROW_NUMBER() OVER (together ORDER BY _place DESC) AS number
        FROM ({chosen}) chosen WINDOW together AS (PARTITION BY thread)
    ) counted
    LEFT JOIN {table} stored
        ON stored.{recipient} = %s AND stored.{key} = counted.thread AND stored.{rank} = counted._place
    WHERE number = 1
) dated
WHERE _place < %s ORDER BY _place DESC LIMIT %s
"""


def check(choice: Choice) -> None:
    """Raises BadValue for an unknown type."""
    if {*choice.types, *choice.not_types} - {refs.BROADCAST, *event_types()}:
        raise BadValue(_("There is no such type of message."))


def messages(choice: Choice, model: type[Message], owner: Any) -> MailboxRowQuerySet[Any]:
    """The chosen messages of one type, whatever words are in them. `owner` is a primary key, or an expression."""
    rows = model.objects.using(ledger.alias()).filter(SNOOZED if choice.snoozed else VISIBLE, recipient=owner)
    conditions = _marks(choice) & _times(choice, "created_at") & _importance(choice, model, model.event_type())
    for name in ("actor", "subject", "thread"):
        if (value := getattr(choice, name)) is not None:
            conditions &= Q(**{name: value})
    rows = rows.unread() if choice.unread and not choice.snoozed else rows
    return rows.filter(conditions)


def threads(choice: Choice, owner: UserPk, found: Found, before: int | None, rows: int) -> list[Thread]:
    """The chosen messages by thread, the last moved first: as rows of threads that count only what is chosen.

    One statement, which reads all chosen messages of the mailbox. When a message became unread again is stored only
    with the newest message of a thread. For others it is the latest arrival before that, so that the times have the
    order of the ranks, and no announcement waits behind an old message that has returned.
    """
    alias = ledger.alias()
    of_types = [
        part
        for name, model in event_types().items()
        if choice.includes(name) and (part := _ranked(name, having(found, messages(choice, model, owner), name), alias))
    ]
    if not of_types:
        return []
    quote, fields = connections[alias].ops.quote_name, {field.name: field for field in Thread._meta.concrete_fields}
    columns = {name: quote(str(field.column)) for name, field in fields.items()}
    chosen = " UNION ALL ".join(sql for sql, _params in of_types)
    params = [param for _sql, some in of_types for param in some]
    params += [fields["recipient"].get_db_prep_value(owner, connections[alias]), BEYOND if before is None else before]
    sql = THREADS.format(chosen=chosen, table=quote(Thread._meta.db_table), **columns)
    return list(Thread.objects.using(alias).raw(sql, [*params, rows]))


def _ranked(name: str, rows: QuerySet[Any], alias: str) -> tuple[str, list[Any]] | None:
    """SQL and parameters for what `THREADS` needs of the messages of one type; None if there can be none."""
    is_unread = Case(When(read_at=None, then=1), default=0)
    added = {"_place": ORDER * CLOCK_UNIT + F("seq"), "_unread": is_unread}  # names that no column of a site has
    columns = (
        rows.filter(thread__isnull=False)
        .order_by()
        .annotate(**added)
        .values_list("thread", "since", "created_at", *added)
    )
    try:
        sql, params = columns.query.get_compiler(alias).as_sql()
    except EmptyResultSet:
        return None
    return f"SELECT own.*, CAST(%s AS varchar(50)) AS name FROM ({sql}) own", [name, *params]


def broadcasts(choice: Choice, reader: Any) -> QuerySet[Broadcast]:
    """The chosen broadcasts, with the `MARKS` of the reader's receipt."""
    if choice.actor is not None or choice.subject is not None:
        return marked(Broadcast.objects.none(), reader)
    rows = marked(_reach(choice, reader), reader)
    if choice.thread is not None:
        rows = rows.filter(pk__in=_in_thread(choice.thread))
    rows = rows.filter(_marks(choice), _times(choice, "published_at"), _importance(choice, Broadcast, refs.BROADCAST))
    return rows.filter(pk__in=_with_words(choice, reader)) if choice.words else rows


def _in_thread(key: str) -> Collection[refs.RowPk]:
    """Each broadcast is a thread of its own, whose key is its ref."""
    with suppress(NotFound):
        return refs.parse([key]).get(refs.BROADCAST, ())
    return ()


def marked(rows: QuerySet[Broadcast], reader: Any) -> QuerySet[Broadcast]:
    """Broadcasts with the `MARKS` of the reader's receipt. A star stays when a broadcast is shown again."""
    counting, every = audiences.receipts(reader), audiences.every_receipt(reader)
    marks = {name: Subquery((every if name == "starred_at" else counting).values(name)) for name in MARKS}
    return rows.using(ledger.alias()).annotate(**marks)


def _reach(choice: Choice, reader: Any) -> QuerySet[Broadcast]:
    if choice.snoozed:
        return audiences.snoozed_for(reader)
    return audiences.unread_for(reader) if choice.unread else audiences.visible_for(reader)


def _marks(choice: Choice) -> Q:
    found = Q(read_at__isnull=False) if choice.read else Q()
    found &= Q(starred_at__isnull=False) if choice.starred else Q()
    if choice.archived or not (choice.starred or choice.snoozed):
        found &= Q(archived_at__isnull=not choice.archived)
    return found


def _importance(choice: Choice, model: type[Message] | type[Broadcast], name: str) -> Q:
    """The level is a column of the type, or one of all its items."""
    names = recorded().important if choice.important else (name,)
    if name in names:
        return Q()
    if "level" in {field.name for field in model._meta.concrete_fields}:
        return Q(level__in=names)
    return Q() if model.level in names else Q(pk__in=[])


def _times(choice: Choice, column: str) -> Q:
    since = Q(**{f"{column}__gte": choice.since}) if choice.since else Q()
    return since & (Q(**{f"{column}__lt": choice.until}) if choice.until else Q())


def text_columns(model: type[Model]) -> list[str]:
    """Columns whose text can be searched; not what is stored in another form (encrypted, for example)."""
    return [
        field.name
        for field in model._meta.concrete_fields
        if isinstance(field, CharField | TextField) and not hasattr(field, "from_db_value")
    ]


def _words_of(model: type[Model], *formats: str) -> str:
    """The words that every item of a type has, in the reader's language: “liked”, for example."""
    names = (model._meta.verbose_name, model._meta.verbose_name_plural)
    return fold("\n".join([*(_FIELD.sub("\n", text) for text in formats), *map(str, names)]))


def _with_words(choice: Choice, reader: Any) -> list[int]:
    """Keys of the broadcasts whose text has the words."""
    return [row.pk for row in saying(choice.words, _reach(choice, reader).using(ledger.alias()))]


def saying(words: Iterable[str], rows: Iterable[Broadcast]) -> Iterator[Broadcast]:
    """Those of these broadcasts whose text has the words, in the reader's language, which only Python chooses."""
    own_words, language = _words_of(Broadcast), get_language()
    wanted = [word for word in words if word not in own_words]
    for row in rows:
        text = row.text_in(language)
        folded = fold(f"{text.title}\n{text.body}")
        if all(word in folded for word in wanted):
            yield row


# Words


class Stopped(Exception):
    """A search has read all of its `SIZES`; the messages before this `seq` are left."""

    def __init__(self, seq: int) -> None:
        super().__init__(seq)
        self.seq = seq


# What a search sees of a message: the number of its type, its `seq`, its actor and its text. Plain tuples, as they come
# from the database: to make something of each takes as long as to read it.
Seen = tuple[Any, ...]


class Words:
    """Finds the messages that have all words of a choice: in the type's own columns, in the name of the actor as titles
    show it, or in what all messages of the type say. What else there is of a name could be guessed letter by letter."""

    def __init__(self, choice: Choice, types: Iterable[type[Message]]) -> None:
        """`types`: by their numbers."""
        self._words = choice.words
        own = [_words_of(model, str(model.title_format), str(model.body_format)) for model in types]
        self._wanted = [[word for word in choice.words if word not in text] for text in own]
        self._names: dict[Any, str] = {}  # folded, of the actors that were looked at

    def found(self, rows: Sequence[Seen]) -> list[Seen]:
        """Those of these messages, in their order. One statement, or none."""
        missing = [
            [word for word in wanted if word not in folded] if (wanted := self._wanted[number]) else wanted
            for number, folded in ((row[0], fold(row[3])) for row in rows)
        ]
        self._learn({row[2] for row, words in zip(rows, missing, strict=True) if words})
        named = {word: {actor for actor, name in self._names.items() if word in name} for word in self._words}
        anybody = set[Any]().union(*named.values())
        return [
            row
            for row, words in zip(rows, missing, strict=True)
            if not words or (row[2] in anybody and all(row[2] in named[word] for word in words))
        ]

    def _learn(self, actors: Collection[Any]) -> None:
        """However many users there are, only the names of these are read."""
        to_python = get_user_model()._meta.pk.to_python
        if new := {to_python(actor): actor for actor in {*actors} - {None, *self._names}}:
            self._names |= dict.fromkeys(new.values(), "")  # deleted ones
            users = get_user_model()._base_manager.using(ledger.alias()).filter(Among("pk", list(new)))
            self._names |= {new[pk]: fold(name) for pk, name in _names(users)}


def _names(users: QuerySet[Any]) -> Iterable[tuple[UserPk, str]]:
    """The names of users, as titles show them. Django's own are made of three columns, read without making users."""
    model = users.model
    own = getattr(model, "get_full_name", None), model.get_username
    has_names = {"first_name", "last_name"} <= {field.name for field in model._meta.concrete_fields}
    if not has_names or own != (AbstractUser.get_full_name, AbstractBaseUser.get_username):
        return [(user.pk, actor_name(user)) for user in users]
    rows = users.values_list("pk", "first_name", "last_name", model.USERNAME_FIELD)
    return [(pk, f"{first} {last}".strip() or name) for pk, first, last, name in rows]


def search(choice: Choice, types: tuple[str, ...], owner: UserPk, before: int | None) -> Iterator[list[Seen]]:
    """The messages of a choice with its words, the newest first, in batches of one statement over all types each.

    `types` are by their numbers. Raises Stopped after `MOST` messages.
    """
    words = Words(choice, [event_types()[name] for name in types])
    for size in SIZES:
        rows = _newest(choice, types, owner, before, size)
        yield words.found(rows)
        if len(rows) < size:
            return
        before = rows[-1][1]
    raise Stopped(before or 0)


def found(choice: Choice, owner: UserPk) -> Found:
    """All messages with the words of the choice, among the newest that a search reads."""
    if not choice.words:
        return None
    types = tuple(filter(choice.includes, event_types()))
    seqs: dict[str, list[int]] = {name: [] for name in types}
    with suppress(Stopped):
        for some in search(choice, types, owner, None):
            for number, seq, *_others in some:
                seqs[types[number]].append(seq)
    return seqs


def having(found: Found, rows: QuerySet[Any], type: str) -> QuerySet[Any]:
    """Those of these messages of one type that were found."""
    return rows if found is None else rows.filter(Among("seq", found[type]))


def _newest(choice: Choice, types: tuple[str, ...], owner: UserPk, before: int | None, size: int) -> list[Seen]:
    connection = connections[ledger.alias()]
    # What is important is decided by a setting of the moment; and two times are equal if only their `fold` differs.
    compiled = _compiled.__wrapped__ if choice.important or choice.since or choice.until else _compiled
    sql, params = compiled(connection.alias, choice.without_words, types, before is not None)
    if not sql:
        return []
    values = {RECIPIENT: Mailbox._meta.pk.get_db_prep_value(owner, connection), BEFORE: before}
    given = [values[param] if isinstance(param, Parameter) else param for param in params]
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} ORDER BY 2 DESC LIMIT {size}", given)
        found: list[Seen] = cursor.fetchall()
    return found


@lru_cache(maxsize=100)
def _compiled(alias: str, choice: Choice, names: Sequence[str], has_cursor: bool) -> tuple[str, list[Any]]:
    """The tables of these types as one, with what a search sees of their messages. Both databases read it in the order
    of `seq` by the indexes of the types, and no more of it than is asked for."""
    parts, params = list[str](), list[Any]()
    for number, name in enumerate(names):
        model = event_types()[name]
        rows = messages(choice, model, Value(RECIPIENT)).using(alias)
        rows = rows.filter(seq__lt=Value(BEFORE)) if has_cursor else rows
        with suppress(EmptyResultSet):
            sql, given = _seen(number, rows).query.get_compiler(alias).as_sql()
            parts.append(sql)
            params += given
    return " UNION ALL ".join(parts), params


def _seen(number: int, rows: QuerySet[Any]) -> QuerySet[Any, Any]:
    """What a search sees of these messages of the type with this number."""
    # Names that no column of a site has.
    added = rows.order_by().annotate(_number=Value(number, IntegerField()), _text=_text_of(rows.model))
    seen: QuerySet[Any, Any] = added.values_list("_number", "seq", "actor_id", "_text")
    return seen


def _text_of(model: type[Message]) -> Lines | Cast:
    """The type's own texts."""
    common = {field.name for field in Message._meta.fields}
    columns = [name for name in text_columns(model) if name not in common]
    return Lines(*columns) if columns else Cast(Value(""), TextField())


def first_with_words(
    choice: Choice, of_types: Mapping[str, QuerySet[Any]], limit: int
) -> tuple[dict[str, list[int]], int | None]:
    """The `seq`s of the first of these messages that have the words of the choice, by type; and the `seq` of the last
    one that was looked at, if the search has read all of its `SIZES`."""
    names, found, after = list(of_types), list[Seen](), -1
    words = Words(choice, [rows.model for rows in of_types.values()])
    parts = [_seen(number, rows) for number, rows in enumerate(of_types.values())]
    for size in SIZES:
        first, *others = [part.filter(seq__gt=after) for part in parts]
        read = list(first.union(*others, all=True).order_by("seq")[:size])
        found += words.found(read)
        if len(found) >= limit or len(read) < size:
            stopped = None
            break
        stopped = after = read[-1][1]
    seqs: dict[str, list[int]] = {}
    for number, seq, *_others in found[:limit]:
        seqs.setdefault(names[number], []).append(seq)
    return seqs, stopped
