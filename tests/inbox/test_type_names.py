"""The public names of event types: checked at start, and kept when a class is renamed."""

import json
from typing import Any

import pytest
from django.db import connection, models
from django.db.migrations.state import ModelState
from django.test.utils import isolate_apps

from inbox import selectors, services
from inbox.checks import event_types as type_checks
from inbox.core.choice import Choice
from inbox.core.names import ConstraintName, IndexName
from inbox.models import LikeMessage, Message, Send, event_types, ledger
from inbox.models.base import MailboxRowQuerySet
from inbox.services import Order

from .own_tables import a_model, installed
from .people import people, unread

pytestmark = [pytest.mark.urls("tests.inbox.urls"), pytest.mark.django_db]


def a_type(name: str, **attributes: Any) -> Any:
    """An event type of that class name, which only the test knows."""
    attributes |= {"__module__": __name__, "Meta": type("Meta", (Message.Meta,), {"app_label": "inbox"})}
    with isolate_apps("inbox"):
        return type(name, (Message,), attributes)


FINE = [
    ("OrderMessage", {}),
    ("OrderV2", {}),
    ("BroadcastMessage", {"inbox_type": "radio"}),
    ("ÉtéMessage", {"inbox_type": "ete"}),
]
UNFIT: list[tuple[str, dict[str, Any]]] = [
    ("BroadcastMessage", {}),
    ("ConstructorMessage", {}),
    ("LikeMessage", {}),  # another app's
    ("ThumbMessage", {"inbox_type": "like"}),
    ("ÉtéMessage", {}),
    ("Message", {}),
    ("A" + "b" * 50, {}),
    *(("ThumbMessage", {"inbox_type": name}) for name in ("a-b", "A", "1a", "a b", "_a", "a/b", "a\n", "a%s", "é")),
    ("ThumbMessage", {"inbox_type": models.CharField(max_length=9)}),
]


class Unfiltered(models.Manager["Message"]):
    """Of Django's own kind: its writes lock nothing."""


def group(on_delete: Any) -> Any:
    return models.ForeignKey("auth.Group", on_delete, null=True)


OTHERS: list[tuple[str, dict[str, Any]]] = [
    *(("E009", {name: models.CharField(max_length=9)}) for name in ("ref", "save", "render_title", "can_be_muted")),
    *(("E022", {name: models.CharField(max_length=9)}) for name in ("subject", "thread", "buttons", "dedupe_key")),
    ("E002", {"audience": models.CharField(max_length=9)}),
    ("E010", {"group": group(models.SET_DEFAULT)}),
    ("E012", {"objects": Unfiltered()}),
    ("E012", {"others": Unfiltered()}),
]


