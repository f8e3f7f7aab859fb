"""Who may call what. Every operation of the OpenAPI document is one row of a table: every caller tries every row."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pytest
from django.apps import apps
from django.contrib.auth.models import Group
from django.db import connection, transaction

from inbox import selectors, services
from inbox.api import api
from inbox.api.shared.document import openapi
from inbox.core.visits import visit_of
from inbox.models import Broadcast, FollowMessage, Scope, ServiceToken, TicketSession

from .may_follow import a_site_that_lets_follow
from .repeated import repeated, stopped
from .rest import BUTTONS, PREFIX, Caller, announcement, comment, person, problem
from .services import Service, row_of

pytestmark = [pytest.mark.urls("tests.inbox.urls"), pytest.mark.django_db, pytest.mark.anywhere]

# Who gets in, and with what status. `owner` and `ticket`: the session and the ticket of the person whose item `ref` is;
# `other`: the session of another person. Scopes: a token that has all those joined by a plus. All others are refused:
# `Row.refusal`.
TABLE = """
    GET     unread/                       200  owner ticket other
    GET     inbox/                        200  owner ticket other
    GET     inbox/count/                  200  owner ticket other
    GET     inbox/threads/                200  owner ticket other
    GET     inbox/threads/{thread}/       200  owner ticket
    POST    inbox/read/                   200  owner ticket
    POST    inbox/seen/                   200  owner ticket other
    POST    inbox/changes/                200  owner ticket
    POST    inbox/undo/                   200  owner ticket
    POST    inbox/events/                 204  owner ticket other
    GET     inbox/announcements/          200  owner ticket other
    POST    inbox/announcements/{banner}/close/    200  owner ticket
    POST    inbox/announcements/{banner}/confirm/  200  owner ticket
    GET     inbox/{ref}/                  200  owner ticket
    PATCH   inbox/{ref}/                  200  owner ticket
    POST    inbox/{ref}/pressed/          200  owner ticket
    DELETE  inbox/{ref}/                  200  owner ticket
    POST    inbox/visited/                200  owner ticket other
    GET     following/                    200  owner ticket other
    PUT     following/{new}/              200  owner ticket other
    DELETE  following/{subject}/          200  owner ticket other
    GET     silences/                     200  owner ticket other
    PUT     silences/{new}/               200  owner ticket other
    DELETE  silences/{subject}/           200  owner ticket other
    GET     preferences/                  200  owner ticket other
    PUT     preferences/                  200  owner ticket other
    PATCH   preferences/                  200  owner ticket other
    POST    tickets/                      201  owner other

    POST    messages/                     201  messages:write
    POST    messages/batch/               200  messages:write
    GET     sends/{send}/                 200  messages:read
    PATCH   sends/{send}/                 200  messages:write
    DELETE  sends/{send}/                 200  messages:write
    PATCH   messages/{key}/               200  messages:write
    DELETE  messages/{key}/               200  messages:write
    GET     users/{bob}/unread/           200  messages:read
    POST    users/{bob}/tickets/          201  tickets
    GET     broadcasts/                   200  broadcasts:read
    POST    broadcasts/                   201  broadcasts:write
    GET     broadcasts/{draft}/           200  broadcasts:read
    PATCH   broadcasts/{draft}/           200  broadcasts:write
    PATCH   broadcasts/{live}/            200  broadcasts:write+broadcasts:publish
    DELETE  broadcasts/{draft}/           204  broadcasts:write
    DELETE  broadcasts/{live}/            204  broadcasts:write+broadcasts:withdraw
    GET     broadcasts/{live}/receipts/   200  broadcasts:read
    GET     broadcasts/{live}/effect/     200  broadcasts:read
    GET     broadcasts/{live}/people/     200  broadcasts:read
    POST    broadcasts/{draft}/publish/   200  broadcasts:publish
    POST    broadcasts/{live}/withdraw/   200  broadcasts:withdraw
    GET     broadcast-series/             200  broadcasts:read
    POST    broadcast-series/             201  broadcasts:write
    GET     broadcast-series/{stopped}/   200  broadcasts:read
    PATCH   broadcast-series/{stopped}/   200  broadcasts:write
    PATCH   broadcast-series/{active}/    200  broadcasts:write+broadcasts:publish
    PATCH   broadcasts/{repeated}/        200  broadcasts:write+broadcasts:publish
    DELETE  broadcast-series/{stopped}/   204  broadcasts:write
    DELETE  broadcast-series/{active}/    204  broadcasts:write+broadcasts:withdraw
    DELETE  broadcasts/{repeated}/        204  broadcasts:write+broadcasts:withdraw
    GET     audience-filters/             200  broadcasts:read
    POST    broadcast-series/{stopped}/start/  200  broadcasts:publish
    POST    broadcast-series/{active}/stop/    200  broadcasts:withdraw
