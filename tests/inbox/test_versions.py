"""The content of a row changed if and only if its version did: for every field, by either of its names, in every way
in which Django writes."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import django
import pytest
from django.contrib.auth import get_user_model
from django.db import models
from hypothesis import given
from hypothesis import strategies as st

from inbox import services
from inbox.models import Broadcast, BroadcastClock, BroadcastReceipt, Mailbox, event_types

from .examples import examples
from .people import NOW, live, people
from .services import COLUMNS

pytestmark = pytest.mark.django_db

MODELS: list[Any] = [*event_types().values(), BroadcastReceipt, Broadcast]
SETTLED = {
    "recipient",
    "seq",
    "broadcast",
    "state",
    "clock",
    "published_at",
    "revision",
    "again",
    "again_clock",
    "series",
    "first_clock",
    "first_published_at",
}
FIELDS = [
    (model, field)
    for model in MODELS
    for field in model._meta.concrete_fields
    if not field.primary_key and field.name not in SETTLED
]
Write = Callable[[Any, str, Any], object]


def save_all(row: Any, name: str, value: Any) -> None:
    setattr(row, name, value)
    row.save()


def save_some(row: Any, name: str, value: Any) -> None:
    setattr(row, name, value)
    row.save(update_fields=[name])


def save_by_position(row: Any, name: str, value: Any) -> None:
    setattr(row, name, value)
    row.save(False, False, None, [name])


def save_other(row: Any, name: str, value: Any) -> None:
    """What is not among the `update_fields` is not written."""
    setattr(row, name, value)
    others = {"level"} if isinstance(row, Broadcast) else {"deleted_at", "read_at"}
    row.save(update_fields=sorted(others - {name})[:1])


def bulk_update(row: Any, name: str, value: Any) -> None:
    setattr(row, name, value)
    type(row).objects.bulk_update([row], [name])


def update(row: Any, name: str, value: Any) -> None:
    type(row).objects.filter(pk=row.pk).update(**{name: value})


def update_computed(row: Any, name: str, value: Any) -> None:
    field = row._meta.get_field(name)
    output = field.target_field if field.is_relation else field
    key = getattr(value, "pk", value)
    type(row).objects.filter(pk=row.pk).update(**{name: models.Value(key, output_field=output)})


def update_or_create(row: Any, name: str, value: Any) -> None:
    type(row).objects.update_or_create({name: value}, pk=row.pk)


IN_DJANGO_5 = pytest.mark.skipif(django.VERSION >= (6,), reason="Django 6 takes no arguments of save() by position")
WRITES: list[Write] = [
    save_all,
    save_some,
    pytest.param(save_by_position, marks=[IN_DJANGO_5, pytest.mark.filterwarnings("ignore::DeprecationWarning")]),  # type: ignore[list-item]
    save_other,
    bulk_update,
    update,
    update_computed,
    update_or_create,
]


def values_of(field: Any, someone: Any) -> st.SearchStrategy[Any]:
    """Few, so that the same value is often written again."""
    if field.is_relation:
        return st.sampled_from([None, someone])
    if isinstance(field, models.BooleanField):
        return st.booleans()
    if field.choices:
        return st.sampled_from([value for value, _label in field.flatchoices])
    if isinstance(field, models.DateTimeField):
        moments = [NOW, NOW + timedelta(days=1)]
        return st.sampled_from([*moments, None] if field.null else moments)
    if isinstance(field, models.JSONField):  # without None, which may be NULL or the JSON value null
        return st.sampled_from([[], [{"label": "Reply", "url": "/a"}]])
    if isinstance(field, models.IntegerField):
        return st.sampled_from([1, 2, None] if field.null else [1, 2])
    return st.sampled_from(["/a", "/b", None] if field.null else ["/a", "/b", ""])


class Before:
    """A row of each kind, what it holds, and the version of its owner."""

    def __init__(self, model: Any) -> None:
        self.reader, self.someone = people(2)
        if model is Broadcast:
            self.row: Any = live(as_banner=True, as_dialog=True)  # one place less is allowed
        elif model is BroadcastReceipt:
            services.mark_read(self.reader, [live().ref])
            self.row = BroadcastReceipt.objects.get(recipient=self.reader)
        else:
            services.send([self.reader], model, **COLUMNS[model.event_type()])
            self.row = model.objects.get(recipient=self.reader)
        self.stored, self.version = self.now()

    def now(self) -> tuple[dict[str, Any], int]:
        rows: Any = type(self.row).objects.filter(pk=self.row.pk)
        if isinstance(self.row, Broadcast):
            columns = [field.attname for field in self.row._meta.concrete_fields if field.name != "clock"]
            return rows.values(*columns).get(), BroadcastClock.objects.get().value
        return rows.values().get(), Mailbox.objects.get(pk=self.reader).version


@pytest.mark.parametrize("write", WRITES, ids=lambda write: write.__name__)
@examples(10)
@given(data=st.data())
def test_content_and_version_change_together(write: Write, data: st.DataObject) -> None:
    model, field = data.draw(st.sampled_from(FIELDS))
    before = Before(model)
    name = data.draw(st.sampled_from(sorted({field.name, field.attname})))
    value = data.draw(values_of(field, before.someone))
    if value is not None and field.is_relation and name == field.name:
        value = get_user_model()._base_manager.get(pk=value)
    if model is not Broadcast and field.name == "read_at" and value is None:
        before.row.archived_at = None
    if field.name == "archived_at" and value is not None:
        before.row.read_at = NOW
        type(before.row).objects.filter(pk=before.row.pk).update(read_at=NOW)
        before.stored, before.version = before.now()
    with suppress(NotImplementedError):  # refused
        write(before.row, name, value)
    stored, version = before.now()
    assert (stored != before.stored) == (version > before.version)
    assert version <= before.version + 1


def test_a_row_that_another_sets_to_null_or_takes_over_is_changed(django_user_model: Any) -> None:
    """Django's own writes, which go through the base manager."""
    [reader] = people(1)
    first, second = live(), live()
    services.mark_read(reader, [first.ref])
    before = Mailbox.objects.get(pk=reader).version
    second.receipts.add(BroadcastReceipt.objects.get())
    assert BroadcastReceipt.objects.get().broadcast == second
    assert Mailbox.objects.get(pk=reader).version == before + 1


def test_a_column_that_holds_another_form_of_what_it_is_given() -> None:
    [reader] = people(1)
    services.send([reader], event_types()["follow"])
    row: Any = event_types()["follow"].objects.get()
    row.created_at = row.created_at.isoformat()
    row.save()
    assert Mailbox.objects.get(pk=reader).version == 1


def test_an_upsert_of_broadcasts_is_refused() -> None:
    made = live()
    with pytest.raises(NotImplementedError):
        Broadcast.objects.bulk_create(
            [Broadcast(pk=made.pk, title="Quiet", state="draft")],
            update_conflicts=True,
            unique_fields=["id"],
            update_fields=["state"],
        )
