"""What happens to broadcasts: their life, their edits, their audience, and the clock that orders them."""

from itertools import product
from typing import Any

import pytest
from django.utils.timezone import timedelta
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from inbox import services
from inbox.core.snapshots import CLOCK_UNIT
from inbox.errors import BadValue
from inbox.models import Broadcast, BroadcastMember

from .reality import Reality, one, some
from .things import News

audiences = st.sampled_from(["everyone", "staff", "groups", "several"])
flags = st.fixed_dictionaries(dict.fromkeys(["with_staff", "excludes_staff", "late_joiners"], st.booleans()))
minutes = st.none() | st.sampled_from([-5, 5, 10, 20])
places = st.sampled_from(
    [
        {"in_inbox": in_inbox, "as_banner": as_banner, "as_dialog": as_dialog}
        for in_inbox, as_banner, as_dialog in product([True, False], repeat=3)
        if in_inbox or as_banner or as_dialog
    ]
)
looks = st.tuples(st.sampled_from(["info", "critical"]), st.integers(0, 2))  # level, number of buttons
states = st.sampled_from(["draft", "live", "withdrawn"])
has_news = precondition(lambda self: bool(self.world.news))


class Broadcasts(Reality):
    def begin(self) -> None:
        super().begin()
        self.out_at_once("everyone", [], None, False, True)

    def in_minutes(self, minutes: int | None) -> Any:
        return None if minutes is None else self.now + timedelta(minutes=minutes)

    def broadcast(self, news: News) -> Broadcast:
        return Broadcast.objects.get(pk=news.pk)

    def one_of(self, n: int) -> News:
        return self.pick(self.world.news, n)

    def moved(self, news: News, state: str, published_at: Any = None) -> None:
        """A stored state was written over another."""
        if state == "live" and not news.live:
            self.world.come_out(news, published_at or news.published_at or self.now, self.now)
            self.ticked = True
        self.ticked |= news.live
        news.state = state

    @rule(audience=audiences, groups=some, publish=minutes, expire=minutes, flags=flags, looks=looks)
    def draft(
        self,
        audience: str,
        groups: list[int],
        publish: int | None,
        expire: int | None,
        flags: dict[str, bool],
        looks: tuple[str, int],
    ) -> None:
        (level, buttons), button = looks, {"label": "Go", "url": "/go"}
        dates = {"publish_at": self.in_minutes(publish), "expires_at": self.in_minutes(expire)}
        shown = {"title": "News", "level": level, "buttons": [button] * buttons}
        row = Broadcast.objects.create(audience=audience, **shown, **dates, **flags)
        chosen = self.picks(self.world.groups, groups)
        row.groups.set(chosen)
        self.world.news.append(News(row.pk, audience, set(chosen), level=level, buttons=buttons, **dates, **flags))

    @rule(audience=audiences, groups=some, expire=minutes, at_once=st.booleans(), late=st.booleans())
    def out_at_once(self, audience: str, groups: list[int], expire: int | None, at_once: bool, late: bool) -> None:
        """Live from the first save, or one of several made together."""
        dates = {"expires_at": self.in_minutes(expire)}
        rows = [Broadcast(title="News", audience=audience, state="live", late_joiners=late, **dates)]
        if at_once:
            rows.append(Broadcast(title="News", audience=audience))
            Broadcast.objects.bulk_create(rows)
        else:
            rows[0].save()
        chosen = self.picks(self.world.groups, groups)
        rows[0].groups.add(*chosen)
        for row in rows:
            self.world.news.append(News(row.pk, audience, published_at=row.published_at))
        made = self.world.news[-len(rows)]
        self.world.come_out(made, self.now, self.now)
        made.groups, made.expires_at, made.late_joiners = set(chosen), dates["expires_at"], late
        self.ticked = True

    @has_news
    @rule(which=one, again=st.booleans())
    def publish(self, which: int, again: bool) -> None:
        news = self.one_of(which)
        start = max(self.now, news.publish_at or self.now)
        if news.expires_at and news.expires_at <= start:
            with pytest.raises(BadValue):
                services.publish(self.broadcast(news))
            return
        services.publish(self.broadcast(news), show_again=again)
        if not news.live:
            came_out_before = news.first_out is not None
            self.moved(news, "scheduled" if start > self.now else "live", self.now)
            if again and came_out_before:
                self.world.show_again(news)

    @has_news
    @rule(which=one, url=st.sampled_from(["", "/tea"]))
    def show_again(self, which: int, url: str) -> None:
        """Edited or not."""
        news, row = self.one_of(which), self.broadcast(self.one_of(which))
        row.url, row.shows_again = url, True
        row.save()
        self.ticked |= news.live
        news.url = url
        if news.first_out is not None:
            self.world.show_again(news)

    @has_news
    @rule(which=one, places=places, by_query=st.booleans())
    def reshape(self, which: int, places: dict[str, bool], by_query: bool) -> None:
        news = self.one_of(which)
        if by_query:
            Broadcast.objects.filter(pk=news.pk).update(**places)
        else:
            row = self.broadcast(news)
            vars(row).update(places)
            row.save()
        changed = {name for name, value in places.items() if getattr(news, name) != value}
        if news.live:
            self.ticked |= bool(changed)
            news.step = self.world.step if "in_inbox" in changed and places["in_inbox"] else news.step
        vars(news).update(places)

    @has_news
    @rule(which=one)
    def withdraw(self, which: int) -> None:
        news = self.one_of(which)
        services.withdraw(self.broadcast(news))
        if news.state in {"live", "scheduled"}:
            self.moved(news, "withdrawn")

    @has_news
    @rule(which=one)
    def expire(self, which: int) -> None:
        news = self.one_of(which)
        services.expire(self.broadcast(news))
        if news.live:
            self.moved(news, "expired")
            news.expires_at = self.now

    @has_news
    @rule(which=one, url=st.sampled_from(["", "/tea"]), audience=audiences, expire=minutes)
    def edit(self, which: int, url: str, audience: str, expire: int | None) -> None:
        news, row = self.one_of(which), self.broadcast(self.one_of(which))
        row.url, row.audience, row.expires_at = url, audience, self.in_minutes(expire)
        row.save()
        if news.live:
            changed = (news.url, news.audience, news.expires_at) != (url, audience, row.expires_at)
            self.ticked |= changed
            news.step = news.step if news.audience == audience else self.world.step
        news.url, news.audience, news.expires_at = url, audience, row.expires_at

    @has_news
    @rule(which=some, audience=audiences, flags=flags)
    def change_audiences(self, which: list[int], audience: str, flags: dict[str, bool]) -> None:
        values = {"audience": audience, **flags}
        picked = self.picks(self.world.news, which)
        chosen = [news for news in picked if any(getattr(news, name) != value for name, value in values.items())]
        rows = Broadcast.objects.filter(pk__in=[news.pk for news in picked])
        assert rows.update(**values) == len(chosen)
        for news in chosen:
            news.step = self.world.step
            vars(news).update(values)
            self.ticked |= news.live

    @has_news
    @rule(which=one, flags=flags)
    def change_flags(self, which: int, flags: dict[str, bool]) -> None:
        """By saving the row."""
        news, row = self.one_of(which), self.broadcast(self.one_of(which))
        vars(row).update(flags)
        row.save()
        if news.live and any(getattr(news, name) != value for name, value in flags.items()):
            self.ticked, news.step = True, self.world.step
        vars(news).update(flags)

    @has_news
    @rule(which=some, state=states, bulk_update=st.booleans())
    def change_states(self, which: list[int], state: str, bulk_update: bool) -> None:
        """A queryset's update, or its bulk_update."""
        chosen = self.picks(self.world.news, which)
        if bulk_update:
            rows = [self.broadcast(news) for news in chosen]
            for row in rows:
                row.state = state
            Broadcast.objects.bulk_update(rows, ["state"])
        else:
            Broadcast.objects.filter(pk__in=[news.pk for news in chosen]).update(state=state)
        for news in chosen:
            if news.state != state:
                self.moved(news, state)

    @has_news
    @rule(which=one, groups=some, how=st.sampled_from(["add", "remove", "set", "clear"]), excluded=st.booleans())
    def change_groups(self, which: int, groups: list[int], how: str, excluded: bool) -> None:
        news, chosen = self.one_of(which), self.picks(self.world.groups, groups)
        name = "excluded_groups" if excluded else "groups"
        manager, before = getattr(self.broadcast(news), name), getattr(news, name)
        after = {
            "add": before | set(chosen),
            "remove": before - set(chosen),
            "set": set(chosen),
            "clear": set(),
        }[how]
        if how == "clear":
            manager.clear()
        elif how == "set":
            manager.set(chosen)
        else:
            getattr(manager, how)(*chosen)
        if news.live and after != before:
            self.ticked, news.step = True, self.world.step
        setattr(news, name, after)

    @has_news
    @rule(which=one, users=some, how=st.sampled_from(["add", "remove", "set"]), excluded=st.booleans())
    def change_people(self, which: int, users: list[int], how: str, excluded: bool) -> None:
        """By plain ORM use, or by the service."""
        news, chosen = self.one_of(which), set(self.people(users))
        name = "excluded_people" if excluded else "people"
        before = getattr(news, name)
        after = {"add": before | chosen, "remove": before - chosen, "set": chosen}[how]
        rows = BroadcastMember.objects.filter(broadcast=news.pk, is_excluded=excluded)
        if how == "add":
            members = [BroadcastMember(broadcast_id=news.pk, user_id=pk, is_excluded=excluded) for pk in sorted(chosen)]
            BroadcastMember.objects.bulk_create(members, ignore_conflicts=True)
        elif how == "remove":
            rows.filter(user__in=chosen).delete()
        else:
            services.set_people(self.broadcast(news), chosen, is_excluded=excluded)
        assert set(rows.values_list("user", flat=True)) == after
        if news.live and after != before:
            self.ticked, news.step = True, self.world.step
        setattr(news, name, after)

    @has_news
    @rule(which=some, one_by_one=st.booleans())
    def drop(self, which: list[int], one_by_one: bool) -> None:
        chosen = self.picks(self.world.news, which)
        if one_by_one:
            for news in chosen:
                self.broadcast(news).delete()
        else:
            Broadcast.objects.filter(pk__in=[news.pk for news in chosen]).delete()
        self.ticked |= any(news.live for news in chosen)
        gone = {news.pk for news in chosen}
        self.world.news = [news for news in self.world.news if news.pk not in gone]
        self.world.receipts = {key: marks for key, marks in self.world.receipts.items() if key[0] not in gone}

    @rule(minutes=st.sampled_from([1, 10]))
    def sweep(self, minutes: int) -> None:
        """By the beat, before anybody reads."""
        self.time.shift(timedelta(minutes=minutes))
        services.apply_due()
        assert not services.apply_due()

    @rule(who=one, then=one)
    def raise_clock(self, who: int, then: int) -> None:
        known = sorted(self.steps[self.person(who).pk])
        version = self.pick(known, then)
        behind = version // CLOCK_UNIT == known[-1] // CLOCK_UNIT
        assert services.raise_clock(version) == behind
        self.ticked |= behind
