"""Recalls about objects that were deleted together: those with few messages are carried out in one transaction."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import router, transaction
from django.db.models import Count, Q
from django.utils import timezone

from ...core.lookups import Among
from ...models import Correction, Following, Send, Silence, event_types, ledger
from ..deletions import announce
from .removal import Choices, Key, is_refused, remove
from .work import free_among, ready

BEGINNING = ":"  # a position before all messages: the recall is carried out alone, in their order
UNTOUCHED = Q(send=None, position="", attempts=0)
UNWRITTEN = Q(finished_at=None, failed_at=None), Q(finished_at=None, failed_at__isnull=False)  # as the indexes


def recall_together(pk: int) -> None:
    """Carry out recalls about deleted objects, from this one on, that have up to a thousand messages, follows and
    silences in all. Any number of workers may call it at the same time.

    What is left is carried out one by one: recalls with more messages; with sends that are not written yet; about
    objects whose keys are used again; and those of which a message can't be removed.
    """
    waiting = Correction.objects.filter(ready(), UNTOUCHED, pk__gte=pk).order_by("pk").values_list("pk", flat=True)
    pks = list(waiting[: ledger.CHUNK])
    todo, done = [pks] if pk in pks and len(pks) > 1 else [], 0
    while todo:
        part = todo.pop()
        try:
            done += _recall_all(part)
        except Exception as error:
            if not is_refused(error):
                raise
            if middle := len(part) // 2:
                todo += [part[middle:], part[:middle]]
            else:
                Correction.objects.filter(UNTOUCHED, pk=part[0]).update(position=BEGINNING)
    if done:  # else whoever works on one of them would announce it again and again
        _announce_first()


def _announce_first() -> None:
    for correction in Correction.objects.filter(ready(), send=None).order_by("pk")[:1]:
        announce(correction)


@ledger.retrying
def _recall_all(pks: Sequence[int]) -> int:
    """Returns how many."""
    with transaction.atomic(using=ledger.alias()):
        found = _few([each for each in free_among(pks) if each.send_id is None and not each.position])
        if not found:
            return 0
        remove(found, _messages(found), _choices(found))
        now = timezone.now()
        Correction.objects.filter(Among("pk", [each.pk for each in found])).update(finished_at=now, progress_at=now)
        Correction.objects.bulk_update([each for each in found if each.found], ["found", "read"], batch_size=100)
        return len(found)


def _few(corrections: Sequence[Correction]) -> list[Correction]:
    """The first of these that are carried out together."""
    first = {each.subject: each for each in reversed(corrections)}
    alone, sizes = _reused(first) | _unwritten(first), _sizes(first)
    found, room = [], ledger.CHUNK
    for each in corrections:
        if first[each.subject] is each and each.subject not in alone and sizes[each.subject] <= room:
            found.append(each)
            room -= sizes[each.subject]
    return found


def _sizes(subjects: Collection[str]) -> Counter[str]:
    """How many messages, follows and silences are about each."""
    sizes = Counter[str]()
    tables: list[Any] = [*event_types().values(), Following, Silence]
    for table in tables:
        rows = table.objects.filter(Among("subject", subjects)).order_by()
        sizes.update(dict(rows.values_list("subject").annotate(Count("pk"))))
    return sizes


def _unwritten(subjects: Collection[str]) -> set[str]:
    sends = [Send.objects.filter(each, Among("subject", subjects), is_linked=True) for each in UNWRITTEN]
    return {subject for rows in sends for subject in rows.values_list("subject", flat=True)}


def _reused(subjects: Iterable[str]) -> set[str]:
    """Those whose keys are keys of new objects, or may be (`batches.from_before`)."""
    by_model = defaultdict[str, dict[str, str]](dict)
    for subject in subjects:
        label, _colon, key = subject.partition(":")
        by_model[label][key] = subject
    return {subject for label, keys in by_model.items() for subject in _reused_in(label, keys)}


def _reused_in(label: str, subjects: dict[str, str]) -> Iterable[str]:
    """`subjects`: by the keys of their objects, as text."""
    try:
        model = apps.get_model(label)
        keys = {model._meta.pk.to_python(key): subject for key, subject in subjects.items()}
        rows = model._base_manager.using(router.db_for_write(model)).filter(pk__in=list(keys))
        return [keys[key] for key in rows.values_list("pk", flat=True)]
    except LookupError:
        return ()
    except (ValueError, TypeError, ValidationError):
        return subjects.values()


def _messages(corrections: Sequence[Correction]) -> list[Key]:
    about = Among("subject", [each.subject for each in corrections])
    tables = [(name, model.objects.filter(about).order_by()) for name, model in event_types().items()]
    return [Key(name, pk) for name, rows in tables for pk in rows.values_list("pk", flat=True)]


def _choices(corrections: Sequence[Correction]) -> Choices:
    """The follows and silences of each object from before its deletion."""
    until = {each.subject: each.created_at for each in corrections}
    found: Choices = []
    for table in (Following, Silence):
        rows: Any = table.objects.filter(Among("subject", until), created_at__lte=max(until.values())).order_by()
        pks = [pk for pk, subject, at in rows.values_list("pk", "subject", "created_at") if at <= until[subject]]
        if pks:
            found.append((rows, pks))
    return found
