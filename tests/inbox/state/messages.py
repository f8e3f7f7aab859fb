"""What happens to messages: they arrive, and the site writes them by plain ORM use; time, and what never happened."""

from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.timezone import timedelta
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from inbox import services
from inbox.models import Mailbox, event_types, ledger

from .reality import Reality, one, several, some
from .things import ACTS, MARKS, PURGE, SNOOZE, Note

KNOWN: dict[str, dict[str, str]] = {
    "comment": {"target_title": "Tea"},
    "mention": {"target_title": "Tea"},
    "follow": {},
    "system": {"title": "Hello"},
    "parcel": {"content": "tea"},  # of tests/inbox/abroad
}
COLUMNS = {name: columns for name, columns in KNOWN.items() if name in event_types()}
types = st.sampled_from(sorted(COLUMNS))
keys = st.none() | st.just("tea")
urls = st.sampled_from(["", "/tea", "/tea#last"])
SUBJECTS = ["shop.tea:1", "shop.tea:2"]
subject = st.sampled_from(SUBJECTS)
subjects = st.none() | subject
BUTTON = {"label": "Go", "url": "/go", "labels": {}}
more = st.fixed_dictionaries(
    {},
    optional={
        "target": subject,
        "topic": subject,
        "level": st.just("critical"),
        "buttons": st.lists(st.just(BUTTON), min_size=1, max_size=2),
    },
)
acts = st.sampled_from([*ACTS, "snooze"])
has_notes = precondition(lambda self: bool(self.world.notes))


def columns_of(type: str, more: dict[str, Any]) -> dict[str, Any]:
    """Only system messages have a level of their own."""
    return COLUMNS[type] | {name: value for name, value in more.items() if name != "level" or type == "system"}


def page_of(url: str) -> str:
    return url.partition("#")[0]


