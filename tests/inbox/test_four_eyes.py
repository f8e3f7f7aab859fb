"""With `INBOX_FOUR_EYES`, readers see nothing that only one person has seen before."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.utils import timezone

from inbox import selectors, services
from inbox.core.acting import acting
from inbox.errors import NotApproved
from inbox.models import Broadcast, BroadcastApproval, BroadcastClock, BroadcastMember, State
from inbox.models.broadcasts import approval

from .people import NOW, mend
from .repeated import MONDAY, NEXT_MONDAY, occurrences, stopped, template
from .rest import person, problem
from .services import service
from .test_admin_broadcasts import FORM, LIST, TOMORROW, act, at, page, signed_in

pytestmark = [pytest.mark.urls("tests.inbox.urls"), pytest.mark.django_db]
ALL = ("view_broadcast", "add_broadcast", "change_broadcast", "publish_broadcast", "withdraw_broadcast")


@pytest.fixture(autouse=True)
def four_eyes(settings: Any) -> None:
    settings.INBOX_FOUR_EYES = True


@pytest.fixture
def ann() -> Any:
    return member("ann")


@pytest.fixture
def cid() -> Any:
    return member("cid")


def member(name: str, *codenames: str) -> Any:
    """Of the staff, with these permissions, or all."""
    user = person(name, is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames or ALL))
    return user


def written(by: Any, **values: Any) -> Broadcast:
    with acting(by.pk):
        return services.create_broadcast(by, {"title": "Tea", **values})


def publish(broadcast: Broadcast, by: Any) -> str:
    """What it says against it."""
    try:
        with acting(by and by.pk):
            services.publish(broadcast)
    except NotApproved as error:
        return error.detail
    return ""


def change(broadcast: Broadcast, by: Any, **values: Any) -> None:
    with acting(by.pk):
        services.change_broadcast(broadcast, values)


def state_of(broadcast: Broadcast) -> str:
    return str(Broadcast.objects.values_list("state", flat=True).get(pk=broadcast.pk))


@pytest.mark.anywhere
class TestWhoPublishes:
    def test_somebody_else_than_the_author(self, ann: Any, cid: Any) -> None:
        broadcast = written(ann)
        assert "somebody else" in publish(broadcast, ann)
        assert state_of(broadcast) == State.DRAFT
        assert publish(broadcast, cid) == ""
        assert state_of(broadcast) == State.LIVE
        assert [row.by for row in BroadcastApproval.objects.all()] == [cid]

    def test_nor_one_who_changed_it(self, ann: Any, cid: Any) -> None:
        broadcast = written(ann)
        change(broadcast, cid, body="Green")
        assert "somebody else" in publish(broadcast, cid)
        assert publish(broadcast, member("dan")) == ""

    def test_whoever_chose_the_groups_changed_it(self, ann: Any, cid: Any) -> None:
        broadcast = written(ann, audience="groups", groups={Group.objects.create(name="a").pk})
        change(broadcast, cid, groups={Group.objects.create(name="b").pk})
        assert "somebody else" in publish(broadcast, cid)

    def test_edits_before_the_last_approval_are_approved(self, ann: Any, cid: Any) -> None:
        broadcast, dan = written(ann), member("dan")
        change(broadcast, cid, body="Green")
        publish(broadcast, dan)
        services.withdraw(broadcast)
        change(broadcast, dan, body="Black")
        assert "somebody else" in publish(broadcast, dan)
        assert "somebody else" in publish(broadcast, ann)  # still the author
        assert publish(broadcast, cid) == ""

    def test_publishing_and_withdrawing_change_nothing(self, ann: Any, cid: Any) -> None:
        broadcast = written(ann)
        for _time in range(2):
            assert publish(broadcast, cid) == ""
            with acting(cid.pk):
                services.withdraw(broadcast)
        assert len({row.digest for row in BroadcastApproval.objects.all()}) == 1

    def test_code_that_acts_for_nobody_does_not(self, ann: Any) -> None:
        assert "a person" in publish(written(ann), None)

    def test_without_the_rule_nobody_is_asked(self, ann: Any, settings: Any) -> None:
        settings.INBOX_FOUR_EYES = False
        broadcast = written(ann)
        assert publish(broadcast, ann) == ""
        change(broadcast, ann, title="Milk")
        assert not BroadcastApproval.objects.exists()

    def test_superusers_are_people_too(self, cid: Any) -> None:
        boss = person("boss", is_staff=True, is_superuser=True)
        assert "somebody else" in publish(written(boss), boss)


@pytest.mark.anywhere
class TestWhatIsApproved:
    @pytest.mark.parametrize(
        "values",
        [
            {"title": "Milk"}, {"body": "x"}, {"language": "en"}, {"url": "/a/"}, {"level": "critical"},
            {"translations": {"de": {"title": "Tee", "body": ""}}}, {"audience": "staff"},
            {"publish_at": NOW}, {"expires_at": NOW},
        ],
    )  # fmt: skip
    def test_every_column_of_authors(self, ann: Any, values: dict[str, Any]) -> None:
        broadcast = written(ann)
        before = approval.digest_of(broadcast.pk)
        assert approval.digest_of(broadcast.pk) == before
        Broadcast._base_manager.filter(pk=broadcast.pk).update(**values)
        assert approval.digest_of(broadcast.pk) != before

    def test_columns_that_come_later_too(self) -> None:
        """All but the state, and those that only code writes."""
        named = {field.name for field in Broadcast._meta.concrete_fields if approval._is_approved(field)}
        rest = {field.name for field in Broadcast._meta.concrete_fields} - named
        assert all(name in {"id", "state", "author"} or not Broadcast._meta.get_field(name).editable for name in rest)
        assert {"clock", "published_at", "created_at"} < rest

    def test_not_its_life(self, ann: Any) -> None:
        broadcast = written(ann)
        before = approval.digest_of(broadcast.pk)
        values = {"state": "live", "published_at": NOW, "clock": 9, "created_at": NOW, "author": None}
        Broadcast._base_manager.filter(pk=broadcast.pk).update(**values)
        assert approval.digest_of(broadcast.pk) == before

    def test_groups_and_what_else_is_registered(self, ann: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        broadcast = written(ann)
        found = {approval.digest_of(broadcast.pk)}
        broadcast.groups.add(Group.objects.create(name="tea"))
        found.add(approval.digest_of(broadcast.pk))
        monkeypatch.setitem(approval.PARTS, "members", lambda pk: [pk])
        found.add(approval.digest_of(broadcast.pk))
        assert len(found) == 3


class TestAtItsTime:
    @pytest.fixture
    def tomorrow(self, clock: Any) -> Any:
        return timezone.now() + timedelta(days=1)

    def test_what_is_approved_goes_live(self, ann: Any, cid: Any, clock: Any, tomorrow: Any) -> None:
        broadcast = written(ann, publish_at=tomorrow)
        publish(broadcast, cid)
        assert state_of(broadcast) == State.SCHEDULED
        clock.move_to(tomorrow)
        assert services.apply_due()
        assert state_of(broadcast) == State.LIVE

    def test_what_has_changed_since_does_not(self, ann: Any, cid: Any, clock: Any, tomorrow: Any) -> None:
        """Here a group is gone, and nobody has edited anything."""
        groups = [Group.objects.create(name=name) for name in ("tea", "milk")]
        broadcast = written(ann, publish_at=tomorrow, audience="groups", groups={group.pk for group in groups})
        other = written(ann, publish_at=tomorrow)
        publish(broadcast, cid)
        publish(other, cid)
        groups[0].delete()
        clock.move_to(tomorrow)
        assert services.apply_due()
        assert (state_of(broadcast), state_of(other)) == (State.BLOCKED, State.LIVE)
        assert BroadcastClock.objects.get().next_due is None

    def test_the_people_on_its_lists_are_approved_but_not_their_deletion(
        self, ann: Any, cid: Any, clock: Any, tomorrow: Any
    ) -> None:
        kept, other = (written(ann, publish_at=tomorrow, audience="several", with_staff=True) for _ in range(2))
        gone = member("gone")
        for broadcast in (kept, other):
            services.set_people(broadcast, [gone.pk, ann.pk])
            publish(broadcast, cid)
        gone.delete()
        with pytest.raises(NotApproved):
            services.set_people(other, [cid.pk])
        BroadcastMember.objects.filter(broadcast=other, user=ann).delete()  # by code of the site's own
        clock.move_to(tomorrow)
        assert services.apply_due()
        assert [state_of(broadcast) for broadcast in (kept, other)] == [State.LIVE, State.BLOCKED]

    def test_what_was_scheduled_before_the_rule_does_not(
        self, ann: Any, clock: Any, tomorrow: Any, settings: Any
    ) -> None:
        settings.INBOX_FOUR_EYES = False
        broadcast = written(ann, publish_at=tomorrow)
        publish(broadcast, ann)
        settings.INBOX_FOUR_EYES = True
        clock.move_to(tomorrow)
        services.apply_due()
        assert state_of(broadcast) == State.BLOCKED

    def test_occurrences_are_approved_by_who_starts_their_series(self, ann: Any, cid: Any, clock: Any) -> None:
        """As long as the template is what it was then. Others wait for a person."""
        series = stopped(ann.pk, template=template(author=ann))
        assert series.template is not None
        with acting(ann.pk), pytest.raises(NotApproved):
            services.start_series(series)
        with acting(cid.pk):
            services.start_series(series)
        clock.move_to(MONDAY)
        mend()
        assert occurrences(series) == [(MONDAY, "live")]
        assert [each.by_id for each in BroadcastApproval.objects.filter(broadcast__series=series)] == [cid.pk]
        change(series.template, ann, title="Milk")
        clock.move_to(NEXT_MONDAY)
        mend()
        assert occurrences(series)[1] == (NEXT_MONDAY, "blocked")
        assert publish(series.occurrences.get(occurrence=NEXT_MONDAY), cid) == ""


@pytest.mark.anywhere
class TestWhatIsOut:
    @pytest.mark.parametrize("values", [{}, {"publish_at": TOMORROW}])
    def test_it_does_not_change(self, ann: Any, cid: Any, values: dict[str, Any]) -> None:
        broadcast = written(ann, **values)
        publish(broadcast, cid)
        for user in (ann, cid):
            with pytest.raises(NotApproved, match="Withdraw it first"):
                change(broadcast, user, title="Milk")
        change(broadcast, ann, title="Tea")  # as it is
        services.withdraw(broadcast)
        change(broadcast, ann, title="Milk")
        assert publish(broadcast, cid) == ""

    def test_in_the_admin(self, ann: Any, cid: Any) -> None:
        broadcast = written(ann)
        publish(broadcast, cid)
        shown = signed_in(cid).get(page(broadcast)).content.decode()
        assert "Withdraw it first" in shown
        assert 'name="_continue"' not in shown
        assert signed_in(cid).post(page(broadcast), {**FORM, "title": "Milk"}).status_code == 403
        assert Broadcast.objects.get().title == "Tea"


@pytest.mark.anywhere
class TestTheAdmin:
    def test_the_author_has_no_button_to_publish(self, ann: Any, cid: Any) -> None:
        broadcast = written(ann)
        mine, others = (signed_in(user).get(page(broadcast)).content.decode() for user in (ann, cid))
        assert 'name="_publish"' not in mine
        assert "somebody else has to publish it" in mine
        assert 'name="_continue"' in mine
        assert 'name="_publish"' in others
        assert 'name="_publish"' not in signed_in(ann).get(f"{LIST}add/").content.decode()

    def test_whoever_publishes_what_they_have_just_typed_is_refused(self, ann: Any, cid: Any) -> None:
        broadcast = written(ann)
        answer = signed_in(cid).post(page(broadcast), {**FORM, "title": "Milk", "_publish": ""}, follow=True)
        assert "somebody else has to publish it" in answer.content.decode()
        broadcast.refresh_from_db()
        assert (broadcast.title, broadcast.state) == ("Milk", State.DRAFT)

    def test_who_types_nothing_publishes(self, ann: Any, cid: Any) -> None:
        broadcast = written(
            ann, publish_at=TOMORROW.replace(microsecond=0), translations={"zh-hans": {"title": "茶", "body": ""}}
        )
        form = {**FORM, "title": "Tea", "body": "", "title_zh_hans": "茶", **at("publish_at", TOMORROW)}
        signed_in(cid).post(page(broadcast), {**form, "_publish": ""})
        assert state_of(broadcast) == State.SCHEDULED

    def test_the_list_refuses_and_says_why(self, ann: Any, cid: Any) -> None:
        broadcasts = written(ann), written(cid)
        shown = act(signed_in(ann), "publish_selected", *broadcasts)
        assert "somebody else has to publish it" in shown
        assert "1 announcement is live." in shown
        assert [state_of(broadcast) for broadcast in broadcasts] == ["draft", "live"]

    def test_who_may_only_publish_has_a_button_that_saves_nothing(self, ann: Any) -> None:
        broadcast = written(ann, body="**Green** <img src=x>")
        client = signed_in(member("eve", "view_broadcast", "publish_broadcast"))
        shown = client.get(page(broadcast)).content.decode()
        assert f'formaction="{page(broadcast, "publish")}"' in shown
        assert "in the audience" in shown
        assert "<strong>Green</strong>" in shown
        assert client.get(page(broadcast, "publish")).status_code == 405
        client.post(page(broadcast, "publish"), {"title": "Milk"})
        broadcast.refresh_from_db()
        assert (broadcast.title, broadcast.state) == ("Tea", State.LIVE)

    def test_and_sees_whom_it_is_for(self, ann: Any, cid: Any) -> None:
        broadcast = written(ann, audience="several", people={ann.pk}, excluded_people={cid.pk})
        services.upload_list(broadcast, "cid")
        shown = signed_in(member("eve", "view_broadcast", "publish_broadcast")).get(page(broadcast)).content.decode()
        for source, name in (("Chosen", "ann"), ("Uploaded list", "cid"), ("Chosen", "cid")):
            assert f"{source} (1): <bdi>{name}</bdi>" in shown

    def test_and_who_may_not_does_not(self, ann: Any) -> None:
        broadcast = written(ann)
        client: Client = signed_in(member("eve", "view_broadcast", "change_broadcast", "withdraw_broadcast"))
        assert client.post(page(broadcast, "publish")).status_code == 403


@pytest.mark.anywhere
class TestTheApi:
    def test_a_token_is_its_owner(self, ann: Any, cid: Any) -> None:
        mine, again, others = (service(name=name, owner=owner) for name, owner in (("a", ann), ("b", ann), ("c", cid)))
        path = f"broadcasts/{mine('POST', 'broadcasts/', {'title': 'Tea'}).json()['id']}/"
        for caller in (mine, again):
            assert problem(caller("POST", f"{path}publish/"), 409)["code"] == "not_approved"
        assert others("POST", f"{path}publish/").json()["state"] == "live"
        refused = problem(others("PATCH", path, {"title": "Milk"}), 409)
        assert (refused["code"], "Withdraw it first" in refused["detail"]) == ("not_approved", True)
        assert others("PATCH", path, {"title": "Tea"}).status_code == 200
        assert mine("POST", f"{path}withdraw/").json()["state"] == "withdrawn"


def test_what_somebody_approved_is_told_and_erased(ann: Any, cid: Any) -> None:
    publish(written(ann), cid)
    assert '"broadcast_approvals": [' in "".join(selectors.export(cid.pk))
    assert services.erase(cid.pk)["approvals of announcements that they gave"] == 1
    assert BroadcastApproval.objects.get().by is None
