"""Sends of a service: written in parts by workers if they are large, recalled, and rewritten."""

from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from inbox import services
from inbox.errors import NotCorrectable
from inbox.models import Correction, Following, Send, Silence, event_types, ledger
from inbox.services.deletions import recall_subjects

from .messages import BUTTON, Messages, columns_of, keys, more, page_of, subject, types, urls
from .reality import one, several
from .things import Amendment, Dispatch, Note

has_sends = precondition(lambda self: bool(self.world.sends))
RETURNING = ("read_at", "archived_at", "snoozed_until")


class Sends(Messages):
    @rule(to=several, type=types, by=st.none() | one, key=keys, url=urls, more=more)
    def send_as_a_service(
        self, to: list[int], type: str, by: int | None, key: str | None, url: str, more: dict[str, Any]
    ) -> None:
        recipients, actor = sorted(self.people(to)), None if by is None else self.person(by).pk
        topic, target = more.get("topic", ""), more.get("target", more.get("topic"))
        columns = columns_of(type, {name: value for name, value in more.items() if name not in {"topic", "target"}})
        message = services.draft(event_types()[type], actor=actor, url=url, dedupe_key=key, target=target, **columns)
        [send] = services.start_sends([services.Order(message, recipients, topic=topic)])
        dispatch = Dispatch(send.pk, type, page_of(url), target, set(recipients), topic)
        if topic:
            dispatch.actor, dispatch.named = actor, dispatch.named - {actor}
            dispatch.steady = self.world.followers(topic) - {actor}
        self.world.sends.append(dispatch)
        self.written(dispatch)
        self.is_over(dispatch, Send.objects.get(pk=send.pk).finished_at is not None)

    def written(self, send: Dispatch) -> None:
        """Whatever of it there is now: nobody has it twice, and only who is to have it."""
        rows = self.fresh(event_types()[send.type], send_id=send.pk)
        now = [row.recipient_id for row in rows]
        assert len(now) <= ledger.CHUNK
        assert len({*now}) == len(now)
        assert not send.got & {*now}
        assert {*now} <= (send.named | self.world.followers(send.topic)) - ({send.actor} if send.topic else set())
        send.got |= {*now}
        self.arrived(rows, about=send.about)

    def is_over(self, send: Dispatch, is_over: bool) -> None:
        """Then all have it who are named, or have followed all the time."""
        send.is_over |= is_over
        assert not is_over or send.named | send.steady <= send.got

    @precondition(lambda self: any(not send.is_over for send in self.world.sends))
    @rule(which=one)
    def write_a_part(self, which: int) -> None:
        """As a worker does it."""
        send = self.pick([send for send in self.world.sends if not send.is_over], which)
        is_left = services.work_off(send.pk)
        self.written(send)
        self.is_over(send, not is_left)

    @has_sends
    @rule(which=one)
    def recall(self, which: int) -> None:
        """Once more, it has the same numbers."""
        send = self.pick(self.world.sends, which)
        found = services.recall(send.pk)
        self.recalled(send, found)

    def recalled(self, send: Dispatch, found: Correction) -> None:
        send.is_over = True
        if send.recalled is None:
            send.recalled = [0, 0]
            self.world.amendments.append(Amendment(found.pk, send=send.pk))
            self.remove_recalled(self.world.amendments[-1])
        self.settle(found.pk)

    def remove_recalled(self, amendment: Amendment) -> None:
        """Take from the world what is gone: nothing but copies, a part of them at a time."""
        copies = self.copies_of(amendment)
        left = {
            (name, pk) for name, model in event_types().items() for pk in model.objects.values_list("pk", flat=True)
        }
        gone = [note for note in copies if (note.type, note.pk) not in left]
        assert len(gone) <= ledger.CHUNK
        self.world.notes = [note for note in self.world.notes if note not in gone]
        for note in gone:
            self.world.meet("a recall of a snoozed one", note.snoozed_until)
            self.world.meet("a recall of a part of a thread", note.about in self.world.conversations(note.owner))
            if note.deleted_at is None:
                self.touched.add(note.owner)
                for send in self.world.sends:
                    if send.pk == amendment.send and send.recalled is not None:
                        send.recalled = [send.recalled[0] + 1, send.recalled[1] + bool(note.read_at)]

    def remove_choices(self, amendment: Amendment) -> None:
        """With what is about a deleted object go those of its follows and silences that were there then."""
        follows = set(Following.objects.values_list("mailbox_id", "subject"))
        silences = set(Silence.objects.values_list("mailbox_id", "subject"))
        gone = (self.world.follows - follows) | {
            key for key in self.world.silences.keys() - silences if self.world.is_silenced(*key, self.now)
        }
        together = self.done_after(amendment.pk)
        assert {about for _user, about in gone} <= {each.subject for each in (amendment, *together)}
        self.world.follows &= follows
        for key in gone - silences:
            self.world.silences.pop(key, None)
        self.world.note_unsteady()

    def copies_of(self, amendment: Amendment) -> list[Note]:
        if amendment.send is not None:
            return [note for note in self.world.notes if note.send == amendment.send]
        return [note for note in self.world.notes if note.subject == amendment.subject]

    def settle(self, pk: int) -> None:
        """What is done leaves nothing."""
        found = Correction.objects.get(pk=pk)
        assert found.attempts == 0
        if found.finished_at is None:
            return
        for amendment in [each for each in self.world.amendments if each.pk == pk]:
            self.world.amendments.remove(amendment)
            assert amendment.values is not None or not self.copies_of(amendment)
            for table in (Following, Silence):
                old = table.objects.filter(subject=amendment.subject, created_at__lte=found.created_at)
                assert amendment.subject is None or not old.exists()
        for send in self.world.sends:
            if send.pk == found.send_id and found.kind == "recall":
                assert [found.found, found.read] == send.recalled

    @rule(about=subject)
    def target_deleted(self, about: str) -> None:
        """All about it goes, also what is not written yet: once a worker has come to it."""
        recall_subjects([about])
        self.world.amendments.append(Amendment(Correction.objects.latest("pk").pk, subject=about))

    @has_sends
    @rule(which=one, url=st.none() | urls, buttons=st.none() | st.integers(0, 2), again=st.booleans())
    def rewrite(self, which: int, url: str | None, buttons: int | None, again: bool) -> None:
        send = self.pick(self.world.sends, which)
        columns = {} if url is None else {"url": url}
        columns |= {} if buttons is None else {"buttons": [BUTTON] * buttons}
        if send.recalled is not None:
            with pytest.raises(NotCorrectable):
                services.rewrite(send.pk, columns, again=again)
            return
        found = services.rewrite(send.pk, columns, again=again)
        values = ({} if url is None else {"url": url}) | (
            {} if buttons is None else {"buttons": buttons, "pressed": None}
        )
        amendment = Amendment(found.pk, send=send.pk, values=values, again=again)
        if not send.is_over:
            amendment.until = max((note.pk for note in self.copies_of(amendment)), default=None)
        self.world.amendments.append(amendment)
        self.world.sent_again |= {send.pk} if again else set()
        if found.status == "done" and (send.is_over or amendment.until is not None):
            self.rewrite_a_part(amendment)
        self.settle(found.pk)

    def rewrite_a_part(self, amendment: Amendment) -> None:
        copies = sorted(self.copies_of(amendment), key=lambda note: note.pk)
        if amendment.position is not None:
            copies = [note for note in copies if note.pk > amendment.position]
        if amendment.until is not None:
            copies = [note for note in copies if note.pk <= amendment.until]
        for note in copies[: ledger.CHUNK]:
            unwanted = self.world.is_unwanted(note.owner, note.type, note.subject, note.level, self.now)
            comes_again = amendment.again and note.deleted_at is None and not unwanted
            self.world.meet("a rewrite of a snoozed one", note.snoozed_until and not comes_again)
            self.world.meet("a rewrite ends its own snooze", note.snoozed_until and comes_again)
            self.world.meet("a rewrite returns an archived one", note.archived_at and comes_again)
            self.world.meet("a rewrite of a silenced one", unwanted and amendment.again)
            changed = note.set(**(amendment.values or {}), **(dict.fromkeys(RETURNING) if comes_again else {}))
            if comes_again:
                note.has_returned, note.back_by = True, "a rewrite"
                self.world.wake_thread(note, "a rewrite")
            amendment.position = note.pk
            if changed or comes_again:
                self.touched.add(note.owner)

    @precondition(lambda self: bool(self.world.amendments))
    @rule(which=one)
    def correct_a_part(self, which: int) -> None:
        """As a worker does it. Rewrites of one send follow one another."""
        amendment = self.pick(self.world.amendments, which)
        if amendment.subject is not None:
            unwritten = [send for send in self.world.sends if send.subject == amendment.subject and not send.is_over]
        else:
            unwritten = []
        earlier = [each for each in self.world.amendments if each.send == amendment.send and each.pk < amendment.pk]
        services.work_off_correction(amendment.pk)
        for send in unwritten:
            self.recalled(send, Correction.objects.get(send=send.pk, kind="recall"))
        if amendment.values is None:
            self.remove_recalled(amendment)
            self.remove_choices(amendment)
        elif not earlier:
            self.rewrite_a_part(amendment)
        self.settle(amendment.pk)
        if amendment.subject is not None:
            self.recalled_together(amendment.pk)

    def recalled_together(self, pk: int) -> None:
        """A worker that carries out this recall about a deleted object may have carried out later ones with it."""
        for each in self.done_after(pk):
            self.remove_recalled(each)
            self.remove_choices(each)
            self.settle(each.pk)

    def done_after(self, pk: int) -> list[Amendment]:
        """Those recalls about deleted objects that are done, and came after this one."""
        later = {each.pk: each for each in self.world.amendments if each.subject is not None and each.pk > pk}
        done = Correction.objects.filter(pk__in=later, finished_at__isnull=False).order_by("pk")
        return [later[each] for each in done.values_list("pk", flat=True)]


class Parts(Sends):
    """What is large is larger than two: sends and corrections are done in parts, and the world turns between them."""

    def __init__(self) -> None:
        super().__init__()
        self.stack.enter_context(patch.object(ledger, "CHUNK", 2))
        self.stack.enter_context(patch.object(ledger.chunks, "__defaults__", (2,)))
