"""The effect of a broadcast: each number is the length of its list, on the page and as CSV."""

import csv
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Group, User
from django.db import connection
from django.template.loader import render_to_string
from django.test import Client
from django.utils import timezone
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from inbox import selectors, services
from inbox.admin.chart import Chart, chart
from inbox.admin.effect import SECONDS, Card, labels
from inbox.core.recently import Recently
from inbox.errors import BadValue, NotFound
from inbox.models import Broadcast, Noticed
from inbox.rendering.spreadsheets import neutralised
from inbox.selectors import DONE, Effect, Who, effect
from inbox.services import Event

from .examples import examples
from .rest import announcement, person, state
from .test_admin_broadcasts import page, signed_in, staff

pytestmark = [pytest.mark.urls("tests.inbox.urls"), pytest.mark.django_db]


def tea_for(*names: str, audience: str = "groups", **columns: Any) -> Broadcast:
    """A live broadcast for a group of these people, and somebody who is not in it."""
    group = Group.objects.create(name="tea")
    for name in names:
        person(name, email=f"{name}@x.example").groups.add(group)
    broadcast = Broadcast.objects.create(title="Tea", audience=audience, **columns)
    broadcast.groups.add(group)
    services.publish(broadcast)
    person("eve")
    return broadcast


@pytest.fixture
def tea() -> Broadcast:
    """For a group of four, of whom two have read it; one of them has left since, and one can't sign in any more."""
    broadcast = tea_for("ann", "bob", "cat", "dan")
    for name in ("ann", "bob"):
        services.mark_read(user(name), [broadcast.ref])
    user("bob").groups.clear()
    User.objects.filter(username="dan").update(is_active=False)
    return broadcast


@pytest.fixture
def admin() -> Client:
    return signed_in(person("admin", is_staff=True, is_superuser=True))


class Clock:
    now = 1000.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Stands until it is moved."""
    clock = Clock()
    monkeypatch.setattr("inbox.core.recently.monotonic", lambda: clock.now)
    return clock


@pytest.fixture(autouse=True)
def nothing_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a broadcast of another test with the same primary key."""
    monkeypatch.setattr("inbox.admin.effect._recently", Recently(SECONDS))


def user(name: str) -> User:
    return User.objects.get(username=name)


def names(broadcast: Broadcast, who: Who) -> list[str]:
    return [each.get_username() for each in selectors.people(broadcast, who)]


def numbers(broadcast: Broadcast) -> dict[str, int]:
    """Those that are not 0."""
    return {who.value: count for who, count in selectors.counts(broadcast).items() if count}


def test_the_numbers_and_the_lists(tea: Broadcast) -> None:
    lists = {who: names(tea, who) for who in (Who.AUDIENCE, Who.READ, Who.UNREAD, Who.LEFT)}
    assert lists == {Who.AUDIENCE: ["ann", "cat"], Who.READ: ["ann"], Who.UNREAD: ["cat"], Who.LEFT: ["bob"]}
    assert numbers(tea) == {"audience": 2, "shown": 1, "seen": 1, "read": 1, "unread": 1, "unconfirmed": 2, "left": 1}


def test_what_was_marked_unread_again_is_not_read(tea: Broadcast) -> None:
    services.mark_unread(user("ann"), [tea.ref])
    assert numbers(tea) == {"audience": 2, "shown": 1, "seen": 1, "unread": 2, "unconfirmed": 2, "left": 1}


def test_each_thing_that_readers_do_has_its_number() -> None:
    broadcast = tea_for("ann", "bob", "cat", as_banner=True, as_dialog=True)
    services.close_banner(user("ann"), [broadcast.ref])
    services.confirm(user("bob"), [broadcast.ref])
    services.delete(user("cat"), [broadcast.ref])
    found = {who: names(broadcast, who) for who in (Who.CLOSED, Who.CONFIRMED, Who.UNCONFIRMED, Who.DISMISSED)}
    assert list(found.values()) == [["ann"], ["bob"], ["ann", "cat"], ["cat"]]