"""
SECRET = "Dismissal of Bob"  # in the title of the owner's item
EVENT = {"type": "follow", "recipients": ["bob"]}
WEEKLY = {"rule": "FREQ=WEEKLY", "starts_on": "2030-01-01", "at": "09:00", "time_zone": "Europe/Berlin"}
BODIES: dict[str, Any] = {
    "PATCH inbox/{ref}/": {"read": True},
    "POST inbox/{ref}/pressed/": {"button": 1},
    "PUT silences/{new}/": {"for": "week"},
    "PUT preferences/": {"muted": ["like"]},
    "PATCH preferences/": {"language": "de"},
    "POST messages/": EVENT,
    "POST messages/batch/": {"messages": [EVENT]},
    "PATCH sends/{send}/": {"type": "follow", "url": "/new"},
    "PATCH messages/{key}/": {"type": "follow", "url": "/new"},
    "POST broadcasts/": {"title": "Tea"},
    "PATCH broadcasts/{draft}/": {"title": "Tea"},
    "PATCH broadcasts/{live}/": {"title": "Tea"},
    "PATCH broadcasts/{repeated}/": {"title": "Tea"},
    "PATCH broadcast-series/{stopped}/": {"at": "10:00"},
    "PATCH broadcast-series/{active}/": {"at": "10:00"},
}
NO_CSRF, FORGED = "owner without the CSRF token", "owner from another origin"
ENDED = ("expired token", "revoked token", "deactivated owner's token")
BESIDE_ENDED, BESIDE_ALL = "owner who shows an expired token", "owner who shows a token of every scope"
SCOPES = {word: set(word.split("+")) for word in TABLE.split() if ":" in word}
SCOPES |= {scope: {scope} for scope in Scope.values}
SCOPES |= {"every scope": set(Scope.values), BESIDE_ALL: set(Scope.values)}

NOTED = {ServiceToken, TicketSession}  # a token's use, and a ticket's session
KEPT = [model._meta.db_table for model in apps.get_app_config("inbox").get_models() if model not in NOTED]


class Row(NamedTuple):
    method: str
    path: str
    success: int
    entrants: list[str]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def is_write(self) -> bool:
        return self.method != "GET"

    @property
    def needs(self) -> set[str]:
        """The scopes; none if it is a person's."""
        return SCOPES.get(self.entrants[0], set())

    def lets_in(self, caller: str) -> bool:
        if self.needs:
            return self.needs <= SCOPES.get(caller, set())
        return caller in self.entrants or (caller in {NO_CSRF, FORGED} and not self.is_write)

    def refusal(self, caller: str) -> tuple[int, str]:
        """What everybody else is told: who are you (401), not you (403), or there is no such thing (404)."""
        if self.needs and caller in SCOPES:
            return 403, "missing_scope"
        if self.needs:
            return 401, "bad_token" if caller in {"ticket", BESIDE_ENDED, *ENDED} else "not_signed_in"
        people = {"other": (404, "not_found"), NO_CSRF: (403, "csrf_failed"), FORGED: (403, "csrf_failed")}
        return people.get(caller, (401, "not_signed_in"))


ROWS = [Row(line[0], line[1], int(line[2]), line[3:]) for line in map(str.split, TABLE.splitlines()) if line]


