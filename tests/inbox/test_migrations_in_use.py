"""Migrations of tables in use: what old processes write meanwhile stays, nobody waits for long, and a run that was
interrupted can be started again."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import NotSupportedError, OperationalError, connection, migrations, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.models import Index
from django.utils import timezone

from inbox import operations, selectors, services
from inbox.models import Following, FollowMessage, LikeMessage, Mailbox, Silence
from inbox.models.base import MailboxRow

from .databases import postgres
from .may_follow import a_site_that_lets_follow
from .people import people
from .threads import DEADLINE, beside, blocked, once_before

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(900),  # minutes on a busy machine
    pytest.mark.usefixtures("migrations_are_quick"),
]
BEFORE = "0031_visible_texts"
FIRST = 32  # earlier ones are of tables that were small
TABLE = FollowMessage._meta.db_table
STATEMENTS = ("ALTER TABLE.*follow.*thread", "CREATE INDEX.*followmessage_badge", "DROP INDEX.*followmessage_unread")


def migrate(*target: str) -> None:
    call_command("migrate", "inbox", *target, verbosity=0)


@contextmanager
def before() -> Iterator[Any]:
    """The database, and the models, as old processes have them; in the end the newest again."""
    try:
        migrate(BEFORE)
        yield models_before()
    finally:
        migrate()


def models_before() -> Any:
    return MigrationExecutor(connection).loader.project_state([("inbox", BEFORE)]).apps


def written(apps: Any, user: Any, *, read: int, unread: int) -> None:
    """By an old process: columns that it does not know are not named."""
    mailboxes = apps.get_model("inbox", "Mailbox").objects
    mailbox, _made = mailboxes.get_or_create(pk=user)
    follows = apps.get_model("inbox", "FollowMessage").objects
    first, moment = mailbox.version + 1, timezone.now()
    rows = [
        follows.model(recipient_id=user, seq=first + n, created_at=moment, read_at=moment if n < read else None)
        for n in range(read + unread)
    ]
    follows.bulk_create(rows)
    mailboxes.filter(pk=user).update(version=first + len(rows))


def indexes() -> dict[str, bool]:
    """Of the table of follows, without those of keys, each with whether it can be used."""
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, TABLE)
        named = [name for name, what in found.items() if what["index"] and name.startswith("follow")]
        if connection.vendor != "postgresql":
            return dict.fromkeys(named, True)
        cursor.execute("SELECT indexrelid::regclass::text, indisvalid FROM pg_index WHERE NOT indisvalid")
        broken = dict(cursor.fetchall())
    return {name: broken.get(name, True) for name in named}


def expected() -> dict[str, bool]:
    return {index.name: True for index in FollowMessage._meta.indexes}


def test_old_processes_write_while_a_run_is_interrupted_and_started_again() -> None:
    """Killed before each of the statements; old processes write before, between and after the runs."""
    user, other = people(2)

    def kill() -> None:
        raise OperationalError("killed")

    with before() as old:
        assert set(indexes()) == {"followmessage_unread", "followmessage_dedupe", "followmessage_bin"}
        written(old, user, read=3, unread=4)
        old.get_model("inbox", "Mailbox").objects.create(pk=other)
        for statement in STATEMENTS:
            with pytest.raises(OperationalError, match="killed"), once_before(statement, kill):
                migrate()
            assert indexes() != expected()
            written(old, other, read=1, unread=2)
        migrate()
        assert indexes() == expected()
        written(old, other, read=1, unread=2)
        follows = old.get_model("inbox", "FollowMessage").objects
        assert follows.filter(recipient=other, read_at=None).update(url="/old/") == 8
        follows.filter(recipient=user, read_at=None).first().delete()
    assert [selectors.snapshot(pk).unread for pk in (user, other)] == [3, 8]
    assert [len(selectors.inbox_page(pk).items) for pk in (user, other)] == [6, 12]


@contextmanager
def an_old_transaction(old: Any, user: Any) -> Iterator[Callable[[], None]]:
    """It has written a row, and commits when its end is called, or at the end of the body."""
    holding, may_go = Event(), Event()

    def hold() -> None:
        with transaction.atomic():
            written(old, user, read=0, unread=1)
            holding.set()
            assert may_go.wait(DEADLINE)

    with beside(hold):
        try:
            assert holding.wait(DEADLINE)
            yield may_go.set
        finally:
            may_go.set()


@postgres
def test_nobody_waits_behind_a_migration_that_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """An open transaction keeps the table: the migration tries again, and others write meanwhile.

    And an index that a build has left invalid, as it was ended while it waited for such a transaction, is built again.
    """
    user, other = people(2)
    monkeypatch.setattr(operations, "LOCK_SECONDS", 0.05)
    monkeypatch.setattr(operations, "PAUSE_SECONDS", 0.05)
    with before() as old:
        with an_old_transaction(old, user), connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '50ms'")
            with pytest.raises(OperationalError, match="lock timeout"):
                cursor.execute(f"CREATE INDEX CONCURRENTLY followmessage_badge ON {TABLE} (seq)")
            cursor.execute("RESET lock_timeout")
        assert indexes()["followmessage_badge"] is False
        old.get_model("inbox", "Mailbox").objects.create(pk=other)
        with an_old_transaction(old, user) as end, beside(migrate) as migrating:
            assert blocked(migrating)
            for _ in range(20):
                written(old, other, read=0, unread=1)
            assert not migrating.done()
            end()
    assert [selectors.snapshot(pk).unread for pk in (user, other)] == [2, 20]
    assert indexes() == expected()


@postgres
def test_others_write_while_an_index_is_built() -> None:
    """The build waits for an old transaction, without any limit, and nobody waits for the build."""
    user, other = people(2)
    old = models_before()
    old.get_model("inbox", "Mailbox").objects.create(pk=other)
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX followmessage_badge")

    def build() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '10ms'")
        add = operations.Concurrently([migrations.AddIndex("followmessage", index("followmessage_badge"))])
        state = MigrationExecutor(connection).loader.project_state()
        with connection.schema_editor(atomic=False) as editor:
            add.database_forwards("inbox", editor, state, state)
        with connection.cursor() as cursor:
            cursor.execute("SHOW lock_timeout")
            assert cursor.fetchone() == ("10ms",)

    with an_old_transaction(old, user) as end, beside(build) as building:
        assert blocked(building)
        written(old, other, read=0, unread=3)
        assert not building.done()
        end()
    assert indexes() == expected()
    assert selectors.snapshot(other).unread == 3


def index(name: str) -> Index:
    return next(each for each in FollowMessage._meta.indexes if each.name == name)


def test_in_a_transaction_they_refuse() -> None:
    """Else a migration without `atomic = False` would lock every table until its end."""
    state = MigrationLoader(connection).project_state()
    add = migrations.AddField("likemessage", "more", LikeMessage.url.field.clone())
    steps = [
        operations.Briefly([add]),
        operations.Concurrently([migrations.AddIndex("likemessage", Index(fields=["url"], name="more"))]),
    ]
    for step in steps:
        refused = pytest.raises(NotSupportedError, match="atomic = False")
        with connection.schema_editor(atomic=False) as editor, transaction.atomic(), refused:
            step.database_forwards("inbox", editor, state, state)


@pytest.mark.anywhere
def test_new_migrations_lock_no_large_table_for_long() -> None:
    """Each operation on a table with a row for each user, or more, is one of ours."""
    large = {model._meta.label_lower for model in apps.get_models() if issubclass(model, MailboxRow | Mailbox)}
    for (label, name), migration in sorted(MigrationLoader(None).disk_migrations.items()):
        if label != "inbox" or int(name[:4]) < FIRST:
            continue
        made = {each.name_lower for each in migration.operations if isinstance(each, migrations.CreateModel)}
        for each in migration.operations:
            model = getattr(each, "model_name_lower", "")  # ours have none
            too_long = f"inbox.{model}" in large and model not in made
            assert not too_long, f"{name}: {each.describe()}: wrap it in without_long_locks([…])"


def test_columns_have_a_default_in_the_database_or_may_be_null() -> None:
    """Old processes insert without them."""
    added = 0
    for (label, name), migration in MigrationLoader(None).disk_migrations.items():
        if label == "inbox" and int(name[:4]) >= FIRST:
            for step in migration.operations:
                for each in step.operations if isinstance(step, operations.Briefly) else [step]:
                    if isinstance(each, migrations.AddField):
                        added += 1
                        assert each.field.null or each.field.has_db_default(), f"{name}: {each.describe()}"
    assert added


def test_old_processes_can_delete_users() -> None:
    """They do not know the new tables, and nothing cascades to those. A constraint would refuse the deletion."""
    owners, found = {"inbox.mailbox", settings.AUTH_USER_MODEL.lower()}, 0
    for (label, name), migration in MigrationLoader(None).disk_migrations.items():
        if label == "inbox" and int(name[:4]) >= FIRST:
            for made in (each for each in migration.operations if isinstance(each, migrations.CreateModel)):
                for field_name, field in made.fields:
                    if field.remote_field and str(field.remote_field.model).lower() in owners:
                        found += 1
                        assert not field.db_constraint, f"{name}: {made.name}.{field_name}"
    assert found


def test_what_they_leave_of_deleted_users_is_purged() -> None:
    stays, goes = people(2)
    for user in (stays, goes):
        with a_site_that_lets_follow():
            services.follow(user, "blog.post:7")
        services.silence(user, "blog.post:7")
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {Mailbox._meta.db_table} WHERE user_id <> %s", [stays])
    services.purge()
    assert set(Following.objects.values_list("mailbox", flat=True)) == {stays}
    assert set(Silence.objects.values_list("mailbox", flat=True)) == {stays}