def test_what_readers_saw_and_followed() -> None:
    buttons = [{"url": "/a/", "label": "Milk"}, {"url": "/b/", "label": "Sugar"}]
    broadcast = tea_for("ann", "bob", "cat", "dan", url="/tea/", buttons=buttons)
    services.note_events(user("ann"), [Event(broadcast.ref, Noticed.SEEN)])
    services.note_events(user("bob"), [Event(broadcast.ref, Noticed.LINK), Event(broadcast.ref, Noticed.BUTTON_1)])
    services.mark_read(user("cat"), [broadcast.ref])
    services.note_events(user("dan"), [Event(broadcast.ref, Noticed.SHOWN)])
    found = {who: names(broadcast, who) for who in (Who.SHOWN, Who.SEEN, Who.LINK, Who.BUTTON_0, Who.BUTTON_1)}
    assert list(found.values()) == [["ann", "bob", "cat", "dan"], ["ann", "bob", "cat"], ["bob"], [], ["bob"]]
    assert [labels(broadcast)[who] for who in (Who.BUTTON_0, Who.BUTTON_1)] == ["Clicked: Milk", "Clicked: Sugar"]


def test_what_is_shown_again_begins_anew(tea: Broadcast) -> None:
    tea.shows_again = True
    tea.title = "Coffee"
    tea.save()
    assert numbers(tea) == {"audience": 2, "unread": 2, "unconfirmed": 2}


def test_search(tea: Broadcast) -> None:
    by_address = selectors.people(tea, Who.UNREAD, "CAT@", with_addresses=True)
    assert [each.get_username() for each in by_address] == ["cat"]
    assert not selectors.people(tea, Who.UNREAD, "ann").exists()
    assert not selectors.people(tea, Who.UNREAD, "%").exists()


PEOPLE = ("ann", "bob", "cat", "dan")
ACTS: dict[str, Callable[[User, Broadcast], object]] = {
    "read": lambda reader, broadcast: services.mark_read(reader, [broadcast.ref]),
    "unread": lambda reader, broadcast: services.mark_unread(reader, [broadcast.ref]),
    "dismiss": lambda reader, broadcast: services.delete(reader, [broadcast.ref]),
    "restore": lambda reader, broadcast: services.undelete(reader, [broadcast.ref]),
    "close": lambda reader, broadcast: services.close_banner(reader, [broadcast.ref]),
    "confirm": lambda reader, broadcast: services.confirm(reader, [broadcast.ref]),
    "be shown": lambda reader, broadcast: services.note_events(reader, [Event(broadcast.ref, Noticed.SHOWN)]),
    "see": lambda reader, broadcast: services.note_events(reader, [Event(broadcast.ref, Noticed.SEEN)]),
    "follow": lambda reader, broadcast: services.note_events(reader, [Event(broadcast.ref, Noticed.LINK)]),
    "leave": lambda reader, broadcast: reader.groups.clear(),
    "join": lambda reader, broadcast: reader.groups.set(Group.objects.all()),
    "lock out": lambda reader, broadcast: User.objects.filter(pk=reader.pk).update(is_active=False),
    "show again": lambda reader, broadcast: show_again(broadcast),
}


def show_again(broadcast: Broadcast) -> None:
    broadcast.refresh_from_db()
    broadcast.shows_again = True
    broadcast.title += "!"
    broadcast.save()


