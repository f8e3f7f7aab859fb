"""A deleted object takes with it what was about it, if its model is registered."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.contrib.auth.models import Group
from django.db import connection, models, transaction
from django.db.models.signals import post_delete, pre_delete
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inbox import services
from inbox.core.subjects import subject_of
from inbox.models import (
    CommentMessage,
    Correction,
    Following,
    LikeMessage,
    Mailbox,
    Send,
    Silence,
    SystemMessage,
    ledger,
)
from inbox.services import Order, sending
from inbox.services.corrections.together import recall_together
from inbox.signals import correction_queued

from .databases import postgres
from .own_tables import a_model, installed
from .people import people
from .rest import state
from .threads import Pause, beside

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.anywhere]


@pytest.fixture
def registered() -> Iterator[None]:
    services.register_target(Group)
    yield
    unregister(Group)


def unregister(*models: Any) -> None:
    for model in models:
        for signal in (pre_delete, post_delete):
            signal.disconnect(sender=model, dispatch_uid="inbox-target")


def about(group: Group, users: list[Any]) -> None:
    services.send(users, CommentMessage, target_title="Tea", excerpt="x", target=group)
    services.send(users, LikeMessage, target_title="Tea", target=group)


def all_corrected() -> list[Correction]:
    services.finish_corrections(timedelta(seconds=-1))
    return list(Correction.objects.order_by("pk"))


@pytest.mark.usefixtures("registered")
def test_what_was_about_it_is_recalled() -> None:
    users = people(3)
    gone, kept = (Group.objects.create(name=name) for name in ("tea", "coffee"))
    about(gone, users)
    about(kept, users)
    services.send(users, SystemMessage, title="about nothing")
    before = dict(Mailbox.objects.values_list("pk", "version"))
    Group.objects.filter(pk=gone.pk).delete()
    assert dict(Mailbox.objects.values_list("pk", "version")) == before  # the deletion itself writes no mailbox
    [done] = all_corrected()
    assert (done.status, done.found) == ("done", 6)
    assert CommentMessage.objects.count() == LikeMessage.objects.count() == SystemMessage.objects.count() == 3
    assert all(state(user).unread == 3 for user in users)
    assert all(now > before[pk] for pk, now in Mailbox.objects.values_list("pk", "version"))


@pytest.mark.usefixtures("registered")
def test_a_rolled_back_deletion_recalls_nothing() -> None:
    users, group = people(1), Group.objects.create(name="tea")
    about(group, users)
    with transaction.atomic():
        group.delete()
        transaction.set_rollback(True)
    assert all_corrected() == []
    assert CommentMessage.objects.count() == 1


@pytest.mark.usefixtures("registered")
def test_other_models_keep_their_fast_deletes() -> None:
    """One statement, without loading what it deletes; and nothing is recalled."""
    with installed(plain := a_model("Plain")):
        plain.objects.bulk_create(plain() for _ in range(3))
        services.send(people(1), CommentMessage, target_title="Tea", excerpt="x", target=plain.objects.latest("pk"))
        with CaptureQueriesContext(connection) as queries:
            plain.objects.all().delete()
        assert [query["sql"].split()[0] for query in queries if "plain" in query["sql"]] == ["DELETE"]
    assert all_corrected() == []
    assert CommentMessage.objects.count() == 1


@pytest.mark.usefixtures("registered")
def test_the_deletion_locks_no_mailbox() -> None:
    group = Group.objects.create(name="tea")
    about(group, people(1))
    with CaptureQueriesContext(connection) as queries:
        group.delete()
    tables = {Mailbox._meta.db_table, CommentMessage._meta.db_table}
    assert not [query["sql"] for query in queries if any(f'"{table}"' in query["sql"] for table in tables)]


@pytest.mark.usefixtures("registered")
def test_a_new_object_with_the_same_key_keeps_its_own() -> None:
    users, group = people(1), Group.objects.create(pk=77, name="tea")
    about(group, users)
    group.delete()
    about(Group.objects.create(pk=77, name="milk"), users)
    LikeMessage.objects.update(created_at=timezone.now() + timedelta(seconds=1))
    old = CommentMessage.objects.order_by("pk").first()
    assert old is not None
    all_corrected()
    assert not CommentMessage.objects.filter(pk=old.pk).exists()
    assert LikeMessage.objects.count() == 2


@pytest.mark.usefixtures("registered")
def test_a_new_object_with_the_same_key_keeps_what_is_not_written_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger.chunks, "__defaults__", (10,))
    monkeypatch.setattr(ledger, "CHUNK", 10)
    users, titles = people(25), ("of the old one", "of the new one")
    for title in titles:
        group = Group.objects.create(pk=77, name=title)
        services.start_sends([Order(services.draft(SystemMessage, title=title, target=group), users)])
        if title == titles[0]:
            group.delete()
    all_corrected()
    for send in Send.objects.all():
        while services.work_off(send.pk):
            pass
    assert list(SystemMessage.objects.values_list("title", flat=True)) == [titles[1]] * 25


@pytest.mark.usefixtures("registered")
def test_what_is_not_written_yet_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger.chunks, "__defaults__", (10,))
    monkeypatch.setattr(ledger, "CHUNK", 10)
    group = Group.objects.create(name="tea")
    [send] = services.start_sends([Order(services.draft(SystemMessage, title="Tea", target=group), people(25))])
    services.work_off(send.pk)
    assert Send.objects.get().subject == subject_of(group)
    group.delete()
    all_corrected()
    all_corrected()
    assert not services.work_off(send.pk)
    assert not SystemMessage.objects.exists()


@postgres
@pytest.mark.usefixtures("registered")
@pytest.mark.parametrize("how", ["send", "start_sends"])
def test_what_is_being_written_meanwhile_is_recalled_too(how: str) -> None:
    """The recall can't see it: it is not committed yet."""
    gone, [user] = Group.objects.create(name="tea"), people(1)
    message = services.draft(SystemMessage, title="Tea", target=gone)
    works = {
        "send": partial(services.send, [user], SystemMessage, title="Tea", target=gone),
        "start_sends": partial(services.start_sends, [Order(message, [user])]),
    }
    pause = Pause('INSERT INTO "inbox_thread"')
    with beside(pause.around(works[how])), pause:
        Group.objects.filter(pk=gone.pk).delete()
        assert all_corrected()[0].status == "done"
    assert {each.status for each in all_corrected()} == {"done"}
    assert not SystemMessage.objects.exists()
    assert state(user).unread == 0


