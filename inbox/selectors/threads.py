"""Threads of the inbox, the last moved first: a page of headlines, and the items of one thread.

Threads are ordered by `rank`, broadcasts by the time of publication. The merge takes the newer one of the next thread
(`moved_at`) and the next broadcast, as on the pages of items.

The headline is one sentence: that of the newest message, about up to three actors ("Alice, Bob and 3 others commented
on …"). They are the distinct actors of the messages of the same type in the thread, the latest first.

The plain inbox view is read from the stored rows of threads. A filter chooses messages: then a thread is what is chosen
of it, counted anew, in its place and with its headline.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache, lru_cache
from itertools import islice
from typing import Any

from django.contrib.auth import get_user_model
from django.core import signing
from django.db import connections
from django.db.models import F, Value, Window
from django.db.models.functions import RowNumber
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ..core.choice import INBOX, Choice
from ..core.lookups import BEFORE, RECIPIENT, array
from ..core.snapshots import UserId
from ..core.sql import statements, unions
from ..core.sql.unions import Layout, Part, Values
from ..core.users import UserPk, user_pk
from ..errors import BadValue, NotFound
from ..models import Broadcast, Message, Thread, event_types, ledger, refs
from ..models.thread_counts import HIDING, ORDER
from ..rendering.bidi import is_rtl, isolated
from . import choosing
from .badges import version_of, versions
from .faces import name_of
from .items import Item, from_message, iso, title_of_several
from .moments import in_own_zone
from .pages import MAX_LIMIT, Cursor, Page, Shape, _broadcasts, _item, _next, item, load_actors, read
from .recorded import with_importance

SALT = "inbox.threads"
LOOKS = 3  # how often a page is read again because the mailbox has changed meanwhile
NAMED = 3  # actors of a headline
ACTED = 100  # messages whose actors are counted; beyond, the number of the others is not said
Row = Thread | Broadcast


@dataclass(frozen=True, slots=True)
class Headline:
    """A thread as one row. `title` is the sentence about all, `item` the newest message. Of a broadcast, the key is its
    ref. `items` and `unread` count what is chosen of the thread; without a filter, what the plain inbox view shows."""

    key: str
    title: str
    item: Item
    items: int
    unread: int
    moved_at: datetime

    def as_dict(self) -> dict[str, Any]:
        counts = {"items": self.items, "unread": self.unread}
        return {
            "key": self.key,
            "title": self.title,
            **counts,
            "moved_at": iso(self.moved_at),
            "newest": self.item.as_dict(),
        }


@dataclass(frozen=True, slots=True)
class ThreadPage:
    """`version` was read before the threads. `next` is the cursor of the next page, None on the last."""

    version: int
    threads: list[Headline]
    next: str | None


def thread_page(
    user: UserId, *, before: str | None = None, limit: int = 20, choice: Choice = INBOX, unread: bool = False
) -> ThreadPage:
    """One page of the threads with items of a choice, at most 100. `unread`: short for that of `choice`.

    If the mailbox changes meanwhile, the page is read again, three times at most. Raises BadValue for an invalid
    cursor, an unknown type, or a limit out of bounds.
    """
    choice = replace(choice, unread=choice.unread or unread)
    if not 1 <= limit <= MAX_LIMIT:
        raise BadValue(_("limit must be from 1 to %(most)d.") % {"most": MAX_LIMIT})
    choosing.check(choice)
    pk, cursor = user_pk(user), _decode(before)
    version = version_of(pk)
    for _look in range(LOOKS):
        page, read = _read(pk, cursor, limit, choice), version
        [version] = versions([pk]).values() or [read]
        if version == read:
            break
    return ThreadPage(read, *page)


def _read(pk: UserPk, cursor: Cursor, limit: int, choice: Choice) -> tuple[list[Headline], str | None]:
    chosen = None if choice == INBOX else Chosen(pk, choice, choosing.found(choice, pk))
    threads = chosen.threads(cursor.seq, limit + 1) if chosen else _threads(pk, cursor.seq, limit + 1)
    broadcasts = _broadcasts(pk, cursor, choice, limit + 1) if choice.includes(refs.BROADCAST) else []
    rows = list(islice(_last_moved_first(iter(threads), iter(broadcasts)), limit + 1))
    shown = rows[:limit]
    newest = _newest(pk, [row for row in shown if isinstance(row, Thread)], chosen)
    found = [_of_broadcast(row) if isinstance(row, Broadcast) else newest.get(row.key) for row in shown]
    headlines = [headline for headline in found if headline is not None]
    items = in_own_zone(pk, with_importance([headline.item for headline in headlines]))
    headlines = [
        headline if item is headline.item else replace(headline, item=item)
        for headline, item in zip(headlines, items, strict=True)
    ]
    return headlines, _encode(cursor, shown) if len(rows) > limit else None


def _threads(pk: UserPk, before: int | None, rows: int) -> list[Thread]:
    alias = ledger.alias()
    owner = Thread._meta.get_field("recipient").get_db_prep_value(pk, connections[alias])
    values: Values = {RECIPIENT: owner, BEFORE: before}
    return unions.read([(half, values) for half in _halves(alias, before is not None, rows)], rows)


@lru_cache(maxsize=1000)
def _halves(alias: str, has_cursor: bool, rows: int) -> list[Part]:
    """The first threads with unread messages, and the first without: each is in one of two indexes."""
    found = Thread.objects.using(alias).filter(recipient=Value(RECIPIENT)).order_by("-rank")
    if has_cursor:
        found = found.filter(rank__lt=Value(BEFORE))
    layout, columns = Layout(alias, [found], "rank"), [field.attname for field in Thread._meta.concrete_fields]
    return [Part(layout, half[:rows], columns) for half in (found.filter(unread__gt=0), found.filter(unread__lte=0))]


def _last_moved_first(threads: Iterator[Thread], broadcasts: Iterator[Broadcast]) -> Iterator[Row]:
    thread, broadcast = next(threads, None), next(broadcasts, None)
    while thread or broadcast:
        if broadcast and (thread is None or (broadcast.published_at or broadcast.created_at) >= thread.moved_at):
            yield broadcast
            broadcast = next(broadcasts, None)
        elif thread:
            yield thread
            thread = next(threads, None)


def _encode(cursor: Cursor, rows: Iterable[Row]) -> str:
    for row in rows:
        cursor = cursor.after(row) if isinstance(row, Broadcast) else replace(cursor, seq=row.rank)
    moment = cursor.published_at and cursor.published_at.isoformat()
    return signing.dumps([cursor.seq, moment, cursor.pk], salt=SALT)


def _decode(text: str | None) -> Cursor:
    if text is None:
        return Cursor()
    try:
        rank, moment, pk = signing.loads(text, salt=SALT)
    except (signing.BadSignature, ValueError) as error:
        raise BadValue(_("This is not a cursor that the inbox has handed out.")) from error
    return Cursor(rank, moment and parse_datetime(moment), pk)


def _of_broadcast(row: Broadcast) -> Headline:
    found = _item(row)
    return Headline(row.ref, found.title, found, 1, int(not found.read), found.created_at)


def _newest(pk: UserPk, threads: Sequence[Thread], chosen: Chosen | None) -> dict[str, Headline]:
    """The headlines of threads, by key. One is absent if its newest message is gone: the mailbox is stale, or the
    page is about to be read again."""
    seqs: dict[str, list[int]] = {}
    for thread in threads:
        seqs.setdefault(thread.type, []).append(thread.newest)
    types = event_types()
    keys = {types[name]: seqs[name] for name in sorted(seqs.keys() & types.keys())}
    found = {str(row.thread): row for row in read(Shape(None, has_keys=True), keys, pk)}
    several = [thread for thread in threads if thread.items > 1 and thread.key in found]
    actors = chosen.actors(several) if chosen else _actors(pk, several)
    named = {key for keys in actors.values() for key in keys[:NAMED]}
    people, within_rtl = load_actors(list(found.values()), named), is_rtl()
    names = {key: isolated(name, within_rtl) for key in named & people.keys() if (name := name_of(people[key]))}
    return {
        thread.key: _headline(thread, found[thread.key], actors.get(thread.key, []), names)
        for thread in threads
        if thread.key in found
    }


def _headline(thread: Thread, newest: Message, actors: Sequence[Any], names: Mapping[Any, str]) -> Headline:
    """`names` are those of actors by their keys, for use within a sentence."""
    found = from_message(newest)
    named = [names[key] for key in actors[:NAMED] if key in names]
    title = title_of_several(newest, _joined(named, len(actors), thread.items)) if len(named) > 1 else found.title
    return Headline(thread.key, title, found, thread.items, thread.unread, thread.moved_at)


def _joined(names: Sequence[str], actors: int, items: int) -> str:
    """The names of two or three actors, or those of two and how many others there are."""
    first, second, *third = names
    given: dict[str, object] = {"first": first, "second": second, "count": actors - 2}
    if actors <= len(names):
        if not third:
            return _("%(first)s and %(second)s") % given
        return _("%(first)s, %(second)s and %(third)s") % (given | {"third": third[0]})
    if items > ACTED:
        return _("%(first)s, %(second)s and others") % given
    several = ngettext(
        "%(first)s, %(second)s and %(count)d other", "%(first)s, %(second)s and %(count)d others", actors - 2
    )
    return several % given


def _actors(pk: UserPk, threads: Sequence[Thread]) -> dict[str, list[Any]]:
    """By thread, the distinct actors of its newest messages of its type, the latest first. One statement, which reads
    at most `ACTED` rows of each thread."""
    connection, params = connections[ledger.alias()], list[Any]()
    owner = Thread._meta.get_field("recipient").get_db_prep_value(pk, connection)
    parts = []
    for name in sorted({thread.type for thread in threads}):
        parts.append(_actors_sql(ledger.alias(), event_types()[name]))
        params += [owner, array(connection, [thread.key for thread in threads if thread.type == name])]
    if not parts:
        return {}
    found = statements.run(connection.alias, " UNION ALL ".join(parts), params)
    convert = get_user_model()._meta.pk.to_python
    return {
        thread: [convert(actor) for actor in dict.fromkeys(_loaded(actors)) if actor is not None]
        for thread, actors in found
    }


@cache
def _actors_sql(alias: str, model: type[Message]) -> str:
    """Parameters: the owner, and the keys of threads."""
    quote = connections[alias].ops.quote_name
    given, together = "json_each(%s) AS given", "json_group_array(acted.a)"
    if connections[alias].vendor == "postgresql":
        given, together = "unnest(%s::text[]) AS given(value)", "json_agg(acted.a)"
    shown = " AND ".join(f"{quote(name)} IS NULL" for name in HIDING)
    order = f"COALESCE({quote('since')}, {quote('seq')}) DESC, {quote('seq')} DESC"
    mine = f"{quote('recipient_id')} = %s AND {quote('thread')} = given.value AND {shown}"
    table = quote(model._meta.db_table)
    rows = f"SELECT {quote('actor_id')} AS a FROM {table} WHERE {mine} ORDER BY {order} LIMIT {ACTED}"
    return f"SELECT given.value, (SELECT {together} FROM ({rows}) acted) FROM {given}"


def _loaded(value: Any) -> list[Any]:
    return json.loads(value) if isinstance(value, str) else value or []


# Threads under a filter


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is chosen of a mailbox."""

    pk: UserPk
    choice: Choice
    found: choosing.Found

    def threads(self, before: int | None, rows: int) -> list[Thread]:
        return choosing.threads(self.choice, self.pk, self.found, before, rows)

    def actors(self, threads: Sequence[Thread]) -> dict[str, list[Any]]:
        """As `_actors`, of the chosen messages. One statement for each type."""
        latest = Window(RowNumber(), partition_by=F("thread"), order_by=[ORDER.desc(), F("seq").desc()])
        found: dict[str, dict[Any, None]] = {}
        for name in dict.fromkeys(thread.type for thread in threads):
            keys = [thread.key for thread in threads if thread.type == name]
            all_rows = choosing.messages(self.choice, event_types()[name], self.pk).order_by()
            rows = choosing.having(self.found, all_rows, name).filter(thread__in=keys)
            ranked = rows.annotate(_place=latest).filter(_place__lte=ACTED).order_by("thread", "_place")
            for key, actor in ranked.values_list("thread", "actor"):
                found.setdefault(key, {})[actor] = None
        return {key: [actor for actor in actors if actor is not None] for key, actors in found.items()}


# The items of one thread


def thread_items(user: UserId, key: str, *, before: str | None = None, limit: int = 20) -> Page:
    """One page of the items of a thread, newest first, as the plain inbox view shows them.

    Raises NotFound if there is no such thread, and BadValue as `inbox_page`.
    """
    if not 1 <= limit <= MAX_LIMIT:
        raise BadValue(_("limit must be from 1 to %(most)d.") % {"most": MAX_LIMIT})
    cursor, pk = Cursor.decode(before), user_pk(user)
    version = version_of(pk)
    if key.startswith(f"{refs.BROADCAST}-"):
        found = item(user, key)
        if found.archived or found.snoozed_until is not None:
            raise NotFound(_("There is no such thread."))
        return Page(version, [found], None)
    shape = Shape(INBOX, limit + 1, has_cursor=cursor.seq is not None, in_thread=True)
    models = dict.fromkeys(event_types().values())
    rows = read(shape, models, pk, before=cursor.seq, thread=key, most=limit + 1)
    if not rows and cursor.seq is None:
        raise NotFound(_("There is no such thread."))
    load_actors(rows[:limit])
    items = with_importance([from_message(row) for row in rows[:limit]])
    return Page(version, items, _next(cursor, list[Any](rows), limit))