class World:
    """Bob with his secret, Eve who is curious, and the services of Ops."""

    def __init__(self) -> None:
        self.bob, self.eve, self.ops, leaver = (person(name) for name in ("bob", "eve", "ops", "leaver"))
        token = services.create_token("shop", self.ops, Scope.values)
        self.put = {
            "thread": comment(self.bob, target_title=SECRET, url="/of/bob/").thread,
            "ref": comment(self.bob, target_title=SECRET, buttons=BUTTONS).ref,
            "undo": self.act(),
            "bob": self.bob.pk,
            "send": self.send_of(token),
            "key": "order-77",
            "draft": Broadcast.objects.create(title="Draft").pk,
            "live": announcement(title="Live").pk,
            "banner": self.banner().ref,
            "stopped": stopped(self.ops.pk).pk,
            "active": (active := repeated(self.ops.pk)).pk,
            "repeated": active.template_id,
            "subject": "blog.post:7",
            "new": "blog.post:8",
        }
        for user in (self.bob, self.eve):
            services.send([user], FollowMessage, target="blog.post:7")
            services.follow(user, "blog.post:7"), services.silence(user, "blog.post:7")
        owners = dict(zip(ENDED, (self.ops, self.ops, leaver), strict=True))
        ended = {name: services.create_token(name, owner, Scope.values) for name, owner in owners.items()}
        ServiceToken.objects.filter(name=ENDED[0]).update(expires_at=datetime(2020, 1, 1, tzinfo=UTC))
        services.revoke_token(row_of(ended[ENDED[1]]))
        type(leaver).objects.filter(pk=leaver.pk).update(is_active=False)
        self.callers: dict[str, Caller] = {
            "anonymous": Caller(),
            "owner": Caller(self.bob),
            "other": Caller(self.eve),
            "ticket": Service(services.mint_ticket(self.bob, None)[0]),
            NO_CSRF: Caller(self.bob, csrf=False),
            FORGED: Caller(self.bob),
        }
        self.callers[FORGED].headers |= {"Origin": "https://evil.example"}
        made = {name: services.create_token(name, self.ops, scopes) for name, scopes in SCOPES.items()}
        self.callers |= {name: Service(token) for name, token in (made | ended).items()}
        for name, token in ((BESIDE_ENDED, ended[ENDED[0]]), (BESIDE_ALL, made[BESIDE_ALL])):
            self.callers[name] = Caller(self.bob)
            self.callers[name].headers |= Service(token).headers
        self.sends = {name: self.send_of(token) for name, token in made.items()}
        for caller in self.callers.values():  # each handler of its own would look for all static files: 20 ms
            caller.client.handler = self.callers["anonymous"].client.handler

    def act(self) -> str:
        """The token that undoes what Bob has done to an item."""
        with services.recording(self.bob) as act:
            services.mark_read(self.bob, [comment(self.bob).ref])
        return act.token

    def banner(self) -> Broadcast:
        """For Bob alone."""
        group = Group.objects.create(name="Bob's")
        group.user_set.add(self.bob)
        made = Broadcast.objects.create(title=SECRET, audience="groups", as_banner=True, as_dialog=True)
        made.groups.add(group)
        services.publish(made)
        return made

    def send_of(self, token: str) -> Any:
        """The number of a send of this token's, whatever its scopes."""
        row = row_of(token)
        order = services.Order(services.draft(FollowMessage), [self.eve.pk], key="order-77")
        [sent] = services.start_sends([order], row)
        return sent.pk

    def call(self, name: str, row: Row, **put: Any) -> Any:
        put = self.put | {"send": self.sends.get(name, self.put["send"])} | put
        bodies = BODIES | {
            "POST inbox/read/": {"refs": [put["ref"]]},
            "POST inbox/seen/": {"up_to": 10**15},
            "POST inbox/changes/": {"refs": [put["ref"]], "archived": True},
            "POST inbox/undo/": {"undo": put["undo"]},
            "POST inbox/events/": {"events": [{"ref": f"broadcast-{put['live']}", "what": "seen"}]},
            "POST inbox/visited/": {"visit": self.visit_of(self.eve if name == "other" else self.bob)},
            "POST broadcast-series/": {**WEEKLY, "broadcast": put["draft"]},
        }
        body = bodies.get(str(row))
        return self.callers[name](row.method, row.path.format(**put), body)

    def visit_of(self, user: Any) -> str:
        return visit_of(user.pk, "blog.post:7", selectors.versions([user.pk])[user.pk])

    def rows(self) -> Any:
        """All that the inbox keeps but what is only noted, and what the badges show."""
        kept = {}
        with connection.cursor() as cursor:
            for table in KEPT:
                cursor.execute(f"SELECT * FROM {table} ORDER BY 1")
                kept[table] = cursor.fetchall()
        return kept, selectors.snapshot(self.bob), selectors.snapshot(self.eve)


@pytest.fixture(scope="module")
def world(in_one_transaction: None) -> Iterator[World]:
    with a_site_that_lets_follow():
        yield World()