@pytest.mark.usefixtures("registered")
def test_a_long_send_is_recalled_up_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger.chunks, "__defaults__", (2,))
    gone, users = Group.objects.create(name="tea"), people(3)
    subject = subject_of(gone)

    def delete_and_recall() -> None:
        if gone.pk is not None and SystemMessage.objects.exists():
            gone.delete()
            all_corrected()

    monkeypatch.setattr(sending, "let_others_write", delete_and_recall)
    services.send(users, SystemMessage, title="Tea", target=gone)
    assert SystemMessage.objects.filter(subject=subject).count() == 1
    all_corrected()
    assert not SystemMessage.objects.exists()


@pytest.mark.usefixtures("registered")
def test_what_is_sent_after_a_deletion_stays() -> None:
    """Such as that it was deleted."""
    gone, users = Group.objects.create(name="tea"), people(1)
    subject = subject_of(gone)
    gone.delete()
    all_corrected()
    services.send(users, SystemMessage, title="Tea is gone", target=subject)
    assert len(all_corrected()) == 1
    assert SystemMessage.objects.count() == 1


@pytest.mark.usefixtures("registered")
def test_many_are_recalled_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """In as many statements as a few. One with many messages, or with a new object, is left to its turn."""
    users = people(4)
    groups = [Group.objects.create(name=str(number)) for number in range(100)]
    large, *some = groups[:5]
    for number, group in enumerate(some):
        services.send(users[:number], LikeMessage, target_title="Tea", target=group)
    reader = LikeMessage.objects.filter(subject=subject_of(some[3])).first()
    assert reader is not None
    services.mark_read(reader.recipient_id, [reader.ref])
    services.silence(users[0], groups[-1])
    subjects, reused = [subject_of(group) for group in groups], groups[50].pk
    monkeypatch.setattr(ledger, "CHUNK", 120)
    LikeMessage.objects.bulk_create(LikeMessage(recipient_id=users[0], subject=subject_of(large)) for _ in range(121))
    Group.objects.filter(pk__in=[group.pk for group in groups]).delete()
    Group.objects.create(pk=reused, name="new")
    with CaptureQueriesContext(connection) as queries:
        recall_together(Correction.objects.earliest("pk").pk)
    assert len(queries) < 80
    assert not LikeMessage.objects.exclude(subject=subject_of(large)).exists()
    assert not Silence.objects.exists()
    left = Correction.objects.pending().order_by("pk")
    assert {each.subject for each in left} == {subjects[0], subjects[50]}
    correction_queued.connect(hear := lambda correction_id, **more: heard.append(correction_id))
    heard: list[int] = []
    recall_together(left[0].pk)
    correction_queued.disconnect(hear)
    assert heard == []  # who works on one of them would announce it again and again
    all_corrected()
    found = dict(Correction.objects.values_list("subject", "found"))
    assert [found[subject] for subject in subjects] == [121, 0, 1, 2, 3, *[0] * 95]
    assert dict(Correction.objects.filter(read=1).values_list("subject", "read")) == {subjects[4]: 1}
    assert {each.status for each in Correction.objects.all()} == {"done"}
    assert [state(user).unread for user in users] == [0] * 4