class Messages(Reality):
    def arrived(self, rows: list[Any], as_read: bool = False, as_is: bool = False, about: str | None = None) -> None:
        """Rows written, in the order of their arrival; `as_is` by somebody who knows nothing of what is unwanted, nor
        of threads. `about`: as the first of the same send, whatever their link is."""
        arriving = []
        for row in rows:
            unwanted = self.world.is_unwanted(row.recipient_id, row.event_type(), row.subject, row.level, self.now)
            assert (row.read_at is not None) == (as_read or (unwanted and not as_is))
            values = {name: getattr(row, name) for name in ("pk", "url", "subject", "level", *MARKS)}
            values |= {"key": row.dedupe_key, "send": row.send_id, "buttons": len(row.buttons or ())}
            self.world.arrivals += 1
            note = Note(**values, type=row.event_type(), owner=row.recipient_id, actor=row.actor_id)
            note.step, note.order, note.came_at = self.world.step, self.world.arrivals, row.created_at
            note.about = (page_of(row.url) if about is None else about) or note.ref
            arriving.append(note)
            self.touched.add(note.owner)
        if as_is:
            self.world.notes += arriving
        else:
            self.world.arrive(arriving)

    def fresh(self, model: Any, **which: Any) -> list[Any]:
        """The rows that the world does not have yet, in the order of their recipients."""
        known = {note.pk for note in self.world.notes if note.type == model.event_type()}
        rows = model.objects.filter(**which).exclude(pk__in=known)
        return sorted(rows, key=lambda row: row.recipient_id)

    def message(self, note: Note) -> Any:
        return event_types()[note.type].objects.get(pk=note.pk)

    def rows(self, notes: list[Note]) -> Any:
        """Queryset of those of the first one's type, and they."""
        same = [note for note in notes if note.type == notes[0].type]
        return event_types()[same[0].type].objects.filter(pk__in=[note.pk for note in same]), same

    def begin(self) -> None:
        super().begin()
        for url in ("/tea", ""):
            self.send([0, 1], "comment", 0, None, url, {"target": SUBJECTS[0]})

    # Arriving

    @rule(to=several, type=types, by=st.none() | one, key=keys, url=urls, more=more)
    def send(self, to: list[int], type: str, by: int | None, key: str | None, url: str, more: dict[str, Any]) -> None:
        """Its topic is also what it is about."""
        model, recipients, actor = event_types()[type], set(self.people(to)), None if by is None else self.person(by).pk
        everybody, columns = [*recipients, *recipients, self.nobody], columns_of(type, more)
        expected = recipients
        if topic := more.get("topic"):
            expected = (recipients | self.world.followers(topic)) - {actor}
        written = services.send(everybody, model, actor=actor, dedupe_key=key, url=url, **columns)
        rows = self.fresh(model)
        assert [row.recipient_id for row in rows] == sorted(expected)
        assert written == len(rows)
        self.arrived(rows)

    @has_notes
    @rule(which=one, type=types, by=st.none() | one, more=more)
    def reply(self, which: int, type: str, by: int | None, more: dict[str, Any]) -> None:
        """Into a thread that there is, whatever its owner has done with it."""
        note = self.pick(self.world.notes, which)
        owner = sorted(self.world.people).index(note.owner)
        self.send([owner], type, by, None, "" if note.about == note.ref else note.about, more)

    @rule(to=one, type=types, save=st.booleans(), is_read=st.booleans(), key=keys, url=urls, subject=subjects)
    def create(self, to: int, type: str, save: bool, is_read: bool, key: str | None, url: str, subject: Any) -> None:
        model, values = event_types()[type], {"read_at": self.now if is_read else None, "dedupe_key": key, "url": url}
        values["subject"] = subject
        row = model(recipient_id=self.person(to).pk, **values, **COLUMNS[type])
        if save:
            row.save()
        else:
            row = model.objects.create(recipient_id=row.recipient_id, **values, **COLUMNS[type])
        self.arrived([row], as_read=is_read)

    @rule(to=st.lists(st.tuples(one, keys, urls), max_size=5), type=types)
    def bulk_create(self, to: list[tuple[int, str | None, str]], type: str) -> None:
        model = event_types()[type]
        rows = [model(recipient_id=self.person(n).pk, dedupe_key=k, url=url, **COLUMNS[type]) for n, k, url in to]
        self.arrived(model.objects.bulk_create(rows))

    @rule(to=one, type=types, url=urls, read=st.none() | one)
    def write_as_an_older_release(self, to: int, type: str, url: str, read: int | None) -> None:
        """It advances versions, and knows nothing of threads: whoever reads next finds that they are stale."""
        model, pk = event_types()[type], self.person(to).pk
        rows: QuerySet[Any] = QuerySet(model)
        with transaction.atomic():
            Mailbox.objects.filter(pk=pk).update(version=F("version") + 1)
            ledger.announce([pk], None)
            seq = Mailbox.objects.get(pk=pk).version
            if read is not None and (mine := [note for note in self.world.notes if note.owner == pk]):
                note = self.pick(mine, read)
                note.set(read_at=note.read_at or self.now)
                QuerySet(event_types()[note.type]).filter(pk=note.pk).update(read_at=note.read_at)
                self.touched.add(pk)
            else:
                self.arrived(rows.bulk_create([model(recipient_id=pk, seq=seq, url=url, **COLUMNS[type])]), as_is=True)

    # Plain ORM

    @has_notes
    @rule(which=one, url=urls, act=acts)
    def save(self, which: int, url: str, act: str) -> None:
        note = self.pick(self.world.notes, which)
        row = self.message(note)
        if note.act(act, self.now) | note.set(url=url):
            self.touched.add(note.owner)
        for name in ("url", *MARKS):
            setattr(row, name, getattr(note, name))
        row.save()

    @has_notes
    @rule(
        which=some, values=st.sampled_from(["read", "unread", "link", "delete", "undelete", "star", "snooze", "wake"])
    )
    def update(self, which: list[int], values: str) -> None:
        if not (notes := self.notes(which)):
            return
        rows, notes = self.rows(notes)
        changes: dict[str, Any] = {
            "read": {"read_at": self.now},
            "unread": {"read_at": None, "archived_at": None},
            "link": {"url": "/tea"},
            "delete": {"deleted_at": self.now},
            "undelete": {"deleted_at": None},
            "star": {"starred_at": self.now},
            "snooze": {"snoozed_until": self.now + SNOOZE},
            "wake": {"snoozed_until": None},
        }[values]
        changed = [note for note in notes if note.set(**changes)]
        assert rows.update(**changes) == len(changed)
        self.touched |= {note.owner for note in changed}

    @has_notes
    @rule(which=some, acts=st.lists(acts, min_size=4, max_size=4), batch=st.sampled_from([None, 1]))
    def bulk_update(self, which: list[int], acts: list[str], batch: int | None) -> None:
        if not (notes := self.notes(which)):
            return
        queryset, notes = self.rows(notes)
        rows = {row.pk: row for row in queryset}
        for note, act in zip(notes, acts, strict=False):
            if note.act(act, self.now):
                self.touched.add(note.owner)
            for name in MARKS:
                setattr(rows[note.pk], name, getattr(note, name))
        queryset.model.objects.bulk_update(rows.values(), MARKS, batch_size=batch)

    @has_notes
    @rule(which=some, one_by_one=st.booleans())
    def remove(self, which: list[int], one_by_one: bool) -> None:
        """`delete()` of a row, or of a queryset as the admin's bulk delete does it."""
        if not (notes := self.notes(which)):
            return
        rows, notes = self.rows(notes)
        if one_by_one:
            for row in rows:
                row.delete()
        else:
            rows.delete()
        self.world.notes = [note for note in self.world.notes if note not in notes]
        self.touched |= {note.owner for note in notes if note.deleted_at is None}

    # Time, and what never happened

    @rule(minutes=st.sampled_from([1, 6, 6, 12]))
    def wait(self, minutes: int) -> None:
        self.time.shift(timedelta(minutes=minutes))

    @precondition(lambda self: any(note.deleted_at for note in self.world.notes))
    @rule()
    def purge(self) -> None:
        gone = [note for note in self.world.notes if note.deleted_at and note.deleted_at < self.now - PURGE]
        assert services.purge_deleted() == len(gone)
        self.world.notes = [note for note in self.world.notes if note not in gone]

    @precondition(lambda self: len(self.world.notes) > 5)
    @rule(keep=st.integers(2, 6))
    def retire(self, keep: int) -> None:
        """Retention by number: stars and snoozes are kept. Only of unread messages a badge has to be told."""
        for user in self.world.people:
            mine = [note for note in self.world.notes if note.owner == user and note.is_visible and not note.starred_at]
            gone = sorted(mine, key=lambda note: -note.order)[keep:]
            self.world.notes = [note for note in self.world.notes if note not in gone]
            told = any(note.is_unread for note in gone)
            (self.touched if told else self.silent).update({user} if gone else ())
        services.purge(days=0, keep=keep)

    @rule(to=some, who=one)
    def never_happened(self, to: list[int], who: int) -> None:
        """A transaction that is rolled back."""
        user = self.person(who).pk
        with transaction.atomic():
            services.bump_clock()
            services.send(self.people(to), event_types()["follow"])
            services.archive(user, list(self.world.shown(user)))
            services.mark_all_read(user, self.versions[user])
            transaction.set_rollback(True)