def test_every_operation_is_in_the_table() -> None:
    of_the_document = {
        (method.upper(), unnamed(path.removeprefix(PREFIX)))
        for path, operations in openapi(api, PREFIX)["paths"].items()
        for method in operations
    }
    assert {(row.method, unnamed(row.path)) for row in ROWS} == of_the_document


def unnamed(path: str) -> str:
    return "/".join("{}" if step.startswith("{") else step for step in path.split("/"))


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_who_gets_in(row: Row, world: World) -> None:
    before = world.rows()
    refused = [name for name in world.callers if not row.lets_in(name)]
    for name in refused:
        status, code = row.refusal(name)
        answer = world.call(name, row)
        assert (name, answer.status_code) == (name, status)
        assert (name, problem(answer, status)["code"]) == (name, code)
        assert SECRET.encode() not in answer.content
    assert world.rows() == before, f"one of these has changed something: {refused}"
    for name in filter(row.lets_in, world.callers):
        with transaction.atomic():
            answer = world.call(name, row)
            assert (name, answer.status_code) == (name, row.success), answer.content
            keeps_nothing = not row.is_write or row.path.endswith("tickets/")
            assert (world.rows() == before) == keeps_nothing, name
            if name == "other":
                is_about_eve_alone(world, answer, before)
            transaction.set_rollback(True)


def is_about_eve_alone(world: World, answer: Any, before: Any) -> None:
    assert SECRET.encode() not in answer.content
    assert json.loads(answer.content or "{}").get("user", world.eve.pk) == world.eve.pk
    assert world.rows()[1] == before[1]


@pytest.mark.parametrize("row", [row for row in ROWS if row.lets_in("ticket") and not row.lets_in("other")], ids=str)
def test_what_is_somebody_elses_is_not_there(row: Row, world: World) -> None:
    """The same answer as for what never was: nobody learns that it exists."""
    hidden = announcement(audience="staff").ref, f"broadcast-{world.put['draft']}", world.put["ref"]
    unknown = world.call("other", row, ref="comment-999999")
    problem(unknown, 404)
    for ref in hidden:
        refused = world.call("other", row, ref=ref)
        assert refused.content.decode().replace(ref, "…") == unknown.content.decode().replace("comment-999999", "…")
        assert headers(refused) == headers(unknown)


def test_a_token_reads_its_own_sends_only(world: World) -> None:
    reader = world.callers["messages:read"]
    assert reader.get(f"sends/{world.sends['messages:read']}/").status_code == 200
    unknown = reader.get("sends/999999/")
    for other in (world.put["send"], world.sends["every scope"]):
        refused = reader.get(f"sends/{other}/")
        assert (refused.status_code, refused.content) == (404, unknown.content)


def test_a_token_reads_the_sends_of_the_one_it_takes_the_place_of(world: World) -> None:
    successor = Service(services.create_token("shop", world.ops, [Scope.MESSAGES_READ]))
    assert successor.get(f"sends/{world.put['send']}/").status_code == 200
    namesake = Service(services.create_token("every scope", world.eve, [Scope.MESSAGES_READ]))
    problem(namesake.get(f"sends/{world.sends['every scope']}/"), 404)


@pytest.mark.parametrize("name", ["owner", "ticket"])
def test_what_somebody_else_has_visited_reads_nothing(name: str, world: World) -> None:
    before = world.rows()
    for visit in (world.visit_of(world.eve), world.visit_of(world.bob)[:-1], "", "x"):
        answer = world.callers[name]("POST", "inbox/visited/", {"visit": visit})
        assert problem(answer, 422)["code"] == "bad_value"
    assert world.rows() == before


def headers(answer: Any) -> dict[str, str]:
    """Those that tell something. The length does not: the answer repeats what was asked for."""
    return {name: value for name, value in answer.items() if name not in {"Content-Length", "X-Request-ID"}}


@pytest.mark.parametrize("row", [row for row in ROWS if row.needs and "{" in row.path], ids=str)
def test_a_scope_comes_before_the_question_whether_it_is_there(row: Row, world: World) -> None:
    """Who lacks it cannot tell what there is from what there is not."""
    for name in {"messages:write", "every scope"}:
        status = 404 if row.lets_in(name) else 403
        problem(world.call(name, row, **dict.fromkeys(world.put, 999_999)), status)


def test_the_callers_are_those_of_the_table(world: World) -> None:
    assert {name for row in ROWS for name in row.entrants} | set(Scope.values) <= world.callers.keys()
