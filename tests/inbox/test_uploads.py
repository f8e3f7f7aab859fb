"""Lists of people that an author uploads."""

import json
from functools import partial
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from inbox import services
from inbox.errors import BadValue, NotFound
from inbox.models import Broadcast, BroadcastClock, BroadcastMember, aim
from inbox.services import Upload
from inbox.services.broadcasts import named

from .people import live, people, unread
from .rest import person
from .test_admin_broadcasts import LIST, page, staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def news() -> Broadcast:
    return Broadcast.objects.create(title="Tea", audience="several")


def raising(fault: Exception) -> None:
    raise fault


def stored(**columns: Any) -> set[str]:
    return set(BroadcastMember.objects.filter(**columns).values_list("user__username", flat=True))


def test_names_ids_and_addresses(news: Broadcast) -> None:
    ann, _bob, _cid = (person(name, email=f"{name}@Example.org") for name in ("ann", "bob", "cid"))
    text = f"bob\n{ann.pk}\nCID@example.org\n\nnobody\nbob\n\x00\n x@example.org "
    assert services.upload_list(news, text) == Upload(3, 3, 1, ["nobody", "\x00", "x@example.org"])
    assert stored(source="list", is_excluded=False) == {"ann", "bob", "cid"}
    assert services.upload_list(news, "bob\n") == Upload(1, 0, 0, [])
    assert news.history.first().changed == {"people": [0, 3]}


@pytest.mark.anywhere
@pytest.mark.parametrize("text", ["user;name\nann;Ann\nbob;Bob", 'user,name\n"ann",Ann\nbob', "ann\tx\r\nbob\ty\r\n"])
def test_the_first_column(news: Broadcast, text: str) -> None:
    person("ann"), person("bob")
    assert services.upload_list(news, text).found == 2


@pytest.mark.parametrize("mark", ['"', "\r"])
def test_no_separator_that_python_refuses(news: Broadcast, mark: str) -> None:
    """From 3.13 on, `csv` takes neither a quotation mark nor the end of a line for one."""
    person("ann")
    found = services.upload_list(news, f"sep={mark}\nann")
    assert (found.found, [name.strip() for name in found.unknown]) == (1, [f"sep={mark}".strip()])


def test_a_user_name_counts_before_an_id(news: Broadcast) -> None:
    ann = person("ann")
    person(str(ann.pk))
    services.upload_list(news, str(ann.pk))
    assert stored() == {str(ann.pk)}


@pytest.mark.anywhere
@pytest.mark.parametrize("text", ["", "\n\n", "nobody", "a" * 200_000])
def test_a_file_that_names_nobody_is_refused(news: Broadcast, text: str) -> None:
    with pytest.raises(BadValue):
        services.upload_list(news, text)
    assert not BroadcastMember.objects.exists()


def test_of_a_live_one_it_is_a_change() -> None:
    [user] = people(1)
    news = live(audience="several")
    before = BroadcastClock.objects.get().value
    services.upload_list(news, str(user))
    assert unread(user) == {news.ref}
    services.upload_list(news, str(user), is_excluded=True)
    assert unread(user) == set()
    assert services.remove_list(news, is_excluded=True) == 1
    assert unread(user) == {news.ref}
    assert BroadcastClock.objects.get().value == before + 3
    news.delete()
    with pytest.raises(NotFound):
        services.remove_list(Broadcast(pk=10**6))


@pytest.mark.parametrize("is_meanwhile", [False, True])
def test_a_banner_for_visitors_leaves_out_nobody(monkeypatch: pytest.MonkeyPatch, *, is_meanwhile: bool) -> None:
    """Whether it was for visitors before the upload or became so during it. They would see it as soon as they sign
    out."""
    banner = Broadcast.objects.create(title="Tea", as_banner=True, for_visitors=not is_meanwhile)
    person("ann")
    monkeypatch.setattr(aim, "lock_lists", lambda pk: Broadcast.objects.filter(pk=pk).update(for_visitors=True))
    with pytest.raises(BadValue, match="as soon as they sign out"):
        services.upload_list(banner, "ann", is_excluded=True)
    assert not stored()
    services.upload_list(banner, "ann")  # does not count, and harms nobody
    assert stored(is_excluded=False) == {"ann"}


