"""Staff may do in the admin what their permissions allow, and nobody gives more than they have."""

import re
from collections.abc import Callable
from itertools import chain, combinations
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client

from inbox import services
from inbox.admin import broadcasts as admin_broadcasts
from inbox.models import Broadcast, Scope, ServiceToken, event_types

from .rest import announcement, person, state
from .services import Service
from .test_admin_broadcasts import FORM, LIST, TOMORROW, at, page, signed_in, staff

pytestmark = [pytest.mark.urls("tests.inbox.urls"), pytest.mark.django_db, pytest.mark.anywhere]

WRITING = ("view_broadcast", "add_broadcast", "change_broadcast", "delete_broadcast")
OUT = {
    "live": lambda: announcement(title="Staff only", audience="staff"),
    "scheduled": lambda: Broadcast.objects.create(title="Staff only", state="scheduled", publish_at=TOMORROW),
}
IN = {
    "draft": lambda: Broadcast.objects.create(title="Staff only"),
    "withdrawn": lambda: Broadcast.objects.create(title="Staff only", state="withdrawn"),
    "expired": lambda: Broadcast.objects.create(title="Staff only", state="expired"),
}
AIMED = {**FORM, "title": "To everyone", "audience": "everyone"}
WAYS: dict[str, Callable[[Client, Broadcast], Any]] = {
    "the form": lambda client, row: client.post(page(row), AIMED),
    "its end": lambda client, row: client.post(page(row), AIMED | at("expires_at", TOMORROW)),
    "save as new": lambda client, row: client.post(page(row), AIMED | {"_saveasnew": "1"}),
    "save and publish": lambda client, row: client.post(page(row), AIMED | {"_publish": "1"}),
    "withdraw": lambda client, row: client.post(page(row, "withdraw")),
    "delete": lambda client, row: client.post(page(row, "delete"), {"post": "yes"}),
    "delete selected": lambda client, row: selected(client, row, "delete_selected", post="yes"),
    "publish selected": lambda client, row: selected(client, row, "publish_selected"),
    "withdraw selected": lambda client, row: selected(client, row, "withdraw_selected"),
    "a list that is edited": lambda client, row: client.post(
        LIST, {"form-TOTAL_FORMS": 1, "form-INITIAL_FORMS": 1, "form-0-id": row.pk, "form-0-title": "x", "_save": "1"}
    ),
}


def selected(client: Client, row: Broadcast, action: str, **more: str) -> Any:
    return client.post(LIST, {"action": action, "_selected_action": [row.pk], **more})


def rows() -> list[dict[str, Any]]:
    return list(Broadcast.objects.order_by("pk").values())


@pytest.mark.parametrize("kind", OUT)
@pytest.mark.parametrize("way", WAYS)
def test_what_is_out_is_not_touched_by_who_only_writes(bob: Any, way: str, kind: str) -> None:
    row = OUT[kind]()
    client = staff("writer", *WRITING)
    before, badge = rows(), state(bob)
    WAYS[way](client, row)
    assert rows()[:1] == before  # "save as new" leaves it as it is
    assert state(bob) == badge
    shown = client.get(page(row))
    assert shown.status_code == 200  # it can still be looked at
    assert 'name="_continue"' not in shown.content.decode()


FREE = ("publish_broadcast", "withdraw_broadcast")
PRICES = {  # of what is live or scheduled, beyond the four permissions of writing
    "the form": "publish_broadcast",
    "withdraw": "withdraw_broadcast",
    "delete": "withdraw_broadcast",
    "delete selected": "withdraw_broadcast",
    "withdraw selected": "withdraw_broadcast",
}


@pytest.mark.parametrize("kind", OUT)
@pytest.mark.parametrize("has", FREE)
@pytest.mark.parametrize("way", PRICES)
def test_publishing_and_withdrawing_are_two_permissions(way: str, has: str, kind: str) -> None:
    row = OUT[kind]()
    more = at("publish_at", TOMORROW) if kind == "scheduled" else {}
    client = staff("one of the two", *WRITING, has)
    before = rows()
    if way == "the form":
        client.post(page(row), AIMED | more)
    else:
        WAYS[way](client, row)
    assert (rows() != before) == (has == PRICES[way])


@pytest.mark.parametrize("kind", OUT)
@pytest.mark.parametrize("has", FREE)
def test_the_form_of_what_is_out_has_the_buttons_that_work(has: str, kind: str) -> None:
    row = OUT[kind]()
    shown = staff("one of the two", *WRITING, has).get(page(row)).content.decode()
    assert ('data-asks="inbox-withdraw"' in shown) == (has == "withdraw_broadcast")
    assert ('name="_continue"' in shown) == (has == "publish_broadcast")
    assert ("deletelink" in shown) == (has == "withdraw_broadcast")


