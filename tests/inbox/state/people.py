"""What happens to people: they come and go, join groups and leave them, become staff."""

from collections.abc import Sequence
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db.models import ProtectedError
from hypothesis import assume
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from inbox import conf, services
from inbox.models import births

from ..people import newcomer, people
from .reality import Reality, User, one, some
from .things import Person

has = st.sampled_from(["add", "remove", "set", "clear"])


class People(Reality):
    first: Sequence[bool] = (False, True)  # who is there from the start: whether they are staff

    @initialize(luck=one)
    def populate(self, luck: int) -> None:
        assume(luck)  # else hypothesis begins with the simplest history there is: the first rule, thirty times
        for is_staff in self.first:
            self.come(is_staff)
        self.new_group()
        self.begin()

    @rule(is_staff=st.booleans(), by_signal=st.booleans())
    def come(self, is_staff: bool, by_signal: bool = False) -> None:
        """Registered by `save()`, or by `bulk_create`, which sends no signal: then only the time of it is known."""
        if len(self.world.people) < 4:
            pk = newcomer(is_staff=is_staff) if by_signal else people(1, is_staff=is_staff)[0]
            known = births.has_joined_column()
            born = self.world.publications if by_signal else None if known else 0
            self.world.people[pk] = Person(pk, is_staff, born=born, joined=self.now)
            if is_staff:  # their mailbox begins with a version of its own
                self.touched.add(pk)

    @rule()
    def new_group(self) -> None:
        if len(self.world.groups) < 3:
            self.world.groups.append(Group.objects.create(name=f"group{self.world.step}").pk)

    @rule(which=some, one_by_one=st.booleans())
    def go(self, which: list[int], one_by_one: bool) -> None:
        pks = self.people(which)[: len(self.world.people) - 1]
        users = User.objects.filter(pk__in=pks)
        if one_by_one:
            for user in users:
                user.delete()
        else:
            users.delete()
        for pk in pks:
            self.touched |= self.world.forget(pk) | {pk}

    @rule(who=one, by_query=st.booleans())
    def flip_staff(self, who: int, by_query: bool) -> None:
        person = self.person(who)
        person.is_staff = not person.is_staff
        if by_query:  # bypasses signals: the next read finds it
            User.objects.filter(pk=person.pk).update(is_staff=person.is_staff)
        else:
            user = User.objects.get(pk=person.pk)
            user.is_staff = person.is_staff
            user.save()
        self.audience_changed(person)

    def audience_changed(self, person: Person) -> None:
        person.step = self.world.step
        self.touched.add(person.pk)

    @rule(who=one, groups=some, how=has)
    def join(self, who: int, groups: list[int], how: str) -> None:
        """By the user's side."""
        person, chosen = self.person(who), self.picks(self.world.groups, groups)
        self.change(User.objects.get(pk=person.pk).groups, how, chosen)
        self.now_in(person, self.after(person.groups, how, chosen))

    @rule(which=one, users=some, how=has)
    def enlist(self, which: int, users: list[int], how: str) -> None:
        """By the group's side."""
        if not self.world.groups:
            return
        group, chosen = self.pick(self.world.groups, which), self.people(users)
        before = {pk for pk, person in self.world.people.items() if group in person.groups}
        self.change(Group.objects.get(pk=group).user_set, how, chosen)
        after = self.after(before, how, chosen)
        for person in self.world.people.values():
            self.now_in(person, person.groups - {group} | ({group} if person.pk in after else set()))

    def change(self, manager: Any, how: str, chosen: list[int]) -> None:
        arguments: dict[str, list[Any]] = {"clear": [], "set": [chosen]}
        getattr(manager, how)(*arguments.get(how, chosen))

    def after(self, before: set[int], how: str, chosen: list[int]) -> set[int]:
        return {"add": before | set(chosen), "remove": before - set(chosen), "set": set(chosen), "clear": set()}[how]

    def now_in(self, person: Person, groups: set[int]) -> None:
        if groups != person.groups:
            person.groups = groups
            self.audience_changed(person)

    @rule(which=one)
    def drop_group(self, which: int) -> None:
        if not self.world.groups:
            return
        group = self.pick(self.world.groups, which)
        if any(group in news.excluded_groups for news in self.world.news if news.state in {"live", "scheduled"}):
            with pytest.raises(ProtectedError):
                Group.objects.get(pk=group).delete()
            return
        Group.objects.get(pk=group).delete()
        self.world.groups.remove(group)
        for person in self.world.people.values():
            self.now_in(person, person.groups - {group})
        for news in self.world.news:
            news.groups.discard(group)
            news.excluded_groups.discard(group)

    @rule(who=one, then=one)
    def see(self, who: int, then: int) -> None:
        """As of any state the user was ever shown."""
        person, cap = self.person(who), conf.unread_cap()
        version, step = self.pick(sorted(self.steps[person.pk].items(), reverse=True), then)
        before = min(len(self.world.unseen(person.pk)), cap)
        person.seen = max(person.seen, step)
        unseen, unread = self.world.unseen(person.pk), self.world.unread(person.pk)
        changed, hides = min(len(unseen), cap) != before, len(unread) > cap <= len(unseen)
        found = services.see(person.pk, version)
        assert found == changed or (found and hides)  # the cap may hide a change
        self.touched |= {person.pk} if found else set()

    @rule(who=some)
    def touch(self, who: list[int]) -> None:
        services.touch(self.people(who))
        for pk in self.people(who):
            self.audience_changed(self.world.people[pk])
