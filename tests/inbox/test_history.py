"""The history of a broadcast: every write is in it, with who did it, in the same transaction."""

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import transaction
from django.test import Client
from django.utils import timezone

from inbox import selectors, services
from inbox.core.acting import acting
from inbox.models import Broadcast, BroadcastChange, BroadcastReceipt, State

from .rest import announcement, person, problem
from .services import service
from .test_admin_broadcasts import FORM, LIST, at, page, signed_in, staff

pytestmark = [pytest.mark.urls("tests.inbox.urls"), pytest.mark.django_db]
MINUTE = timedelta(minutes=1)


def told(broadcast: Broadcast) -> list[tuple[str | None, dict[str, Any]]]:
    """Who, and what changed, oldest first."""
    rows = BroadcastChange.objects.filter(broadcast=broadcast).order_by("pk").select_related("by")
    return [(row.by.get_username() if row.by else None, row.changed) for row in rows]


def test_long_texts_are_cut_with_a_way_to_see_all() -> None:
    made = Broadcast.objects.create(title="Tea")
    texts = {"zh-hans": {"title": "茶", "body": "*long* " * 100 + "<end>"}}
    services.change_broadcast(made, {"translations": texts, "body": "word " * 100, "url": "/tea/"})
    shown = staff("reader", "view_broadcast").get(page(made)).content.decode()
    cut = re.findall(r"<summary><bdi>(.*?)</bdi></summary><bdi>(.*?)</bdi></details>", shown, re.DOTALL)
    assert len(cut) == 2
    assert all(len(html.unescape(beginning)) <= 200 for beginning, _all in cut)
    assert any("&lt;end&gt;" in everything for _beginning, everything in cut)


class TestRecording:
    def test_services(self) -> None:
        ann = person("ann")
        with acting(ann.pk):
            made = services.create_broadcast(ann, {"title": "Tea", "audience": "staff"})
            services.change_broadcast(made, {"title": "Milk", "body": ""})
            services.publish(made)
        services.withdraw(made)
        assert told(made) == [
            ("ann", {}),
            ("ann", {"title": ["Tea", "Milk"]}),
            ("ann", {"state": ["draft", "live"]}),
            (None, {"state": ["live", "withdrawn"]}),
        ]

    def test_what_is_written_again_is_no_change(self) -> None:
        made = announcement()
        before = told(made)
        made.save()
        services.publish(made)
        Broadcast.objects.update(title=made.title)
        assert told(made) == before

    def test_querysets(self) -> None:
        one, two = Broadcast.objects.bulk_create([Broadcast(title="One"), Broadcast(title="Two")])
        Broadcast.objects.update(title="Two")
        one.body = "text"
        Broadcast.objects.bulk_update([one], ["body"])
        assert told(one) == [(None, {}), (None, {"title": ["One", "Two"]}), (None, {"body": ["", "text"]})]
        assert told(two) == [(None, {})]

    def test_the_clock(self) -> None:
        now = timezone.now()
        made = Broadcast.objects.create(title="Tea", publish_at=now + MINUTE, expires_at=now + 2 * MINUTE)
        with acting(person("ann").pk):
            services.publish(made)
        services.apply_due(now + MINUTE)
        services.apply_due(now + 2 * MINUTE)
        assert told(made)[1:] == [
            ("ann", {"state": ["draft", "scheduled"]}),
            (None, {"state": ["scheduled", "live"]}),
            (None, {"state": ["live", "expired"]}),
        ]

    def test_groups(self) -> None:
        tea, milk = Group.objects.create(name="tea"), Group.objects.create(name="milk")
        made = Broadcast.objects.create(title="Tea", audience="groups")
        made.groups.set([tea, milk])
        made.groups.set([tea])
        made.groups.clear()
        assert [changed["groups"] for _by, changed in told(made)[1:]] == [
            [[], ["milk", "tea"]], [["milk"], []], [["tea"], []],
        ]  # fmt: skip

    def test_what_is_rolled_back_did_not_happen(self) -> None:
        made = announcement()
        before = told(made)
        with transaction.atomic():
            services.withdraw(made)
            transaction.set_rollback(True)
        assert told(made) == before

    def test_a_service_acts_for_its_owner(self) -> None:
        person("ann")
        desk = service("broadcasts:write", "broadcasts:publish", "broadcasts:withdraw")
        path = f"broadcasts/{desk('POST', 'broadcasts/', {'title': 'Tea'}).json()['id']}/"
        desk("PATCH", path, {"title": "Milk"})
        desk("POST", f"{path}publish/")
        desk("POST", f"{path}withdraw/")
        [owner] = {by for by, _changed in told(Broadcast.objects.get())}
        assert owner is not None
        assert owner.startswith("owner-of-")
        assert len(told(Broadcast.objects.get())) == 4

    def test_a_deleted_user_leaves_the_history(self) -> None:
        ann = person("ann")
        with acting(ann.pk):
            made = announcement()
        ann.delete()
        assert [by for by, _changed in told(made)] == [None, None]