def test_chosen_people_stay_when_the_list_goes(news: Broadcast) -> None:
    ann = person("ann")
    services.set_people(news, [ann.pk])
    services.upload_list(news, "ann")
    services.remove_list(news)
    assert stored() == {"ann"}


def test_as_many_statements_for_many_names_as_for_few(news: Broadcast) -> None:
    counts = []
    for number in (2, 300):
        text = "\n".join(map(str, people(number)))
        with CaptureQueriesContext(connection) as queries:
            assert services.upload_list(news, text).added == number
        counts.append(len(queries))
    assert counts[0] == counts[1]


class TestTheAdmin:
    @pytest.fixture
    def admin(self) -> Client:
        client = Client()
        client.force_login(person("admin", is_staff=True, is_superuser=True))
        return client

    def post(self, client: Client, news: Broadcast, content: bytes, **fields: str) -> str:
        file = SimpleUploadedFile("list.csv", content)
        answer = client.post(page(news, "lists"), {"file": file, "is_excluded": "", **fields}, follow=True)
        return answer.content.decode()

    @pytest.mark.anywhere
    def test_the_report(self, admin: Client, news: Broadcast) -> None:
        person("ann")
        shown = self.post(admin, news, "\ufeffann\nann\n<b>\n".encode())
        for sentence in ("1 person is on the list, 1 of them new.", "1 line names somebody again.", "&lt;b&gt;"):
            assert sentence in shown
        assert "In the audience: 1" in shown
        assert "Left out: 1" in self.post(admin, news, b"ann", is_excluded="1")
        admin.post(page(news, "lists"), {"_remove": "1", "is_excluded": "1"})
        assert stored(is_excluded=True) == set()
        assert stored() == {"ann"}

    @pytest.mark.anywhere
    def test_all_unknown_names_can_be_copied(self, admin: Client, news: Broadcast) -> None:
        person("ann"), person("bob", email="tea@x.org"), person("cid", email="tea@x.org")
        names = [f"nobody{number}" for number in range(30)]
        shown = self.post(admin, news, "\n".join(["Username", "ann", "tea@x.org", "=1", *names]).encode())
        assert "\n".join(["&#x27;=1", *names]) in shown
        for sentence in (
            "31 lines name nobody: =1, nobody0,",
            "looks like a heading",
            "1 name belongs to several people",
        ):
            assert sentence in shown

    @pytest.mark.parametrize("field", ["file", "_remove"])
    def test_one_that_was_deleted_meanwhile(
        self, monkeypatch: pytest.MonkeyPatch, admin: Client, news: Broadcast, field: str
    ) -> None:
        person("ann")
        monkeypatch.setattr(aim, "lock_lists", lambda broadcast: Broadcast.objects.filter(pk=broadcast).delete())
        fields = {"file": SimpleUploadedFile("list.csv", b"ann")} if field == "file" else {"_remove": "1"}
        answer = admin.post(page(news, "lists"), {"is_excluded": "", **fields}, follow=True)
        assert "This was deleted meanwhile." in answer.content.decode()
        assert answer.redirect_chain == [(LIST, 302)]

    @pytest.mark.anywhere
    def test_a_list_that_does_not_count_says_so(self, admin: Client) -> None:
        news = Broadcast.objects.create(title="Tea")
        assert "counts with the audience" in self.post(admin, news, b"admin")

    @pytest.mark.anywhere
    @pytest.mark.parametrize(
        ("content", "sentence"), [(b"\xff", "not a text in UTF-8"), (b"nobody", "names no user"), (b"", "empty")]
    )
    def test_what_is_refused(self, admin: Client, news: Broadcast, content: bytes, sentence: str) -> None:
        assert sentence in self.post(admin, news, content)

    @pytest.mark.parametrize("name", ["duplicate", "remind"])
    def test_copies_of_one_that_was_deleted_meanwhile(
        self, monkeypatch: pytest.MonkeyPatch, admin: Client, name: str
    ) -> None:
        news = live()
        monkeypatch.setattr(aim, "check_users", lambda: Broadcast.objects.filter(pk=news.pk).delete())
        answer = admin.post(page(news, name), {"form_key": services.new_form_key()}, follow=True)
        assert "This was deleted meanwhile." in answer.content.decode()
        assert answer.redirect_chain == [(LIST, 302)]
        assert Broadcast.objects.get() == news  # no copy, and in this test the deletion is rolled back with it

    def steps(self, client: Client, news: Broadcast, content: bytes) -> list[Any]:
        """What the script of the page hears."""
        fields = {"file": SimpleUploadedFile("list.csv", content), "is_excluded": ""}
        answer = client.post(page(news, "lists"), fields, headers={"Accept": "application/x-ndjson"})
        return [json.loads(line) for line in answer.getvalue().splitlines()]

    @pytest.mark.anywhere
    def test_its_progress(self, monkeypatch: pytest.MonkeyPatch, admin: Client, news: Broadcast) -> None:
        monkeypatch.setattr(named, "CHUNK", 2)
        person("ann"), person("bob")
        *steps, report = self.steps(admin, news, b"ann\nbob\nann\n=1\n")
        assert steps == [{"done": 2, "total": 3}, {"done": 3, "total": 3}]
        assert [level for level, _sentence in report["sentences"]] == ["success", "info", "warning"]
        assert report["unknown"] == "'=1"
        assert news.history.first().by.username == "admin"
        assert self.steps(admin, news, b"ann")[-1]["sentences"][0][1] == "1 person is on the list, 0 of them new."

    @pytest.mark.parametrize("fault", [NotFound("Gone."), PermissionDenied(), DatabaseError()])
    def test_a_failure_in_its_middle(
        self, monkeypatch: pytest.MonkeyPatch, admin: Client, news: Broadcast, fault: Exception
    ) -> None:
        """Nobody is on the list then, and it says so in the last line."""
        monkeypatch.setattr(aim, "check_users", partial(raising, fault))
        person("ann")
        last = self.steps(admin, news, b"ann")[-1]["error"]
        assert last == "Gone." if isinstance(fault, NotFound) else "Nobody was added." in last
        assert not BroadcastMember.objects.exists()

    @pytest.mark.anywhere
    def test_people_left_out_of_a_banner_for_visitors(self, admin: Client) -> None:
        banner = Broadcast.objects.create(title="Tea", as_banner=True, for_visitors=True)
        fields = {"file": SimpleUploadedFile("list.csv", b"admin"), "is_excluded": "1"}
        assert "as soon as they sign out" in admin.post(page(banner, "lists"), fields).content.decode()
        assert not BroadcastMember.objects.exists()

    @pytest.mark.anywhere
    def test_a_refused_file(self, admin: Client, news: Broadcast) -> None:
        for content, sentence in [(b"nobody", "names no user"), (b"\xff", "not a text in UTF-8"), (b"", "empty")]:
            [*_progress, last] = self.steps(admin, news, content)
            assert sentence in last["error"]

    @pytest.mark.anywhere
    def test_who_may(self, admin: Client, news: Broadcast) -> None:
        assert page(news, "lists") in admin.get(page(news)).content.decode()
        reader = staff("reader", "view_broadcast")
        assert page(news, "lists") not in reader.get(page(news)).content.decode()
        assert reader.get(page(news, "lists")).status_code == 403
        writer = staff("writer", "view_broadcast", "change_broadcast")
        services.publish(news)
        assert writer.get(page(news, "lists")).status_code == 403

    @pytest.mark.parametrize("fields", [{"file": SimpleUploadedFile("list.csv", b"ann")}, {"_remove": "1"}])
    def test_one_that_was_published_meanwhile(
        self, monkeypatch: pytest.MonkeyPatch, news: Broadcast, fields: dict[str, Any]
    ) -> None:
        ann, bob = person("ann"), person("bob")
        services.upload_list(news, bob.username)
        services.set_people(news, [ann.pk])

        def meanwhile(broadcast: int) -> None:
            Broadcast.objects.filter(pk=broadcast).update(state="live")

        monkeypatch.setattr(aim, "lock_lists", meanwhile)
        writer = staff("writer", "view_broadcast", "change_broadcast")
        assert writer.post(page(news, "lists"), {"is_excluded": "", **fields}).status_code == 403
        assert stored(source="list") == {"bob"}
