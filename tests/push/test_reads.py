"""Nothing about one user, credential or language stops what is read for others."""

from collections.abc import Callable, Collection
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.backends import ModelBackend
from django.db import DataError, OperationalError
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from inbox import selectors, services
from inbox.core.snapshots import Snapshot
from inbox.models import CommentMessage, LikeMessage
from push.gate.credentials import Credential
from push.hub import Hub, bulk
from push.hub import queries as reads
from push.hub.bulk import each
from push.hub.queries import Query, read
from push.nudges.bus import Nudge
from tests.push.fakes import FakeConnection, FakeReads, joined, snapshot, until


class Poisoned:
    """Reads that raise if one of these is among those asked for."""

    def __init__(self, poison: Collection[int], error: Exception) -> None:
        self.poison, self.error, self.calls = set(poison), error, 0

    def __call__(self, keys: Collection[int]) -> dict[int, int]:
        self.calls += 1
        if self.poison & set(keys):
            raise self.error
        return {key: -key for key in keys}


class TestEach:
    @given(keys=st.sets(st.integers(0, 10_000), max_size=300), data=st.data())
    def test_one_key_spoils_its_own_result_only(self, keys: set[int], data: st.DataObject) -> None:
        poison = data.draw(st.sets(st.sampled_from(sorted(keys)), max_size=5)) if keys else set()
        found, failed = each(Poisoned(poison, ValueError()), keys, "Numbers")
        assert failed == poison
        assert found == {key: -key for key in keys - poison}

    def test_finding_one_in_a_thousand_takes_some_twenty_reads(self) -> None:
        numbers = Poisoned({700}, DataError())
        each(numbers, range(1000), "Numbers")
        assert numbers.calls <= 21

    def test_a_database_that_is_away_is_nobodys_fault(self) -> None:
        numbers = Poisoned({7}, OperationalError())
        with pytest.raises(OperationalError):
            each(numbers, range(1000), "Numbers")
        assert numbers.calls == 1

    def test_an_outage_that_costs_time_is_soon_believed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(bulk, "BUDGET_SECONDS", -1.0)
        numbers = Poisoned(range(1000), ConnectionError())
        assert each(numbers, range(1000), "Numbers") == ({}, set(range(1000)))
        assert numbers.calls == 1


class Suspicious(ModelBackend):
    """Raises for one user where it should return None."""

    def get_user(self, user_id: int) -> Any:
        user = get_user_model().objects.get(pk=user_id)
        if user.get_username() == "mallory":
            raise PermissionError("suspended")
        return user


