"""A read writes nothing and locks nothing; what it finds undone is reported, and mended elsewhere."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from inbox import selectors, services
from inbox.core.choice import Choice
from inbox.core.snapshots import CLOCK_UNIT
from inbox.models import AudienceFilter, Broadcast, CorrectionKind, Mailbox, ServiceToken

from .people import live, mend, people, undone
from .repeated import stopped
from .rest import Caller
from .scenes import Scene
from .services import service
from .test_sends import start

pytestmark = pytest.mark.django_db(transaction=True)
READS = re.compile(r"[\s(]*(SELECT|WITH|EXPLAIN|SAVEPOINT|RELEASE|ROLLBACK|SET|PRAGMA)\b", re.IGNORECASE)
LOCKS = re.compile(r"\bFOR (NO KEY )?(UPDATE|SHARE)\b|\bLOCK TABLE\b", re.IGNORECASE)


@contextmanager
def nothing_can_be_written() -> Iterator[None]:
    """Whoever tries to write, or to lock a row, finds it held by somebody else."""

    def refuse(execute: Any, sql: str, *args: Any) -> Any:
        if LOCKS.search(sql) or not READS.match(sql):
            raise OperationalError(f"this row is held by somebody else: {sql}")
        return execute(sql, *args)

    with connection.execute_wrapper(refuse):
        yield


@pytest.fixture
def undone_scene() -> Scene:
    """Much is undone: a broadcast is due to start and one to end, a user has no mailbox, another is staff unnoticed."""
    scene = Scene()
    soon, later = timezone.now() - timedelta(minutes=1), timezone.now() - timedelta(seconds=30)
    Broadcast.objects.create(title="Soon", state="scheduled", publish_at=soon)
    live(title="Over", expires_at=later)
    User.objects.filter(pk=scene.reader).update(is_staff=True)
    scene.banner = live(as_banner=True)
    scene.series = stopped(scene.actor)
    people(1, is_staff=True)
    shop = service()
    scene.token = shop
    scene.send = start(1)
    scene.send.token = ServiceToken.objects.get()
    scene.send.service, scene.send.key = scene.send.token.service, "order-77"
    scene.send.save(update_fields=["token", "service", "key"])
    return scene


SELECTORS: dict[str, Callable[[Scene], Any]] = {
    "announcement": lambda scene: selectors.announcement(scene.reader, scene.banner.ref),
    "announcements": lambda scene: selectors.announcements(scene.reader),
    "broadcast": lambda scene: selectors.broadcast(scene.broadcast.pk).title,
    "broadcasts_page": lambda scene: [row.pk for row in selectors.broadcasts_page().items],
    "chosen": lambda scene: selectors.chosen(scene.reader),
    "chosen_languages": lambda scene: selectors.chosen_languages([scene.reader]),
    "counts": lambda scene: selectors.counts(scene.broadcast),
    "effect": lambda scene: selectors.effect(scene.broadcast),
    "export": lambda scene: len(list(selectors.export(scene.reader))),
    "pressed": lambda scene: selectors.pressed(scene.send),
    "count_chosen": lambda scene: selectors.count_chosen(scene.reader, Choice(q="news")),
    "corrections": lambda scene: selectors.corrections(scene.send, CorrectionKind.RECALL),
    "failed_sends": lambda scene: selectors.failed_sends(),
    "filters_named": lambda scene: selectors.filters_named([1, "new here"]),
    "filters_page": lambda scene: selectors.filters_page().items,
    "following_page": lambda scene: selectors.following_page(scene.reader),
    "found_by": lambda scene: list(selectors.found_by([AudienceFilter(joined_before=timezone.localdate())])),
    "has_readers": lambda scene: selectors.has_readers(scene.broadcast),
    "thread_items": lambda scene: selectors.thread_items(scene.reader, scene.row.thread),
    "thread_page": lambda scene: selectors.thread_page(scene.reader),
    "inbox_page": lambda scene: selectors.inbox_page(scene.reader),
    "item": lambda scene: selectors.item(scene.reader, scene.row.ref),
    "may_see_effects": lambda scene: selectors.may_see_effects(scene.reader),
    "lets_follow": lambda scene: selectors.lets_follow(scene.reader, "blog.post:7"),
    "may_follow": lambda scene: selectors.may_follow([scene.reader], "blog.post:7"),
    "muted": lambda scene: selectors.muted(scene.reader),
    "newest": lambda scene: selectors.newest({scene.reader: 0}, "follow"),
    "objection": lambda scene: selectors.objection(scene.broadcast, scene.reader),
    "people_page": lambda scene: selectors.people_page(scene.broadcast.pk).items,
    "people": lambda scene: list(selectors.people(scene.broadcast, selectors.Who.READ, "user")),
    "people_on_lists": lambda scene: selectors.people_on_lists(scene.broadcast.pk, is_excluded=False),
    "people_who_read": lambda scene: selectors.people_who_read([scene.broadcast.pk]),
    "pending_sends": lambda scene: selectors.pending_sends(),
    "reach": lambda scene: selectors.reach(selectors.Aim("groups", [scene.group.pk])),
    "reach_of": lambda scene: selectors.reach_of([scene.broadcast]),
    "reader": lambda scene: selectors.reader(selectors.people(scene.broadcast, selectors.Who.AUDIENCE)[0]),
    "readers": lambda scene: selectors.readers([scene.broadcast]),
    "readers_of": lambda scene: list(selectors.readers_of(scene.broadcast, selectors.Who.READ)),
    "receipts_page": lambda scene: [row.pk for row in selectors.receipts_page(scene.broadcast.pk).items],
    "require_readers": lambda scene: selectors.require_readers(scene.broadcast),
    "send": lambda scene: selectors.send(scene.send.pk, scene.send.token).type,
    "send_by_key": lambda scene: selectors.send_by_key(scene.send.key, scene.send.token).type,
    "sends_by_key": lambda scene: selectors.sends_by_key([scene.send.key], scene.send.token),
    "series": lambda scene: selectors.series(scene.series.pk).rule,
    "series_page": lambda scene: [row.pk for row in selectors.series_page().items],
    "size_when_published": lambda scene: selectors.size_when_published(scene.broadcast),
    "snapshot": lambda scene: selectors.snapshot(scene.reader),
    "snapshots": lambda scene: selectors.snapshots(User.objects.values_list("pk", flat=True)),
    "silences_page": lambda scene: selectors.silences_page(scene.reader),
    "stance": lambda scene: selectors.stance(scene.reader, "blog.post:7"),
    "subject_names": lambda scene: selectors.subject_names(scene.reader, ["auth.group:1"]),
    "spans": lambda scene: selectors.spans(timezone.now() - timedelta(days=1), timezone.now() + timedelta(days=1)),
    "visitor_banners": lambda scene: selectors.visitor_banners(),
    "yet_to": lambda scene: selectors.yet_to(scene.broadcast),
    "versions": lambda scene: selectors.versions(User.objects.values_list("pk", flat=True)),
}
VALUES = {
    "DONE",
    "NOT_DONE",
    "Aim",
    "Announcement",
    "Announcements",
    "Chosen",
    "Effect",
    "Page",
    "PeopleOnList",
    "Reach",
    "Reader",
    "ReceiptsPage",
    "Span",
    "Stance",
    "SubjectName",
    "SubjectsPage",
    "VisitorBanner",
    "VisitorBanners",
    "Who",
}


def test_every_selector_is_asked() -> None:
    assert set(SELECTORS) | VALUES == set(selectors.__all__)


def test_a_selector_writes_nothing_and_locks_nothing(undone_scene: Scene) -> None:
    with nothing_can_be_written():
        found = {name: read(undone_scene) for name, read in SELECTORS.items()}
    for name, read in SELECTORS.items():
        assert (name, read(undone_scene)) == (name, found[name])


ADDRESSES = [
    "/api/v1/unread/",
    "/api/v1/inbox/",
    "/api/v1/inbox/{ref}/",
    "/api/v1/preferences/",
    "/api/v1/following/",
    "/api/v1/silences/",
    "/inbox/",
    "/inbox/preferences/",
    "/inbox/snooze/",
]
OF_SERVICES = ["sends/{send}/", "users/{user}/unread/", "broadcasts/", "broadcasts/{broadcast}/"]


def test_a_page_or_an_answer_of_the_api_needs_no_write(undone_scene: Scene) -> None:
    browser = Caller(User.objects.get(pk=undone_scene.reader)).client
    with nothing_can_be_written():
        answers = [browser.get(path.format(ref=undone_scene.row.ref)) for path in ADDRESSES]
    assert [answer.status_code for answer in answers] == [200] * len(ADDRESSES)


def test_a_service_that_reads_needs_no_write(undone_scene: Scene, caplog: Any) -> None:
    """Not even that its token was used: somebody may hold that row."""
    known = {"send": undone_scene.send.pk, "user": undone_scene.reader, "broadcast": undone_scene.broadcast.pk}
    shop = undone_scene.token
    with nothing_can_be_written():
        answers = [shop.get(path.format(**known)) for path in OF_SERVICES]
    assert [answer.status_code for answer in answers] == [200] * len(OF_SERVICES)
    assert ServiceToken.objects.get().last_used_at is None
    shop.get("broadcasts/")
    assert ServiceToken.objects.get().last_used_at is not None


# What is undone has a state of its own, until it is done


@pytest.mark.parametrize("is_staff", [False, True])
def test_a_user_without_a_mailbox_has_a_state(is_staff: bool) -> None:
    """That of nobody special: becoming staff, which their mailbox knows, is news and so a new version."""
    [user] = people(1, is_staff=is_staff)
    for audience in ("everyone", "staff"):
        live(audience=audience)
    with undone() as found:
        before = selectors.snapshot(user)
    assert found == [(False, (user,))]
    assert (before.version, before.by_type) == (2 * CLOCK_UNIT, {"broadcast": 1})
    assert selectors.versions([user]) == {user: before.version}
    assert not Mailbox.objects.exists()
    mend(user)
    after = selectors.snapshot(user)
    assert (after == before) is not is_staff
    assert after.unread == 1 + is_staff
    assert after.version == before.version + is_staff
    assert services.mark_all_read(user, before.version) == 1  # what came in reach later was not shown
    with undone() as found:
        selectors.snapshot(user)
    assert found == []


def test_a_mailbox_made_by_a_write_of_staff_has_a_version_that_nobody_saw() -> None:
    [user] = people(1, is_staff=True)
    live(audience="staff")
    before = selectors.snapshot(user)
    services.set_muted(user, ["like"])
    after = selectors.snapshot(user)
    assert (before.unread, after.unread) == (0, 1)
    assert after.version > before.version


def test_inside_a_transaction_it_is_reported_when_that_commits() -> None:
    [user] = people(1)
    with undone() as found:
        with transaction.atomic():
            selectors.snapshot(user)
            assert found == []
        assert found == [(False, (user,))]
    with undone() as found, transaction.atomic():
        selectors.snapshot(user)
        transaction.set_rollback(True)
    assert found == []
