"""Migrations that lock tables in use, give old rows new columns, or have to keep what was granted and seen."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Model

from inbox import selectors, services
from inbox.errors import NotFound
from inbox.models import (
    Broadcast,
    BroadcastReceipt,
    DeletedUser,
    LikeMessage,
    Mailbox,
    Send,
    Service,
    ServiceToken,
    message_models,
)

from .people import joined, live, newcomer, people, unread
from .rest import person
from .services import row_of

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(900),  # minutes on a busy machine
    pytest.mark.usefixtures("migrations_are_quick"),
]


def migrate(target: str | None = None) -> None:
    """Without what the command does besides, such as to make the permissions: it takes a sixth of the time."""
    executor = MigrationExecutor(connection)
    newest = [key for key in executor.loader.graph.leaf_nodes() if key[0] == "inbox"]
    executor.migrate([("inbox", target)] if target else newest)


def test_an_old_database_comes_through() -> None:
    """Each walk through the migrations takes ten seconds, so this one stops wherever something is to be seen."""
    fresh, desk, ann, bob = permissions(), Group.objects.create(name="desk"), person("ann"), person("bob")
    [member, other], tea = people(2), Group.objects.create(name="tea")
    joined(member, tea)
    services.mend(users=[member, other])
    marked = Marked(*people(2))
    try:
        marked.come_through(BEFORE_REVISIONS)
        migrate("0008_submissions")
        dropping_the_constraints_locks_one_table_at_a_time("0012_announcements")
        grant_as_before(desk, ann, bob)
        marked.come_through(BEFORE_REVISIONS)
        migrate(BEFORE_AIM)
        rows, read = broadcast_as_before(other, tea)
        migrate(BEFORE_SERVICES)
        send_as_before(ann, bob)
    finally:
        call_command("migrate", "inbox", verbosity=0)
    assert not DeletedUser.objects.exists()
    who_could_publish_can_still_withdraw(desk, ann, fresh)
    tokens_of_one_name_and_owner_are_one_service()
    broadcasts_keep_their_audiences_receipts_and_states(rows, read, member, other)
    marked.are_as_they_were()


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


def dropping_the_constraints_locks_one_table_at_a_time(target: str) -> None:
    """One that cannot be locked leaves those before it done and itself as it was; the next run does the rest."""
    assert all(map(has_constraint, message_models()))
    with pytest.raises(OperationalError), connection.execute_wrapper(failing(LikeMessage._meta.db_table)):
        migrate(target)
    done = {model for model in message_models() if not has_constraint(model)}
    assert done
    assert LikeMessage not in done
    migrate(target)
    assert not any(map(has_constraint, message_models()))


def permissions() -> dict[str, str]:
    return dict(Permission.objects.filter(content_type__app_label="inbox").values_list("codename", "name"))


def grant_as_before(desk: Group, ann: Any, bob: Any) -> None:
    """`desk` and `ann` may publish, and Bob may change: nobody had to be able to withdraw."""
    ours = Permission.objects.filter(content_type__app_label="inbox")
    ours.filter(codename="withdraw_broadcast").delete()
    ours.filter(codename="add_broadcast").update(name="Can add broadcast")
    for granted in (desk.permissions, ann.user_permissions):
        granted.add(ours.get(codename="publish_broadcast"))
    bob.user_permissions.add(ours.get(codename="change_broadcast"))


def who_could_publish_can_still_withdraw(desk: Group, ann: Any, fresh: dict[str, str]) -> None:
    """And nobody else. Permissions get the names that a new site gives them."""
    withdraw = Permission.objects.get(content_type__app_label="inbox", codename="withdraw_broadcast")
    assert [*withdraw.group_set.all(), *withdraw.user_set.all()] == [desk, ann]
    assert permissions() == fresh


STATES = ("draft", "scheduled", "live", "expired", "withdrawn")
BEFORE_REVISIONS, BEFORE_AIM = "0015_approvals", "0018_banners_for_visitors"
BEFORE_SERVICES = "0032_beyond_a_flat_list"
NOW = datetime(2030, 1, 1, tzinfo=UTC)


def models_of(name: str) -> Any:
    """The models after this migration."""
    return MigrationExecutor(connection).loader.project_state([("inbox", name)]).apps


def broadcast_as_before(other: int, tea: Group) -> tuple[list[tuple[str, str]], int]:
    """One for each state and audience, and the key of the one that has been read."""
    old = models_of(BEFORE_AIM)
    rows = [(state, audience) for audience in ("everyone", "staff", "groups") for state in STATES]
    made = [old.get_model("inbox", "Broadcast")(**columns(n, *row)) for n, row in enumerate(rows)]
    old.get_model("inbox", "Broadcast").objects.bulk_create(made)
    for row in made:
        row.groups.set([tea.pk])
    old.get_model("inbox", "BroadcastClock").objects.update_or_create(pk=1, defaults={"value": 20})
    read = old.get_model("inbox", "Broadcast").objects.get(title="live everyone").pk
    receipts = old.get_model("inbox", "BroadcastReceipt").objects
    receipts.create(broadcast_id=read, recipient_id=other, read_at=NOW, revision=1)
    return rows, read


def broadcasts_keep_their_audiences_receipts_and_states(
    rows: list[tuple[str, str]], read: int, member: int, other: int
) -> None:
    """Who registers after the migration, too; and they are in the order in which they came out."""
    made = Broadcast.objects.filter(title__in=[" ".join(row) for row in rows])
    ours = {each.ref for each in made}
    assert list(made.order_by("pk").values_list("state", "audience")) == rows
    assert [unread(member) & ours, unread(other) & ours] == [titled("live everyone", "live groups"), set()]
    assert unread(newcomer()) & ours == titled("live everyone")
    services.mark_unread(other, [f"broadcast-{read}"])
    assert unread(other) & ours == titled("live everyone")
    published = Broadcast.objects.exclude(published_at=None).order_by("published_at")
    assert list(published.values_list("first_clock", flat=True)) == list(range(1, 1 + len(published)))
    assert not Broadcast.objects.filter(published_at=None).exclude(first_clock=None).exists()
    services.publish(Broadcast.objects.get(title="draft everyone"))
    assert Broadcast.objects.order_by("first_clock").exclude(first_clock=None).last().first_clock == 21


def columns(n: int, state: str, audience: str) -> dict[str, Any]:
    """The newer, the earlier it came out; the clock has moved since."""
    moment = NOW - timedelta(days=n) if state in {"live", "expired", "withdrawn"} else None
    values = {"title": f"{state} {audience}", "state": state, "audience": audience, "published_at": moment}
    return values | {"clock": n, "publish_at": NOW + timedelta(days=999) if state == "scheduled" else None}


def titled(*titles: str) -> set[str]:
    return {row.ref for row in Broadcast.objects.filter(title__in=titles)}


def send_as_before(ann: Any, bob: Any) -> None:
    """With tokens of one name, of one owner and of two."""
    old = models_of(BEFORE_SERVICES)
    tokens, sends = old.get_model("inbox", "ServiceToken").objects, old.get_model("inbox", "Send").objects
    for n, (name, owner) in enumerate([("shop", ann), ("shop", bob), ("shop", ann), ("post", ann)]):
        token = tokens.create(name=name, owner_id=owner.pk, digest=str(n), scopes=["messages:read"])
        sends.create(token=token, type="follow")


def tokens_of_one_name_and_owner_are_one_service() -> None:
    """Those of another owner are not: they could not see these sends until now."""
    found = list(ServiceToken.objects.order_by("pk").values_list("service__name", flat=True))
    assert found == ["shop", "shop (bob)", "shop", "post"]
    first, others, rotated, _post = ServiceToken.objects.order_by("pk")
    sent = Send.objects.order_by("pk").first()
    assert sent is not None
    assert selectors.send(sent.pk, first).pk == selectors.send(sent.pk, rotated).pk == sent.pk
    with pytest.raises(NotFound):
        selectors.send(sent.pk, others)


class Marked:
    """Broadcasts that a user has read, archived, dismissed and not seen, one that is withdrawn, and a draft.

    They keep their state, and their receipts what was read.
    """

    def __init__(self, user: int, other: int) -> None:
        self.user, self.other = user, other
        self.read, archived, dismissed, self.unseen, over = (live(title=f"News {number}") for number in range(5))
        self.draft = Broadcast.objects.create(title="Draft", audience="staff")
        for act, broadcast in (
            (services.mark_read, self.read),
            (services.archive, archived),
            (services.delete, dismissed),
        ):
            act(user, [broadcast.ref])
        services.withdraw(over)
        self.refs = {each.ref for each in (self.read, archived, dismissed, self.unseen)}
        self.version, self.kept = Mailbox.objects.get(pk=user).version, self.rows()

    def rows(self) -> list[list[dict[str, Any]]]:
        """As the database has them now, whatever the models say."""
        old = models_of(BEFORE_REVISIONS)
        broadcasts = old.get_model("inbox", "Broadcast").objects.filter(pk__lte=self.draft.pk)
        receipts = old.get_model("inbox", "BroadcastReceipt").objects.filter(broadcast__lte=self.draft.pk)
        return [list(rows.order_by("pk").values()) for rows in (broadcasts, receipts)]

    def come_through(self, target: str) -> None:
        migrate(target)
        assert self.rows() == self.kept

    def are_as_they_were(self) -> None:
        assert self.rows() == self.kept
        assert Mailbox.objects.get(pk=self.user).version == self.version
        assert unread(self.user) & self.refs == {self.unseen.ref}
        assert unread(self.other) & self.refs == self.refs
        ours, shape = Broadcast.objects.filter(pk__lte=self.draft.pk), ("revision", "again", "again_clock")
        places = ("in_inbox", "as_banner", "as_dialog", "buttons")
        assert set(map(repr, ours.values_list(*shape, *places))) == {"(1, 1, 0, True, False, False, [])"}
        receipts = BroadcastReceipt.objects.filter(broadcast__in=ours)
        assert list(receipts.values_list("revision", "banner_closed_at", "confirmed_at")) == [(1, None, None)] * 3
        assert Broadcast.objects.get(pk=self.draft.pk).state == "draft"
        services.change_broadcast(Broadcast.objects.get(pk=self.read.pk), {"title": "Newer"}, show_again=True)
        assert unread(self.user) & self.refs == {self.unseen.ref, self.read.ref}


def test_a_token_of_an_old_process_gets_its_service_at_its_first_use() -> None:
    owner = person("ann")
    first, second, other = (services.create_token(name, owner, ["messages:read"]) for name in ("shop", "shop", "post"))
    ServiceToken.objects.filter(pk=row_of(second).pk).update(service=None)
    ServiceToken.objects.filter(pk=row_of(other).pk).update(service=None)
    Service.objects.filter(name="post").delete()  # an old process makes none
    used = [services.use_token(text) for text in (first, second, other)]
    assert [token.service.name for token in used if token and token.service] == ["shop", "shop", "post"]
    assert list(ServiceToken.objects.order_by("pk").values_list("service__name", flat=True)) == ["shop", "shop", "post"]