@pytest.mark.anywhere
class TestAdministration:
    @pytest.fixture
    def admin(self) -> Client:
        return signed_in(person("admin", is_staff=True, is_superuser=True))

    def test_the_page_tells_it(self, admin: Client) -> None:
        admin.post(f"{LIST}add/", FORM)
        made = Broadcast.objects.get()
        admin.post(page(made), {**FORM, "title": "Maintenance <b>", "_publish": ""})
        assert [by for by, _changed in told(made)] == ["admin"] * 3
        html = admin.get(page(made)).content.decode()
        assert "<del><bdi>Maintenance</bdi></del> <ins><bdi>Maintenance &lt;b&gt;</bdi></ins>" in html
        assert "<del><bdi>Draft</bdi></del> <ins><bdi>Live</bdi></ins>" in html

    def test_the_page_of_its_history_tells_it(self, admin: Client) -> None:
        """Also of one that a service has written, of which Django's own log knows nothing."""
        made = services.create_broadcast(person("writer"), {"title": "Tea"})
        shown = admin.get(f"{LIST}{made.pk}/history/").content.decode()
        assert ">written<" in "".join(shown.split())
        assert "have a change history" not in shown
        assert admin.get(f"{LIST}0/history/").status_code == 302
        assert staff("stranger", "view_send").get(f"{LIST}{made.pk}/history/").status_code == 403

    def test_without_changes_it_has_no_heading(self, admin: Client) -> None:
        """Neither a table nor the zone of its times."""
        made = services.create_broadcast(person("writer"), {"title": "Tea"})
        BroadcastChange.objects.all().delete()
        shown = admin.get(f"{LIST}{made.pk}/history/").content.decode()
        assert "have a change history" in shown
        assert "Time zone" not in shown
        assert 'class="inbox-history"' not in admin.get(page(made)).content.decode()

    def test_its_language_has_its_name(self) -> None:
        made = services.create_broadcast(person("writer"), {"title": "Tee", "language": "de"})
        assert (
            '<div class="readonly">Deutsch</div>' in staff("reader", "view_broadcast").get(page(made)).content.decode()
        )

    def test_a_duplicate_is_a_draft_without_dates(self, admin: Client) -> None:
        group = Group.objects.create(name="tea")
        original = Broadcast.objects.create(
            title="Tea", body="**Now**", language="en", translations={"de": {"title": "Tee", "body": ""}},
            level="warning", url="/tea/", audience="groups", expires_at=timezone.now() + MINUTE,
        )  # fmt: skip
        original.groups.add(group)
        answer = admin.post(page(original, "duplicate"), follow=True)
        copy = Broadcast.objects.exclude(pk=original.pk).get()
        assert answer.redirect_chain == [(page(copy), 302)]
        same = ("title", "body", "language", "translations", "level", "url", "audience")
        assert [getattr(copy, name) for name in same] == [getattr(original, name) for name in same]
        assert (copy.state, copy.expires_at, str(copy.author)) == (State.DRAFT, None, "admin")
        assert list(copy.groups.all()) == [group]

    def test_who_may_duplicate(self, admin: Client) -> None:
        original = announcement()
        assert staff("reader", "view_broadcast").post(page(original, "duplicate")).status_code == 403
        assert staff("blind", "add_broadcast").post(page(original, "duplicate")).status_code == 403
        assert admin.get(page(original, "duplicate")).status_code == 405
        assert admin.post(f"{LIST}999/duplicate/").headers["Location"] == LIST  # with a message, as on every page
        assert Broadcast.objects.count() == 1
        assert staff("writer", "add_broadcast", "view_broadcast").post(page(original, "duplicate")).status_code == 302

    def test_saving_a_draft_says_that_it_is_not_published(self, admin: Client) -> None:
        assert "not published" in admin.post(f"{LIST}add/", FORM, follow=True).content.decode()
        made = Broadcast.objects.get()
        assert "not published" not in admin.post(page(made), FORM | {"_publish": ""}, follow=True).content.decode()

    def test_a_withdrawn_one_is_no_draft(self, admin: Client) -> None:
        made = announcement()
        services.withdraw(made)
        html = admin.get(page(made)).content.decode()
        assert ("Save as draft" in html, 'name="_publish"' in html) == (False, True)
        assert "Save as draft" in admin.get(f"{LIST}add/").content.decode()

    def test_the_page_says_how_many_have_read_it(self, admin: Client) -> None:
        made = announcement()
        BroadcastReceipt.objects.create(broadcast=made, recipient=person("bob"), read_at=timezone.now())
        assert "1 person has read it" in admin.get(page(made)).content.decode()


