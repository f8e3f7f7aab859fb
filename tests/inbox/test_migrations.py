"""Migrations that lock tables in use, give old rows new columns, or have to keep what was granted and seen."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Model

from inbox import selectors, services
from inbox.models import Broadcast, BroadcastReceipt, DeletedUser, LikeMessage, message_models

from .people import joined, live, newcomer, people, unread
from .rest import person

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(120)]
BEFORE = "0008_submissions"


def migrate(*target: str) -> None:
    call_command("migrate", "inbox", *target, verbosity=0)


@pytest.fixture
def before() -> Iterator[None]:
    """The tables as they were before `actor` lost its constraint."""
    try:
        migrate(BEFORE)
        yield
    finally:
        migrate()


def has_constraint(model: type[Model]) -> bool:
    with connection.cursor() as cursor:
        constraints = connection.introspection.get_constraints(cursor, model._meta.db_table).values()
    return any(constraint["foreign_key"] and constraint["columns"] == ["actor_id"] for constraint in constraints)


def failing(table: str) -> Any:
    """For `execute_wrapper`: the table cannot be locked."""

    def execute(run: Any, sql: str, *args: Any) -> Any:
        if re.search(f'(ALTER|DROP) TABLE "{table}"', sql):
            raise OperationalError("lock timeout")
        return run(sql, *args)

    return execute


@pytest.mark.usefixtures("before")
def test_dropping_the_constraints_locks_one_table_at_a_time() -> None:
    """One that cannot be locked leaves those before it done and itself as it was; the next run does the rest."""
    assert all(map(has_constraint, message_models()))
    with pytest.raises(OperationalError), connection.execute_wrapper(failing(LikeMessage._meta.db_table)):
        migrate()
    done = {model for model in message_models() if not has_constraint(model)}
    assert done
    assert LikeMessage not in done
    migrate()
    assert not any(map(has_constraint, message_models()))
    assert not DeletedUser.objects.exists()


@pytest.mark.anywhere
def test_who_could_publish_can_still_withdraw() -> None:
    """And nobody else. Permissions get the names that a new site gives them."""
    fresh = dict(Permission.objects.filter(content_type__app_label="inbox").values_list("codename", "name"))
    desk, ann, bob = Group.objects.create(name="desk"), person("ann"), person("bob")
    try:
        migrate("0012_announcements")
        ours = Permission.objects.filter(content_type__app_label="inbox")
        ours.filter(codename="withdraw_broadcast").delete()
        ours.filter(codename="add_broadcast").update(name="Can add broadcast")
        for permissions in (desk.permissions, ann.user_permissions):
            permissions.add(ours.get(codename="publish_broadcast"))
        bob.user_permissions.add(ours.get(codename="change_broadcast"))
    finally:
        migrate()
    withdraw = ours.get(codename="withdraw_broadcast")
    assert [*withdraw.group_set.all(), *withdraw.user_set.all()] == [desk, ann]
    assert dict(ours.values_list("codename", "name")) == fresh


def rows_of(name: str) -> list[dict[str, Any]]:
    """As the database has them now, whatever the models say."""
    apps = MigrationExecutor(connection).loader.project_state([("inbox", "0015_approvals")]).apps
    return list(apps.get_model("inbox", name).objects.order_by("pk").values())


def test_broadcasts_keep_their_state_and_receipts_what_was_read() -> None:
    user, other = people(2)
    read, archived, dismissed, unseen, over = (live(title=f"News {number}") for number in range(5))
    draft = Broadcast.objects.create(title="Draft", audience="staff")
    for act, broadcast in ((services.mark_read, read), (services.archive, archived), (services.delete, dismissed)):
        act(user, [broadcast.ref])
    services.withdraw(over)
    before, kept = selectors.snapshot(user), [rows_of(name) for name in ("Broadcast", "BroadcastReceipt")]
    try:
        migrate("0015_approvals")
        assert [rows_of(name) for name in ("Broadcast", "BroadcastReceipt")] == kept
    finally:
        migrate()
    assert [rows_of(name) for name in ("Broadcast", "BroadcastReceipt")] == kept
    assert selectors.snapshot(user) == before
    assert unread(user) == {unseen.ref}
    assert unread(other) == {each.ref for each in (read, archived, dismissed, unseen)}
    shape = ("revision", "again", "again_clock", "in_inbox", "as_banner", "as_dialog", "buttons")
    assert set(map(repr, Broadcast.objects.values_list(*shape))) == {"(1, 1, 0, True, False, False, [])"}
    receipts = BroadcastReceipt.objects.values_list("revision", "banner_closed_at", "confirmed_at")
    assert list(receipts) == [(1, None, None)] * 3
    assert Broadcast.objects.get(pk=draft.pk).state == "draft"
    services.change_broadcast(Broadcast.objects.get(pk=read.pk), {"title": "Newer"}, show_again=True)
    assert unread(user) == {unseen.ref, read.ref}


STATES = ("draft", "scheduled", "live", "expired", "withdrawn")
BEFORE_AIM = "0018_banners_for_visitors"
NOW = datetime(2030, 1, 1, tzinfo=UTC)


def test_broadcasts_keep_their_audiences_receipts_and_states() -> None:
    """Who registers after the migration, too; and they are in the order in which they came out."""
    [member, other], tea = people(2), Group.objects.create(name="tea")
    joined(member, tea)
    services.mend(users=[member, other])
    try:
        migrate(BEFORE_AIM)
        old = MigrationExecutor(connection).loader.project_state(("inbox", BEFORE_AIM)).apps
        rows = [(state, audience) for audience in ("everyone", "staff", "groups") for state in STATES]
        made = [old.get_model("inbox", "Broadcast")(**columns(n, *row)) for n, row in enumerate(rows)]
        old.get_model("inbox", "Broadcast").objects.bulk_create(made)
        for row in old.get_model("inbox", "Broadcast").objects.all():
            row.groups.set([tea.pk])
        old.get_model("inbox", "BroadcastClock").objects.update_or_create(pk=1, defaults={"value": 20})
        read = old.get_model("inbox", "Broadcast").objects.get(state="live", audience="everyone")
        receipts = old.get_model("inbox", "BroadcastReceipt").objects
        receipts.create(broadcast_id=read.pk, recipient_id=other, read_at=NOW, revision=1)
    finally:
        migrate()
    assert list(Broadcast.objects.order_by("pk").values_list("state", "audience")) == rows
    assert [unread(member), unread(other)] == [titled("live everyone", "live groups"), set()]
    assert unread(newcomer()) == titled("live everyone")
    services.mark_unread(other, [f"broadcast-{read.pk}"])
    assert unread(other) == titled("live everyone")
    published = Broadcast.objects.exclude(published_at=None).order_by("published_at")
    assert list(published.values_list("first_clock", flat=True)) == list(range(1, 1 + len(published)))
    assert not Broadcast.objects.filter(published_at=None).exclude(first_clock=None).exists()
    services.publish(Broadcast.objects.filter(state="draft").first())
    assert Broadcast.objects.order_by("first_clock").exclude(first_clock=None).last().first_clock == 21


def columns(n: int, state: str, audience: str) -> dict[str, Any]:
    """The newer, the earlier it came out; the clock has moved since."""
    moment = NOW - timedelta(days=n) if state in {"live", "expired", "withdrawn"} else None
    values = {"title": f"{state} {audience}", "state": state, "audience": audience, "published_at": moment}
    return values | {"clock": n, "publish_at": NOW + timedelta(days=999) if state == "scheduled" else None}


def titled(*titles: str) -> set[str]:
    return {row.ref for row in Broadcast.objects.filter(title__in=titles)}