@pytest.mark.usefixtures("registered")
def test_many_at_once() -> None:
    """Thirty objects in one deletion: as many recalls, each for what was about it; queued together, told once."""
    users = people(2)
    Group.objects.bulk_create(Group(name=f"{n}") for n in range(30))
    for group in Group.objects.all()[:3]:
        about(group, users)
    heard: list[int] = []
    correction_queued.connect(hear := lambda correction_id, **more: heard.append(correction_id))
    with CaptureQueriesContext(connection) as queries:
        Group.objects.all().delete()
    assert len([query for query in queries if "INSERT INTO" in query["sql"] and "correction" in query["sql"]]) < 5
    assert heard == [Correction.objects.order_by("pk").values_list("pk", flat=True)[0]]
    for pk in heard:  # a worker does each that it is told of, and is told of the next
        while services.work_off_correction(pk):
            pass
    correction_queued.disconnect(hear)
    done = list(Correction.objects.all())
    assert ({each.status for each in done}, len(done), sum(each.found for each in done)) == ({"done"}, 30, 12)


# How it was deleted, and what it is


@contextmanager
def tables(*models: Any, register: Any) -> Iterator[None]:
    with installed(*models):
        services.register_target(register)
        try:
            yield
        finally:
            unregister(*apps.get_models())


def told_about(target: Any) -> str:
    """A message about it; returns its subject."""
    services.send(people(1), LikeMessage, target_title="Tea", target=target)
    return subject_of(target)


def recalled() -> set[str]:
    return {correction.subject for correction in all_corrected()}


def test_by_a_cascade() -> None:
    blog = a_model("Blog")
    post = a_model("Post", blog=models.ForeignKey(blog, models.CASCADE))
    with tables(blog, post, register=post):
        home = blog.objects.create()
        subjects = {told_about(post.objects.create(blog=home)) for _ in range(3)}
        home.delete()
        assert recalled() == subjects
    assert not LikeMessage.objects.exists()


@pytest.mark.parametrize("which", ["place", "tavern"])
@pytest.mark.parametrize("through", ["place", "tavern"])
def test_by_its_parent_or_its_child(which: str, through: str) -> None:
    """Of multi-table inheritance, either may be registered, and either may be deleted: both are gone."""
    place = a_model("Place")
    tavern = a_model("Tavern", place)
    kinds = {"place": place, "tavern": tavern}
    with tables(place, tavern, register=kinds[which]):
        tavern.objects.create()
        subject = told_about(kinds[which].objects.get())
        kinds[through].objects.all().delete()
        assert subject in recalled()
    assert not LikeMessage.objects.exists()


@pytest.mark.parametrize("register", ["note", "pinned"])
@pytest.mark.parametrize("delete", ["note", "pinned"])
def test_by_its_proxy_or_its_table(register: str, delete: str) -> None:
    note = a_model("Note")
    pinned = a_model("Pinned", note, meta={"proxy": True})
    kinds = {"note": note, "pinned": pinned}
    with tables(note, pinned, register=kinds[register]):
        subject = told_about(note.objects.create())
        kinds[delete].objects.all().delete()
        assert recalled() == {subject}
    assert not LikeMessage.objects.exists()


def columns_of(key: str) -> dict[str, Any]:
    if key == "uuid":
        return {"id": models.UUIDField(primary_key=True, default=uuid4)}
    if key == "text":
        return {"id": models.CharField(primary_key=True, max_length=50)}
    pair = {"a": models.IntegerField(), "b": models.CharField(max_length=9)}
    return {"pk": models.CompositePrimaryKey("a", "b"), **pair}


KEYS: dict[str, dict[str, Any]] = {"uuid": {}, "text": {"id": "a b: ü/“1”"}, "pair": {"a": 1, "b": "x"}}


@pytest.mark.parametrize("key", KEYS)
def test_whatever_its_key(key: str) -> None:
    """And a new object with the same key keeps its own messages."""
    thing = a_model("Thing", **columns_of(key))
    with tables(thing, register=thing):
        old = thing.objects.create(**KEYS[key])
        subject = told_about(old)
        new = thing(**{field.attname: getattr(old, field.attname) for field in thing._meta.concrete_fields})
        thing.objects.all().delete()
        new.save()
        services.send(people(1), CommentMessage, target_title="Tea", excerpt="x", target=new)
        assert recalled() == {subject}
    assert not LikeMessage.objects.exists()
    assert CommentMessage.objects.get().subject == subject