@pytest.mark.django_db
class TestReading:
    def users(self, *names: str) -> list[Any]:
        return [get_user_model().objects.create_user(name) for name in names]

    def session_of(self, user: Any) -> Credential:
        client = Client()
        client.force_login(user, f"{__name__}.Suspicious")
        return Credential("session", client.session.session_key or "")

    def test_a_credential_that_raises(self, settings: Any, caplog: pytest.LogCaptureFixture) -> None:
        settings.AUTHENTICATION_BACKENDS = [f"{__name__}.Suspicious"]
        mallory, *others = (self.session_of(user) for user in self.users("mallory", "alice", "bob"))
        for query in (Query(opening=[mallory, *others]), Query(checking=[mallory, *others])):
            answer = read(query)
            assert {*answer.opened, *answer.checked} == set(others)
            assert answer.unverified == {mallory}
        assert mallory.key not in caplog.text

    def test_a_user_whose_state_cannot_be_read(self, monkeypatch: pytest.MonkeyPatch) -> None:
        alice, bob = (user.pk for user in self.users("alice", "bob"))
        whole = selectors.snapshots

        def snapshots(users: Collection[int]) -> dict[Any, Snapshot]:
            if alice in users:
                raise DataError
            return whole(users)

        monkeypatch.setattr(selectors, "snapshots", snapshots)
        answer = read(Query(users=[alice, bob]))
        assert (list(answer.snapshots), answer.unread) == ([bob], {alice})

    def arrivals(self, *languages: str) -> Query:
        users = self.users("alice", "bob")
        known = {user.pk: selectors.snapshot(user) for user in users}
        services.send(users[:1], LikeMessage, target_title="Tea")
        services.send(users[1:], CommentMessage, target_title="Tea")
        return Query(users=list(known), known=known, languages=set(languages))

    @pytest.mark.parametrize(
        "form", ["{nobody}", "{}", "{0}", "{actor.password}", "{actor!x}", "{seq:Q}", "{", "{read_at:%Y}"]
    )
    def test_a_title_that_cannot_be_filled(
        self, form: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        monkeypatch.setattr(LikeMessage, "title_format", form)
        monkeypatch.setattr("inbox.selectors.items._logged", set())
        query = self.arrivals("en", "zh-hans")
        for _ in range(2):
            items = read(query).items
        assert [item["en"].title for item in items.values()] == ["like", "Someone commented on “Tea”"]
        assert [item["zh-hans"].title for item in items.values()] == ["赞", "某人 评论了“Tea”"]
        assert len(caplog.records) == 2  # one for each language

    @pytest.mark.parametrize("name", ["render_title", "render_body"])
    def test_a_type_of_the_sites_own_that_raises(self, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(LikeMessage, name, lambda self: 1 / 0)
        assert len(read(self.arrivals("en")).items) == 2

    def test_a_language_that_cannot_be_read(self, monkeypatch: pytest.MonkeyPatch) -> None:
        class Override:
            def __init__(self, language: str) -> None:
                if language == "xx":
                    raise OSError("not a message catalog")

            def __enter__(self) -> None: ...

            def __exit__(self, *args: object) -> None: ...

        monkeypatch.setattr(reads, "override", Override)
        assert [list(items) for items in read(self.arrivals("xx", "en")).items.values()] == [["en"], ["en"]]


class TestTheHub:
    """What it does with an answer that is incomplete."""

    @pytest.fixture
    def doubt(self, reads: FakeReads, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
        def doubt(*connections: FakeConnection, unread: tuple[int, ...] = ()) -> None:
            whole = reads.read

            def read(query: Query) -> Any:
                answer = whole(query)
                for connection in connections:
                    answer.opened.pop(connection.credential, None)
                    answer.checked.pop(connection.credential, None)
                    answer.unverified.add(connection.credential)
                for user in unread:
                    answer.snapshots.pop(user, None)
                    answer.unread.add(user)
                return answer

            monkeypatch.setattr("push.hub.reader.read", read)

        return doubt

    async def test_whoever_cannot_be_verified_may_come_back(
        self, the_hub: Hub, reads: FakeReads, doubt: Callable[..., None]
    ) -> None:
        alice, mallory = reads.sign_in(7), reads.sign_in(8)
        doubt(mallory)
        await joined(the_hub, alice, mallory)
        assert (alice.refusals, mallory.refusals) == ([], ["unavailable"])

    async def test_an_open_connection_likewise(
        self, the_hub: Hub, reads: FakeReads, doubt: Callable[..., None]
    ) -> None:
        alice, mallory = reads.sign_in(7), reads.sign_in(8)
        await joined(the_hub, alice, mallory)
        doubt(mallory)
        the_hub.recheck(None)
        await until(lambda: mallory.refusals == ["unavailable"])
        assert alice.refusals == []

    async def test_a_store_that_is_away_ends_no_connection(
        self, the_hub: Hub, reads: FakeReads, doubt: Callable[..., None]
    ) -> None:
        alice, bob = reads.sign_in(7), reads.sign_in(8)
        await joined(the_hub, alice, bob)
        doubt(alice, bob)
        the_hub.recheck(None)
        reads.states[7] = snapshot(7, 2)
        the_hub.nudged(Nudge([7]))
        await until(lambda: alice.versions == [1, 2])
        assert alice.refusals == bob.refusals == []

    async def test_a_state_that_cannot_be_read_is_no_deletion(
        self, the_hub: Hub, reads: FakeReads, doubt: Callable[..., None]
    ) -> None:
        alice, bob = reads.sign_in(7), reads.sign_in(8)
        await joined(the_hub, alice, bob)
        doubt(unread=(8,))
        reads.states[7] = snapshot(7, 2)
        the_hub.nudged(Nudge([7, 8]))
        await until(lambda: alice.versions == [1, 2] and bob.refusals == ["unavailable"])