@pytest.mark.anywhere
class TestChecks:
    def check(self, monkeypatch: pytest.MonkeyPatch, *more: Any) -> list[Any]:
        found = [*event_types().values(), *more]
        monkeypatch.setattr(type_checks, "message_models", lambda: found)
        return type_checks.check_event_types()

    @pytest.mark.parametrize(("name", "attributes"), FINE)
    def test_names_that_will_do(self, name: str, attributes: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        assert self.check(monkeypatch, a_type(name, **attributes)) == []

    @pytest.mark.parametrize(("name", "attributes"), UNFIT)
    def test_names_that_will_not(self, name: str, attributes: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        error, *_shadows = self.check(monkeypatch, a_type(name, **attributes))
        assert error.id == "inbox.E005"
        assert error.msg.startswith(f"inbox.{name} has ")

    @pytest.mark.parametrize(("id", "attributes"), OTHERS, ids=lambda each: "".join(each))
    def test_types_that_would_fail_or_not_be_counted(
        self, id: str, attributes: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        [error] = self.check(monkeypatch, a_type("OrderMessage", **attributes))
        assert error.id == f"inbox.{id}"

    def test_rows_in_two_tables(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with isolate_apps("inbox"):
            meta = type("Meta", (), {"app_label": "inbox"})
            model = type("SpecialMessage", (LikeMessage,), {"__module__": __name__, "Meta": meta})
        assert [error.id for error in self.check(monkeypatch, model)] == ["inbox.E011"]

    def test_what_is_fine(self, monkeypatch: pytest.MonkeyPatch) -> None:
        own = MailboxRowQuerySet.as_manager()
        fields = {
            "url": models.CharField(max_length=900),
            "level": models.CharField(max_length=8),
            "group": group(models.SET_NULL),
            "objects": own,
        }
        assert self.check(monkeypatch, a_type("OrderMessage", **fields)) == []


@pytest.mark.parametrize("name", ["clock", "next_due", "user_is_staff", "version", "newest"])
def test_no_name_is_mistaken_for_a_column_of_ours(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LikeMessage, "inbox_type", name)
    [user] = people(1)
    services.send([user], LikeMessage, target_title="Tea")
    assert selectors.snapshot(user).by_type == {name: 1}
    assert unread(user) == {LikeMessage.objects.get().ref}
    assert list(selectors.newest({user: 0}, name)) == [user]


class TestRenaming:
    """LikeMessage was called ThumbMessage when these were written."""

    @pytest.fixture(autouse=True)
    def renamed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(LikeMessage, "inbox_type", "thumb")

    def test_acts_before_and_after(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """What was compiled for the one name is not used for the other one."""
        [user] = people(1)
        for name in ("thumb", "like"):
            monkeypatch.setattr(LikeMessage, "inbox_type", name)
            services.send([user], LikeMessage, target_title="Tea", target="app.tea:1")
            ref = f"{name}-{LikeMessage.objects.latest('pk').pk}"
            assert services.mark_read(user, [ref]) == 1
            services.mark_unread(user, [ref])
            assert services.mark_all_read(user, selectors.snapshot(user).version) == 1
            services.mark_unread(user, [ref])
            assert services.read_about(user, "app.tea:1", selectors.snapshot(user).version) == 1

    def test_refs_and_mutes(self) -> None:
        [user] = people(1)
        services.send([user], LikeMessage, target_title="Tea")
        ref = f"thumb-{LikeMessage.objects.get().pk}"
        assert unread(user) == {ref}
        assert services.mark_read(user, [ref]) == 1
        services.set_muted(user, ["thumb"])
        services.send([user], LikeMessage, target_title="Tea")
        assert unread(user) == set()

    def test_queued_sends(self, monkeypatch: pytest.MonkeyPatch) -> None:
        users = people(3)
        monkeypatch.setattr(ledger, "CHUNK", 2)
        [send] = services.start_sends([Order(services.draft(LikeMessage, target_title="Tea"), users)])
        old = json.loads(send.message)
        old[0]["model"] = "inbox.thumbmessage"
        Send.objects.update(message=json.dumps(old))
        while services.work_off(send.pk):
            pass
        assert set(LikeMessage.objects.values_list("recipient", "target_title")) == {(user, "Tea") for user in users}


@pytest.mark.anywhere
@pytest.mark.parametrize(("kind", "most"), [(IndexName, 30), (ConstraintName, 63)])
def test_names_of_indexes_are_short(kind: type[IndexName], most: int) -> None:
    def named(model: str) -> str:
        return kind("%(app_label)s_%(class)s_unread") % {"app_label": "inbox", "class": model}

    assert named("likemessage") == "inbox_likemessage_unread"
    for long in ("x" * 200, "é" * 200, "小" * 200):
        assert len(named(long).encode()) <= most
        assert named(long) != named(long + "x")


@pytest.mark.anywhere
def test_another_apps_class_of_the_same_name_has_indexes_of_its_own() -> None:
    for kind, text in ((IndexName, "%(class)s_bin"), (ConstraintName, "%(app_label)s_%(class)s_one_per_seq")):
        ours, theirs, other = (
            kind(text) % {"app_label": app, "class": model}
            for app, model in (("inbox", "likemessage"), ("shop", "likemessage"), ("shop", "ordermessage"))
        )
        assert len({ours, theirs, other}) == 3
        assert theirs.startswith("shop_likemessage")
    assert IndexName("%(class)s_bin") % {"app_label": "shop", "class": "ordermessage"} == "ordermessage_bin"


@pytest.mark.anywhere
def test_names_that_exist_have_not_changed() -> None:
    names = {each.name for each in [*LikeMessage._meta.indexes, *LikeMessage._meta.constraints]}
    assert names == {
        "likemessage_badge",
        "likemessage_came",
        "likemessage_newest",
        "likemessage_replaced",
        "likemessage_deleted",
        "likemessage_snooze",
        "likemessage_asleep",
        "likemessage_star",
        "likemessage_archived",
        "likemessage_thread",
        "likemessage_about",
        "likemessage_of_send",
        "inbox_likemessage_one_per_seq",
        "inbox_likemessage_archived_is_read",
    }


class TestColumnsBesideAnIndex:
    """The databases of the tests are one that has such indexes, and one that has not."""

    def test_nobody_is_warned(self) -> None:
        for model in (LikeMessage, a_type("OrderMessage")):
            assert [each for each in model.check(databases={"default"}) if each.id == "models.W040"] == []

    def test_they_are_in_the_index_where_they_can_be(self) -> None:
        [came] = [each for each in a_type("OrderMessage")._meta.indexes if each.name.endswith("_came")]
        sql = str(came.create_sql(LikeMessage, connection.schema_editor(collect_sql=True)))
        assert ('INCLUDE ("seq", "since")' in sql) == (connection.vendor == "postgresql")

    def test_migrations_see_the_index_that_they_have(self) -> None:
        """Django's own: a site with types of its own needs no migration."""
        [came] = [each for each in LikeMessage._meta.indexes if each.name.endswith("_came")]
        path, expressions, options = came.deconstruct()
        assert (path, options["include"]) == ("django.db.models.Index", ("seq", "since"))
        [now] = [each for each in ModelState.from_model(LikeMessage).options["indexes"] if each.name == came.name]
        for include, is_same in ((("seq", "since"), True), (("seq",), False)):
            written = models.Index(*expressions, **options | {"include": include})
            assert [now in [written], written in [now]] == [is_same] * 2


@pytest.mark.django_db(transaction=True)
def test_columns_with_the_names_that_django_gives_to_expressions() -> None:
    """Acts and searches read the messages of all types together, so they would fail for every type."""
    names = [f"{name}{number}" for name in ("value", "cast", "lines") for number in range(1, 6)]
    columns: dict[str, Any] = {name: models.CharField(max_length=9) for name in names}
    metric = a_model("MetricMessage", Message, inbox_type="metric", title_format="It changed", **columns)
    with installed(metric):
        [user] = people(1)
        services.send([user], metric, target="app.tea:1", **dict.fromkeys(names, "tea"))
        ref = metric.objects.get().ref

        def version() -> int:
            services.mark_unread(user, [ref])
            return selectors.snapshot(user).version

        assert [item.ref for item in selectors.inbox_page(user, choice=Choice(q="tea")).items] == [ref]
        assert services.mark_read(user, [ref]) == 1
        assert services.mark_all_read(user, version()) == 1
        assert services.read_about(user, "app.tea:1", version()) == 1
        assert services.change_chosen(user, Choice(q="tea"), {"read": True}, version()) == 1