@pytest.mark.parametrize("has", FREE)
def test_the_list_has_the_actions_that_work(has: str) -> None:
    IN["draft"]()
    shown = staff("one of the two", *WRITING, has).get(LIST).content.decode()
    assert ("publish_selected" in shown, "withdraw_selected" in shown) == (has == FREE[0], has == FREE[1])


@pytest.mark.parametrize("has", FREE)
def test_a_draft_is_published_with_the_permission_to_publish(has: str) -> None:
    row = IN["draft"]()
    client = staff("one of the two", *WRITING, has)
    assert ('name="_publish"' in client.get(page(row)).content.decode()) == (has == FREE[0])
    WAYS["save and publish"](client, row)
    WAYS["publish selected"](client, row)
    row.refresh_from_db()
    assert (row.state == "live") == (has == FREE[0])


@pytest.mark.parametrize("kind", IN)
def test_what_is_not_out_takes_no_more_than_writing(kind: str) -> None:
    row = IN[kind]()
    client = staff("writer", *WRITING)
    assert client.post(page(row), AIMED).status_code == 302
    row.refresh_from_db()
    assert row.title == "To everyone"
    client.post(page(row, "delete"), {"post": "yes"})
    assert not rows()


@pytest.mark.parametrize("way", ["the form", "delete", "delete selected"])
def test_it_came_out_since_the_permission_was_asked_for(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody publishes between the check and the write."""
    row = Broadcast.objects.create(title="Staff only", audience="staff")
    client = staff("writer", *WRITING)
    real, asked = admin_broadcasts.ledger.locked_clock, []

    def locked_clock() -> Any:
        if not asked:
            asked.append(1)
            services.publish(Broadcast.objects.get(pk=row.pk))
        return real()

    monkeypatch.setattr(admin_broadcasts.ledger, "locked_clock", locked_clock)
    assert WAYS[way](client, row).status_code == 403
    monkeypatch.undo()
    row.refresh_from_db()
    assert row.title == "Staff only"


SINGLE = {
    "view_broadcast": set(),
    "add_broadcast": {"save as new"},
    "change_broadcast": {"the form", "its end"},
    "delete_broadcast": {"delete"},
    "publish_broadcast": set(),
    "withdraw_broadcast": {"withdraw"},
}


@pytest.mark.parametrize("permission", SINGLE)
def test_each_permission_by_itself(permission: str) -> None:
    """On drafts (withdrawing: on a live one)."""
    client = staff("one", permission)
    for way, act in WAYS.items():
        row = OUT["live"]() if way.startswith("withdraw") else IN["draft"]()
        before = rows()
        act(client, row)
        assert (rows() != before) == (way in SINGLE[permission]), way


def test_who_can_only_look_sees_what_readers_see() -> None:
    texts = {"zh-hans": {"title": "<b>茶</b>", "body": "*绿*"}}
    row = Broadcast.objects.create(
        title="Tea", body="**Green** <script>x</script>", language="en", translations=texts,
        buttons=[{"url": "/tea/", "label": "Drink", "labels": {"zh-hans": "喝"}}],
    )  # fmt: skip
    shown = staff("reader", "view_broadcast").get(page(row)).content.decode()
    [english, chinese] = re.findall(r'<section class="inbox-as-read".*?</section>', shown, re.DOTALL)
    assert "<strong>Green</strong>" in english
    assert "<script>" not in english
    assert '<a href="/tea/" lang="en">Drink</a>' in english
    assert 'lang="zh-hans"' in chinese
    assert "<bdi>&lt;b&gt;茶&lt;/b&gt;</bdi>" in chinese
    assert "<em>绿</em>" in chinese
    assert '<a href="/tea/" lang="zh-hans">喝</a>' in chinese


@pytest.mark.parametrize("more", [(), ("view_user",), ("change_user",)])
def test_addresses_of_people_are_for_who_may_view_users(more: tuple[str, ...]) -> None:
    person("ann", email="tea@example.org", first_name="Anna")
    client = staff("writer", "add_broadcast", "view_broadcast", *more)

    def found(typed: str) -> list[str]:
        return [each["more"] for each in client.get(f"{LIST}people/", {"q": typed}).json()["people"]]

    assert found("tea@") == (["Anna · tea@example.org"] if more else [])
    assert found("anna") == (["Anna · tea@example.org"] if more else ["Anna"])
    effect = page(announcement(), "effect")
    for address, shown in ((effect, b"<bdi>ann</bdi>"), (f"{effect[:-1]}.csv", b",ann,")):
        listed = [shown in b"".join(client.get(address, {"q": typed})) for typed in ("tea@", "anna")]
        assert listed == [bool(more), True], address
    for address in (f"{LIST}add/", effect):
        assert ("Name or e-mail address" in client.get(address).content.decode()) == bool(more), address


# Service tokens

TOKENS = "/admin/inbox/servicetoken/"
SENDING = tuple(f"add_{model._meta.model_name}" for model in event_types().values())
GRANTS: dict[Scope, tuple[str, ...] | None] = {
    Scope.MESSAGES_WRITE: SENDING,
    Scope.MESSAGES_READ: ("view_mailbox",),
    Scope.BROADCASTS_READ: ("view_broadcast",),
    Scope.BROADCASTS_WRITE: ("add_broadcast", "change_broadcast", "delete_broadcast"),
    Scope.BROADCASTS_PUBLISH: ("publish_broadcast",),
    Scope.BROADCASTS_WITHDRAW: ("withdraw_broadcast",),
    Scope.TICKETS: None,
}


def make(client: Client, owner: Any, *scopes: str) -> Any:
    form = {"name": "shop", "owner": owner.pk, "scopes": scopes, "expires_at_0": "", "expires_at_1": ""}
    return client.post(f"{TOKENS}add/", form)


def test_every_scope_has_its_price() -> None:
    assert list(GRANTS) == list(Scope)


@pytest.mark.parametrize("scope", Scope)
def test_a_scope_is_given_by_who_may_do_it_themselves(scope: Scope) -> None:
    needed = GRANTS[scope] or ()
    every = {permission for price in GRANTS.values() for permission in price or ()}
    poor = staff("poor", "add_servicetoken", *(every - set(needed[:1])))
    make(poor, person("x"), scope)
    assert not ServiceToken.objects.exists()
    rich = staff("rich", "add_servicetoken", *(needed if GRANTS[scope] is not None else every))
    make(rich, person("y"), scope)
    assert ServiceToken.objects.count() == (GRANTS[scope] is not None)


def test_nobody_makes_a_token_of_somebody_else(bob: Any) -> None:
    boss = person("boss", is_staff=True, is_superuser=True)
    client = staff("clerk", "add_servicetoken", "view_mailbox")
    for owner in (boss, bob):
        make(client, owner, "messages:read")
    assert {token.owner.username for token in ServiceToken.objects.all()} == {"clerk"}


def test_all_at_once_is_refused_as_a_whole() -> None:
    make(staff("clerk", "add_servicetoken", "view_mailbox"), person("x"), *Scope.values)
    assert not ServiceToken.objects.exists()


def test_a_superuser_gives_anything_to_anybody(bob: Any) -> None:
    make(signed_in(person("boss", is_staff=True, is_superuser=True)), bob, *Scope.values)
    assert ServiceToken.objects.get().owner == bob


def test_inactive_superusers_give_nothing() -> None:
    boss = person("boss", is_staff=True, is_superuser=True, is_active=False)
    assert services.grantable_scopes(boss) == []


def test_a_group_s_permissions_count_as_one_s_own() -> None:
    clerk = person("clerk", is_staff=True)
    group = Group.objects.create(name="desk")
    group.permissions.set(Permission.objects.filter(codename__in=["add_servicetoken", "view_mailbox"]))
    clerk.groups.add(group)
    assert services.grantable_scopes(clerk) == ["messages:read"]


def test_permissions_add_up() -> None:
    prices = [scope for scope, price in GRANTS.items() if price is not None]
    for some in chain.from_iterable(combinations(prices, n) for n in (0, 1, 2)):
        codenames = {codename for scope in some for codename in GRANTS[scope] or ()}
        user = person(f"clerk-{'-'.join(some)}", is_staff=True)
        user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
        affordable = [scope for scope in prices if set(GRANTS[scope] or ()) <= codenames]
        assert services.grantable_scopes(user) == affordable


def test_a_token_that_exists_can_be_looked_at() -> None:
    client = staff("clerk", "add_servicetoken", "view_servicetoken", "change_servicetoken", "view_mailbox")
    make(client, person("x"), "messages:read")
    assert client.get(f"{TOKENS}{ServiceToken.objects.get().pk}/change/").status_code == 200


def test_a_token_made_by_staff_works(bob: Any) -> None:
    answer = make(staff("clerk", "add_servicetoken", "view_mailbox"), bob, "messages:read")
    [text] = set(re.findall(r"rd_[\w-]{43}", answer.content.decode()))
    assert Service(text).get(f"users/{bob.pk}/unread/").status_code == 200