@pytest.mark.usefixtures("registered")
def test_a_savepoint_that_is_rolled_back() -> None:
    """Of several deletions in one transaction, also of the same queryset, those count that are committed."""
    kept, gone, later = (Group.objects.create(name=name) for name in ("tea", "coffee", "milk"))
    subjects = [told_about(group) for group in (kept, gone, later)]
    every = Group.objects.exclude(name="tea")
    with transaction.atomic():
        with transaction.atomic():
            Group.objects.all().delete()
            transaction.set_rollback(True)
        with pytest.raises(ZeroDivisionError), transaction.atomic(), raising_after(Group, "coffee"):
            every.delete()
        every.filter(name="coffee").delete()
        later.delete()
    assert recalled() == set(subjects[1:])
    assert [message.subject for message in LikeMessage.objects.all()] == subjects[:1]


class Unread(list[Any]):
    """What a transaction has registered; nobody may look through it."""

    def __iter__(self) -> Iterator[Any]:
        raise AssertionError("it grows with each object that is deleted in the transaction")


def test_one_by_one_in_one_transaction() -> None:
    """The last deletion takes no longer than the first."""
    thing = a_model("Thing")
    with tables(thing, register=thing):
        things = [thing.objects.create() for _ in range(3)]
        subjects = {told_about(each) for each in things}
        with transaction.atomic():
            connection.run_on_commit = Unread(connection.run_on_commit)
            for each in things:
                each.delete()
        assert recalled() == subjects


@contextmanager
def raising_after(model: Any, name: str) -> Iterator[None]:
    """The deletion of this one fails at its end."""

    def fail(instance: Any, **kwargs: Any) -> None:
        if instance.name == name:
            raise ZeroDivisionError

    post_delete.connect(fail, sender=model)
    yield
    post_delete.disconnect(fail, sender=model)


@pytest.mark.usefixtures("registered")
def test_a_receiver_that_deletes_another() -> None:
    """A deletion within a deletion: each is recalled."""
    outer, inner = (Group.objects.create(name=name) for name in ("outer", "inner"))
    subjects = {told_about(group) for group in (outer, inner)}

    def also(instance: Any, **kwargs: Any) -> None:
        if instance.name == "outer":
            Group.objects.filter(name="inner").delete()

    pre_delete.connect(also, sender=Group)
    Group.objects.filter(name="outer").delete()
    pre_delete.disconnect(also, sender=Group)
    assert recalled() == subjects


@pytest.mark.usefixtures("registered")
def test_a_signal_that_django_has_not_sent() -> None:
    """Some packages send it themselves, with or without the first one."""
    group = Group.objects.create(name="tea")
    subject = told_about(group)
    post_delete.send(Group, instance=group, using="default")
    assert recalled() == {subject}


# Who follows it, or has silenced it


@pytest.mark.usefixtures("registered")
def test_its_follows_and_silences_go_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not in the deletion; in batches; nobody's version advances. Those of others stay, and what is newer than it."""
    monkeypatch.setattr(ledger.chunks, "__defaults__", (10,))
    monkeypatch.setattr(ledger, "CHUNK", 10)
    users, [late] = people(24), people(1)
    ledger.ensure([*users, late])
    gone, kept = (Group.objects.create(name=name) for name in ("tea", "coffee"))
    for table in (Following, Silence):
        table.objects.bulk_create(
            table(mailbox_id=user, subject=subject_of(group)) for user in users for group in (gone, kept)
        )
    subject, before = subject_of(gone), dict(Mailbox.objects.values_list("pk", "version"))
    gone.delete()
    assert Following.objects.count() == Silence.objects.count() == 48
    Following.objects.create(mailbox_id=late, subject=subject)
    services.silence(users[0], subject)  # renews hers
    all_corrected()
    assert set(Following.objects.filter(subject=subject).values_list("mailbox", flat=True)) == {late}
    assert set(Silence.objects.filter(subject=subject).values_list("mailbox", flat=True)) == {users[0]}
    assert Following.objects.exclude(subject=subject).count() == Silence.objects.exclude(subject=subject).count() == 24
    assert dict(Mailbox.objects.values_list("pk", "version")) == before


def test_those_of_other_models_stay() -> None:
    """Nobody says that their keys are those of objects: a subject may be about something else."""
    [user], group = people(1), Group.objects.create(name="tea")
    services.silence(user, group)
    group.delete()
    assert all_corrected() == []
    assert Silence.objects.exists()