class TestEveryNumberIsTheLengthOfItsList(TestCase):
    @examples(6)
    @given(st.lists(st.tuples(st.sampled_from(PEOPLE), st.sampled_from(sorted(ACTS))), max_size=12))
    def test_whatever_people_do(self, acts: list[tuple[str, str]]) -> None:
        broadcast = tea_for(*PEOPLE, as_banner=True, as_dialog=True, url="/tea/")
        for name, act in acts:
            with suppress(NotFound):  # it is not shown to them
                ACTS[act](user(name), broadcast)
        found = selectors.effect(broadcast)
        lists = {who: names(broadcast, who) for who in Who}
        assert found.counts == {who: len(people) for who, people in lists.items()}
        lines = chart_of(broadcast, found).lines
        first = None if any(lists[who] for who in DONE) else Who.SHOWN
        assert {line.who: line.total for line in lines} == {
            who: len(lists[who]) for who in DONE if lists[who] or who == first
        }
        assert {who: sum(count for _at, count in marks) for who, marks in found.marks.items()} == {
            who: len(lists[who]) for who in DONE
        }
        assert sorted(lists[Who.READ] + lists[Who.UNREAD]) == lists[Who.AUDIENCE]
        assert sorted(lists[Who.CONFIRMED] + lists[Who.UNCONFIRMED]) == lists[Who.AUDIENCE]
        assert not set(lists[Who.LEFT]) & set(lists[Who.AUDIENCE])
        for reader in selectors.readers_of(broadcast, Who.AUDIENCE):
            shown, seen, *others = reader.done.values()
            assert shown is not None or seen is None
            assert seen is not None or not any(others)
            if seen and shown:
                assert shown <= seen <= min([at for at in others if at], default=seen)


def chart_of(broadcast: Broadcast, found: Effect) -> Chart:
    drawn = chart(broadcast, found, labels(broadcast))
    assert drawn is not None
    return drawn


@pytest.mark.anywhere
class TestChart:
    """Times are relative to a publication at noon."""

    START = datetime(2026, 6, 1, 12, tzinfo=UTC)

    def drawn(self, *after: timedelta, age: timedelta) -> Chart:
        broadcast = Broadcast(published_at=self.START, state="live")
        counts = dict.fromkeys(Who, 0) | {Who.READ: len(after)}
        with time_machine.travel(self.START + age):
            return chart_of(broadcast, Effect(counts, {Who.READ: [(self.START + each, 1) for each in after]}))

    def test_a_draft_has_none(self) -> None:
        draft = Broadcast()
        assert chart(draft, Effect(dict.fromkeys(Who, 0), {}), labels(draft)) is None

    def test_a_line_goes_from_nobody_to_all(self) -> None:
        drawn = self.drawn(timedelta(minutes=1), timedelta(minutes=5), age=timedelta(minutes=9))
        assert drawn.lines[0].points == "0,100 100,100 200,50 500,50 600,0 1000,0"
        assert (drawn.top, [totals for _time, totals in drawn.rows]) == (2, [[1], [2]])

    @pytest.mark.parametrize(
        ("age", "first"),
        [
            (timedelta(minutes=30), "06/01/2026 12:07 p.m."),
            (timedelta(hours=30), "06/01/2026 noon"),
            (timedelta(days=30), "06/01/2026"),
            (timedelta(days=300), "06/01/2026"),
        ],
    )
    def test_it_chooses_its_steps(self, age: timedelta, first: str) -> None:
        drawn = self.drawn(timedelta(minutes=7), timedelta(minutes=7), age=age)
        assert drawn.rows == [(first, [2])]

    def test_in_the_time_zone_of_who_looks(self) -> None:
        with timezone.override("Asia/Tokyo"):
            drawn = self.drawn(timedelta(hours=4), age=timedelta(days=30))
        assert (drawn.zone, drawn.rows) == ("Asia/Tokyo", [("06/02/2026", [1])])

    def test_what_happened_before_is_at_the_beginning(self) -> None:
        assert self.drawn(timedelta(days=-9), age=timedelta(minutes=9)).lines[0].points.startswith("0,100 0,100 100,")

    @pytest.mark.parametrize(("most", "top"), [(0, 2), (1, 2), (3, 4), (99, 100), (101, 120), (1234, 1400)])
    def test_the_scale_ends_with_a_round_number(self, most: int, top: int) -> None:
        assert self.drawn(*[timedelta()] * most, age=timedelta(hours=1)).top == top