class TestReach:
    @pytest.fixture(autouse=True)
    def people(self) -> None:
        group = Group.objects.create(name="tea")
        for name in "abcdefg":
            person(name, is_staff=name in "ab", is_active=name != "g").groups.set([group] if name in "ac" else [])

    def reach(self, audience: str, *groups: str) -> selectors.Reach:
        return selectors.reach(selectors.Aim(audience, Group.objects.filter(name__in=groups).values_list("pk")))

    def test_who_is_counted(self) -> None:
        assert self.reach("everyone") == selectors.Reach(6, True, list("abcde"))
        assert self.reach("staff") == selectors.Reach(2, True, ["a", "b"])
        assert self.reach("groups", "tea") == selectors.Reach(2, True, ["a", "c"])
        assert self.reach("groups") == selectors.Reach(0, True, [])

    def test_beyond_the_largest_number(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("inbox.selectors.audience.EXACT", 5)
        assert self.reach("everyone") == selectors.Reach(5, False, list("abcde"))

    def test_the_form_is_told(self) -> None:
        writer = staff("writer", "add_broadcast")
        group = Group.objects.get().pk

        def ask(**fields: Any) -> Any:
            return writer.post(f"{LIST}reach/", fields).json()

        assert ask(audience="everyone") == {"size": 7, "sentence": "7 people: a, b, c, d, e, …"}
        assert ask(audience="groups", groups=[group, group + 1]) == {"size": 2, "sentence": "2 people: a, c"}
        assert ask(audience="groups", groups=["x"])["sentence"] == "Nobody is in this audience."
        assert staff("reader", "view_broadcast").post(f"{LIST}reach/").status_code == 403

    def test_nobody_is_no_audience(self) -> None:
        admin = signed_in(person("admin", is_staff=True, is_superuser=True))
        Group.objects.create(name="empty")
        made = Broadcast.objects.create(title="Tea", audience="groups")
        made.groups.add(Group.objects.get(name="empty"))
        to_nobody = {**FORM, "audience": "groups", "groups": [Group.objects.get(name="empty").pk], "_publish": ""}
        assert "Nobody is in the audience" in admin.post(page(made), to_nobody, follow=True).content.decode()
        desk = service("broadcasts:publish", name="desk")
        problem(desk("POST", f"broadcasts/{made.pk}/publish/"), 409)
        made.refresh_from_db()
        assert made.state == State.DRAFT
        admin.post(page(made), to_nobody | at("publish_at", timezone.now() + MINUTE))  # there may be somebody by then
        made.refresh_from_db()
        assert made.state == State.SCHEDULED
        Broadcast.objects.update(state=State.LIVE, publish_at=None)  # all have left since: nothing to refuse
        assert desk("POST", f"broadcasts/{made.pk}/publish/").status_code == 200