@pytest.mark.anywhere
class TestPage:
    def test_it_has_each_number_and_its_list(self, tea: Broadcast, admin: Client) -> None:
        html = admin.get(page(tea, "effect")).content.decode()
        for who, number in {"audience": 2, "read": 1, "unread": 1, "dismissed": 0, "left": 1}.items():
            assert f'data-number="{who}">{number}<' in html
            assert f'href="?who={who}#list"' in html
        assert "confirmed" not in html  # it shows no dialog
        assert "<bdi>ann</bdi>" in html
        assert "<bdi>cat</bdi>" in admin.get(page(tea, "effect"), {"who": "unread"}).content.decode()
        assert "Nobody." in admin.get(page(tea, "effect"), {"who": "left", "q": "ann"}).content.decode()
        assert page(tea, "effect") in admin.get(page(tea)).content.decode()

    @pytest.mark.parametrize(
        ("language", "number", "percentage"),
        [("en", "12,345", "99%"), ("de", "12.345", "99\N{NO-BREAK SPACE}%"), ("zh-hans", "12345", "99%")],
    )
    def test_numbers_are_of_the_language(self, language: str, number: str, percentage: str) -> None:
        card = Card(Who.READ, "", 12345, 99)
        with override(language):
            html = render_to_string("inbox/admin/effect_now.html", {"cards": [card], "broadcast": Broadcast(pk=1)})
        assert f'data-number="read">{number}<' in html
        assert f">{percentage}<" in html

    def test_a_draft(self, admin: Client) -> None:
        html = admin.get(page(Broadcast.objects.create(title="Tea"), "effect")).content.decode()
        assert "It has not been published yet." in html

    @pytest.mark.parametrize(
        "query", [{"who": "nobody"}, {"p": "x"}, {"p": "99"}, {"q": "\x00" * 3}, {"q": "x" * 5000}]
    )
    def test_odd_questions(self, tea: Broadcast, admin: Client, query: dict[str, str]) -> None:
        assert admin.get(page(tea, "effect"), query).status_code == 200
        assert admin.get(page(tea, "effect/now"), query).status_code == 200

    def test_pages_of_a_hundred(self, admin: Client) -> None:
        User.objects.bulk_create(User(username=f"u{number:03}") for number in range(150))
        broadcast = announcement()
        first = admin.get(page(broadcast, "effect"), {"who": "unread"}).content.decode()
        assert [text in first for text in (">151<", "u098", "u099", "1 / 2")] == [True, True, False, True]
        assert "u149" in admin.get(page(broadcast, "effect"), {"who": "unread", "p": "2"}).content.decode()

    def test_who_may_look(self, tea: Broadcast, admin: Client) -> None:
        reader, writer = staff("reader", "view_broadcast"), staff("writer", "add_broadcast")
        for address in (page(tea, "effect"), page(tea, "effect/now"), f"{page(tea, 'effect')[:-1]}.csv"):
            assert reader.get(address).status_code == 200
            assert writer.get(address).status_code == 403
            assert Client().get(address).status_code == 302
            assert admin.get(address.replace(f"/{tea.pk}/", "/999/")).status_code in (302, 404)


class TestNow:
    """The part that changes. The page asks for it again and again."""

    @pytest.mark.anywhere
    def test_it_is_not_sent_twice(self, tea: Broadcast, admin: Client, clock: Clock) -> None:
        first = admin.get(page(tea, "effect/now"))
        again = {"If-None-Match": first["ETag"]}
        assert admin.get(page(tea, "effect/now"), headers=again).status_code == 304
        services.mark_read(user("cat"), [tea.ref])
        clock.now += SECONDS
        changed = admin.get(page(tea, "effect/now"), headers=again)
        assert (changed.status_code, 'data-number="read">2<' in changed.content.decode()) == (200, True)

    @pytest.mark.anywhere
    def test_people_are_counted_every_two_seconds_however_many_look(
        self, tea: Broadcast, admin: Client, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        counted: list[int] = []
        monkeypatch.setattr(selectors, "effect", lambda broadcast: counted.append(1) or effect(broadcast))
        for _second in range(4):
            for query in ({}, {"who": "read"}, {"q": "x"}):
                admin.get(page(tea, "effect/now"), query)
                admin.get(page(tea, "effect"), query)
            clock.now += 1
        assert len(counted) == 2

    def test_the_audience_is_built_once(self, tea: Broadcast, monkeypatch: pytest.MonkeyPatch) -> None:
        """It has many conditions, and the statements of one count have it in common."""
        module, built = import_module("inbox.selectors.effects.effect"), list[Broadcast]()
        audience_of = module.audience_of
        monkeypatch.setattr(module, "audience_of", lambda broadcast: built.append(broadcast) or audience_of(broadcast))
        effect(tea)
        assert built == [tea]

    def test_numbers_fit_together_while_readers_act(self) -> None:
        """Between two statements of one count somebody reads it: nobody has read it who has not been shown it."""
        names = [f"reader{number}" for number in range(30)]
        broadcast = tea_for(*names)
        waiting = [user(name) for name in names]
        is_acting = False

        def act(execute: Any, sql: str, *args: Any) -> Any:
            nonlocal is_acting
            if not is_acting and waiting:
                is_acting = True
                services.mark_read(waiting.pop(), [broadcast.ref])
                is_acting = False
            return execute(sql, *args)

        with connection.execute_wrapper(act):
            found = selectors.counts(broadcast)
        assert 0 < found[Who.READ] <= found[Who.SEEN] <= found[Who.SHOWN] <= found[Who.AUDIENCE]
        assert found[Who.READ] + found[Who.UNREAD] == found[Who.AUDIENCE]


class TestAskingTheRestAgain:
    def reminder(self, tea: Broadcast) -> Broadcast:
        return services.remind(person("author"), tea)

    def test_it_is_a_draft_for_exactly_those(self, tea: Broadcast) -> None:
        reminder = self.reminder(tea)
        assert (reminder.title, reminder.state, reminder.audience) == ("Reminder: Tea", "draft", "several")
        assert names(reminder, Who.AUDIENCE) == ["cat"]
        services.publish(reminder)
        assert [state(user(name)).unread for name in ("ann", "cat")] == [0, 2]

    def test_of_a_dialog_those_who_have_not_confirmed_it(self) -> None:
        broadcast = tea_for("ann", "bob", as_dialog=True, as_banner=True)
        services.confirm(user("ann"), [broadcast.ref])
        services.mark_read(user("bob"), [broadcast.ref])
        reminder = self.reminder(broadcast)
        assert names(reminder, Who.AUDIENCE) == ["bob"]
        assert (reminder.in_inbox, reminder.as_banner, reminder.as_dialog) == (True, False, False)

    @pytest.mark.anywhere
    def test_each_language_has_its_word(self, tea: Broadcast) -> None:
        tea.translations = {"de": {"title": "Tee", "body": ""}}
        assert self.reminder(tea).text_in("de").title == "Erinnerung: Tee"

    def test_nothing_is_left_of_another_audience(self) -> None:
        broadcast = tea_for("ann", "bob", audience="several", excludes_staff=True, late_joiners=True)
        services.set_people(broadcast, [user("eve").pk])
        services.mark_read(user("ann"), [broadcast.ref])
        assert names(self.reminder(broadcast), Who.AUDIENCE) == names(broadcast, Who.UNREAD) == ["bob", "eve"]

    def test_the_lists_of_the_other_are_not_copied_first(self) -> None:
        """They may be long, and the clock is locked."""
        broadcast = tea_for("ann", audience="several", late_joiners=True)
        broadcast.excluded_groups.add(Group.objects.create(name="coffee"))
        services.set_people(broadcast, [user("ann").pk, user("eve").pk])
        services.mark_read(user("ann"), [broadcast.ref])
        changes = self.reminder(broadcast).history.order_by("pk").values_list("changed", flat=True)
        assert list(changes) == [{}, {"people": [0, 1]}]

    @pytest.mark.parametrize("columns", [{}, {"in_inbox": False, "as_banner": True}])
    def test_there_may_be_nobody_to_ask(self, columns: dict[str, bool]) -> None:
        broadcast = tea_for("ann", **columns)
        if not columns:
            services.mark_read(user("ann"), [broadcast.ref])
        with pytest.raises(BadValue, match="nobody"):
            self.reminder(broadcast)
        assert Broadcast.objects.count() == 1

    def test_the_statement_is_written_for_the_database_of_the_mailboxes(
        self, tea: Broadcast, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("django.db.models.sql.query.DEFAULT_DB_ALIAS", "elsewhere")
        assert names(self.reminder(tea), Who.AUDIENCE) == ["cat"]

    @pytest.mark.anywhere
    def test_the_button(self, tea: Broadcast, admin: Client) -> None:
        html = admin.get(page(tea, "effect")).content.decode()
        assert "Makes a draft of a reminder for the 1 person who has not read it." in html
        [key] = re.findall('name="form_key" value="([^"]+)"', html)
        for _click in range(2):
            answer = admin.post(page(tea, "remind"), {"form_key": key})
            reminder = Broadcast.objects.exclude(pk=tea.pk).get()
            assert answer["Location"] == page(reminder)
        assert "Ask the rest again" not in admin.get(page(reminder, "effect")).content.decode()  # a draft
        assert "reminder of" in admin.get(page(reminder, "history")).content.decode()

    @pytest.mark.anywhere
    def test_whoever_may_write(self, tea: Broadcast, admin: Client) -> None:
        reader = staff("reader", "view_broadcast")
        assert "Ask the rest again" not in reader.get(page(tea, "effect")).content.decode()
        assert reader.post(page(tea, "remind")).status_code == 403
        assert admin.get(page(tea, "remind")).status_code == 405

    @pytest.mark.anywhere
    def test_if_all_have_read_it_meanwhile(self, tea: Broadcast, admin: Client) -> None:
        services.mark_read(user("cat"), [tea.ref])
        html = admin.post(page(tea, "remind"), follow=True).content.decode()
        assert "There is nobody to ask again." in html


@pytest.mark.anywhere
class TestCsv:
    def rows(self, client: Client, broadcast: Broadcast, who: str) -> list[list[str]]:
        answer: Any = client.get(f"{page(broadcast, 'effect')[:-1]}.csv", {"who": who})
        assert answer["Content-Type"] == "text/csv; charset=utf-8"
        assert f"broadcast-{broadcast.pk}-{who}.csv" in answer["Content-Disposition"]
        text = answer.getvalue().decode("utf-8-sig")
        return list(csv.reader(text.splitlines()))

    @pytest.mark.parametrize("who", Who)
    def test_each_list_has_one(self, tea: Broadcast, admin: Client, who: Who) -> None:
        assert [row[1] for row in self.rows(admin, tea, who)[1:]] == names(tea, who)

    def test_the_same_people(self, tea: Broadcast, admin: Client) -> None:
        head, [pk, name, shown_at, seen_at, read_at, *others] = self.rows(admin, tea, "read")
        assert head == ["user", "name", *(f"{who}_at" for who in DONE)]
        assert (int(pk), name, shown_at, seen_at) == (user("ann").pk, "ann", read_at, read_at)
        assert others == [""] * (len(DONE) - 3)
        assert read_at.endswith("+00:00")

    @pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@sum", "\t=1", "\uff1d1+1", "\uff20sum"])
    def test_no_cell_is_a_formula(self, admin: Client, name: str) -> None:
        assert neutralised(name) == f"'{name}"
        User.objects.create(username=name)
        found = [row[1] for row in self.rows(admin, announcement(), "unread")]
        assert f"'{name}" in found
        assert name not in found
