"""The API does what its own OpenAPI document says: Schemathesis reads the document off a real server and calls it.

All of Schemathesis's checks are on. What a document cannot say is put right in a request before it goes out (`Agreed`),
never left out of a check.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from itertools import count
from typing import Any

import httpx
import pytest
import schemathesis
from schemathesis.core.parameters import ParameterLocation
from schemathesis.engine import StopReason, events, from_schema
from schemathesis.generation.meta import CoverageScenario
from schemathesis.hooks import HookContext, unregister

from inbox.api.service.once import KEY
from inbox.api.service.series_schemas import RULE_PATTERN, ZONE_PATTERN
from tests.conftest import StartSite
from tests.servers import Site

READER, GROUP, FILTER = "reader", "readers", "new here"
OFTEN = 10**6  # requests a minute: nobody is throttled here
CSRF = "c" * 32
LAST_YEAR, EARLIER = "2999", "2000"  # of those that the API takes in a time
DOCUMENT, INBOX, BROADCASTS, MESSAGES, SENDS = (
    f"/api/v1/{path}" for path in ("openapi.json", "inbox/", "broadcasts/", "messages/", "sends/")
)
COLUMNS: dict[str, dict[str, str]] = {
    "follow": {},
    "share": {"resource_title": "Tea"},
    "system": {"title": "Tea"},
    **{kind: {"target_title": "Tea"} for kind in ("comment", "mention", "like")},
}
GONE = "gone"  # the key of a send that is recalled
RULE, ZONE = re.compile(RULE_PATTERN, re.ASCII), re.compile(ZONE_PATTERN, re.ASCII)
PLACES = ("in_inbox", "as_banner", "as_dialog")
SHOWN = 5  # failures of a run
REFUSALS = [400, 401, 403, 404, 409, 413, 415, 422, 429]  # Schemathesis does not know 413: a long list may be too large
FEW, FEW_TYPES = 1, 1
SOME = pytest.param(FEW, marks=pytest.mark.timeout(900))  # minutes on a busy machine
FIELDS_OF_A_CHANGE = {"title", "audience", "groups", "with_staff", "publish_at", "expires_at"}
PAGE = {"before", "limit"}
MANY = pytest.param(100, marks=[pytest.mark.soak, pytest.mark.timeout(1800)])


@pytest.fixture(params=[pytest.param("daphne", marks=pytest.mark.soak), "uvicorn"])
def site(shared_site: StartSite, request: pytest.FixtureRequest) -> Site:
    return shared_site(server=request.param, INBOX_REQUESTS_PER_MINUTE=OFTEN)


@pytest.fixture
def reader(site: Site) -> str:
    """The id of a user with something to read, a button to press, a banner to close and a dialog to confirm."""
    pk = site.call("user", READER)
    site.call("send", "follow", [READER], buttons=[{"label": "Follow back", "url": "/"}])
    for n in range(10):
        site.call("send", "comment", [READER], target_title=f"Tea {n}")
    for title in ("One", "Two"):
        site.call("broadcast", title, as_banner=True, as_dialog=True)
    site.call("sql", f"INSERT OR IGNORE INTO auth_group (name) VALUES ('{GROUP}')")
    columns = "name, joined_after, language"
    site.call("sql", f"INSERT OR IGNORE INTO inbox_audiencefilter ({columns}) VALUES ('{FILTER}', '2000-01-01', '')")
    return str(pk)


@pytest.fixture
def as_a_service(site: Site) -> dict[str, str]:
    """The header of a token with every scope."""
    [[made]] = site.call("sql", "SELECT count(*) FROM inbox_servicetoken")
    return {"Authorization": f"Bearer {site.call('token', f'service-{made}')}"}


@pytest.fixture
def as_a_user(site: Site, reader: str) -> dict[str, str]:
    """The headers of a browser: a session, and the CSRF token twice."""
    return {"Cookie": f"csrftoken={CSRF}; sessionid={site.cookies(READER)['sessionid']}", "X-CSRFToken": CSRF}


@pytest.fixture
def agreed(site: Site, reader: str, as_a_service: dict[str, str], as_a_user: dict[str, str]) -> Iterator[None]:
    with httpx.Client(base_url=site.url(""), verify=False) as client:
        items = client.get(INBOX, headers=as_a_user, params={"limit": 100}).json()["items"]
        refs = [item["ref"] for item in items if "buttons" not in item]
        pressable = next(item["ref"] for item in items if "buttons" in item)
        acts = [client.patch(f"{INBOX}{refs[0]}/", json={"starred": on}, headers=as_a_user) for on in (True, False) * 3]
        sends = {
            key: client.post(MESSAGES, json=sent_as(key, kind), headers=as_a_service).json()["send"]
            for key, kind in (*zip(COLUMNS, COLUMNS, strict=True), (GONE, "follow"))
        }
        cursors = {
            path: client.get(path, params={"limit": 1}, headers=headers).json()["next"]
            for path, headers in ((INBOX, as_a_user), (BROADCASTS, as_a_service))
        }
    agreed = Agreed(reader, refs, pressable, [act.json()["undo"] for act in acts], sends, cursors)

    @schemathesis.hook
    def before_call(context: Any, case: Any, kwargs: Any) -> None:
        agreed.agree(case)

    yield
    unregister(before_call)


def sent_as(key: str, kind: str) -> dict[str, Any]:
    return {"type": kind, "recipients": [READER], "key": key, **COLUMNS[kind]}


class Agreed:
    """Turns valid values into such as mean something on this site. Invalid ones stay: they are there to be refused.

    Schemathesis finds out afterwards whether the request is (still) valid.
    """

    def __init__(
        self,
        reader: str,
        refs: list[str],
        pressable: str,
        acts: list[str],
        sends: dict[str, int],
        cursors: dict[str, str],
    ) -> None:
        self.reader, self.refs, self.pressable, self.cursors = reader, refs, pressable, cursors
        self.acts, self.sends = acts, sends
        self.numbers = count()

    def agree(self, case: Any) -> None:
        number = next(self.numbers)
        has_type = (case.method, case.path) == ("PATCH", f"{SENDS}{{id}}/")  # a made-up id may be that of another type
        if (number % 2 or has_type) and not (case.meta and case.meta.is_negative_at(ParameterLocation.PATH)):
            self.agree_on_the_address(case, number)
        is_first = str((case.path_parameters or {}).get("id")) == "1"
        if is_first and (case.method, case.path) == ("DELETE", f"{BROADCASTS}{{id}}/"):
            case.path_parameters["id"] = 2  # the first one stays: see `agree_on_recurring`
        if is_key(key := (case.headers or {}).get("Idempotency-Key")):
            case.headers["Idempotency-Key"] = new_key(key, number)  # one that came with another request is 422
        if is_text((case.query or {}).get("before"), 0, 500):  # only what the API has handed out is a cursor
            if case.path in self.cursors:
                case.query["before"] = self.cursors[case.path]
            else:
                del case.query["before"]
        if isinstance(case.body, dict):
            if case.path == f"{INBOX}undo/" and self.acts and is_undo(case.body):
                case.body["undo"] = self.acts.pop()
            if case.path == f"{INBOX}undo/" and case.body.get("act") == case.body.get("undo"):
                case.body.pop("act", None)  # an undo needs a token of its own
            if case.path == f"{INBOX}{{ref}}/pressed/" and case.body.get("button") == 1:
                case.body["button"] = 0  # there is one
            agree_on_times(case.body)
            for event in [case.body, *listed(case.body.get("messages"))]:
                agree_on_people(event)
            agree_on_recurring(case.body)
            if case.path.startswith(BROADCASTS):
                agree_on_filters(case.body, is_change=case.method == "PATCH")
                agree_on_an_audience(case.body)
            if case.method == "PATCH" and case.path.startswith(BROADCASTS):
                agree_on_groups(case.body)
                agree_on_the_start(case.body)
                agree_on_places(case.body)

    def agree_on_the_address(self, case: Any, number: int) -> None:
        """A made-up id is nobody's: every second time, somebody's is asked for."""
        kind = GONE if case.method == "DELETE" else str(isinstance(case.body, dict) and case.body.get("type"))
        if case.path == f"{MESSAGES}{{key}}/" and kind in self.sends:
            case.path_parameters["key"] = kind
        elif case.path == f"{SENDS}{{id}}/" and kind in self.sends:
            case.path_parameters["id"] = self.sends[kind]
        elif case.path == f"{INBOX}{{ref}}/pressed/":
            case.path_parameters["ref"] = self.pressable
        elif case.path == f"{INBOX}{{ref}}/":
            case.path_parameters["ref"] = self.refs[number % len(self.refs)]
        elif case.path.startswith(f"{INBOX}announcements/{{ref}}/"):
            shown = [ref for ref in self.refs if ref.startswith("broadcast-")]
            case.path_parameters["ref"] = shown[number // 2 % len(shown)]
        elif "/users/{id}/" in case.path:
            case.path_parameters["id"] = self.reader


def agree_on_times(body: dict[str, Any]) -> None:
    """A broadcast ends after it begins, though one of the two may be in the database only."""
    if is_time(body.get("expires_at")):
        body["expires_at"] = f"{LAST_YEAR}-12-31T23:59:59Z"
    if is_time(body.get("publish_at")):
        body["publish_at"] = body["publish_at"].replace(LAST_YEAR, EARLIER, 1)


def agree_on_places(change: dict[str, Any]) -> None:
    """It shows somewhere, and to visitors only what is for everyone; the rest may be in the database only."""
    if change.get("for_visitors") is True:
        change["for_visitors"] = False
    if any(change.get(name) is False for name in PLACES) and isinstance(change.get("in_inbox", True), bool):
        change["in_inbox"] = True


def agree_on_the_start(change: dict[str, Any]) -> None:
    """Whether it can still be changed depends on the state in the database. As the only change it stays."""
    if len(change) > 1 and is_time(change.get("publish_at")):
        del change["publish_at"]


def agree_on_recurring(body: dict[str, Any]) -> None:
    """Most rules have no occurrence on a given date or not all of the parts that belong together; zones have names."""
    if is_text(rule := body.get("rule"), 1, 200) and RULE.search(rule):
        body["rule"] = "FREQ=MONTHLY;BYDAY=-1FR"
    if is_text(zone := body.get("time_zone"), 1, 64) and ZONE.search(zone):
        body["time_zone"] = "Europe/Berlin"
    if isinstance(body.get("broadcast"), int) and 0 < body["broadcast"] < 2**63:
        body["broadcast"] = 1


def agree_on_people(event: Any) -> None:
    """Groups and actors must exist, with `strict` recipients too."""
    if not isinstance(event, dict):
        return
    if isinstance(groups := event.get("groups"), list):
        event["groups"] = [GROUP if is_text(name, 1, 150) else name for name in groups]
    if is_user(event.get("actor")):
        event["actor"] = READER
    if event.get("strict") is True and "recipients" in event:
        event["recipients"] = [READER if is_user(one) else one for one in listed(event["recipients"])]


def agree_on_filters(broadcast: dict[str, Any], *, is_change: bool) -> None:
    """Filters must exist, and whether they can be changed depends on the state in the database."""
    for part in (broadcast, broadcast.get("excluded")):
        if isinstance(part, dict) and isinstance(filters := part.get("filters"), list):
            if is_change and all(map(is_filter, filters)):
                part["filters"] = []
            else:
                part["filters"] = [FILTER if is_filter(one) else one for one in filters]


def is_filter(value: Any) -> bool:
    return (type(value) is int and 0 < value < 2**63) or is_text(value, 1, 100)


def agree_on_an_audience(broadcast: dict[str, Any]) -> None:
    """Groups must exist, and an audience of people who don't is nobody's."""
    if isinstance(excluded := broadcast.get("excluded"), dict) and isinstance(groups := excluded.get("groups"), list):
        excluded["groups"] = [GROUP if is_text(name, 1, 150) else name for name in groups]
    if isinstance(people := broadcast.get("people"), list):
        broadcast["people"] = [READER if is_user(one) else one for one in people]


def agree_on_groups(change: dict[str, Any]) -> None:
    """Whether a change of the audience alone, or of a part of it, is good depends on the rest in the database."""
    if change.get("audience") == "several" or change.get("with_staff") is True or change.get("people"):
        if change.get("audience", "several") in ("everyone", "staff", "groups", "several"):
            change["audience"] = "several"
            if change.get("with_staff", False) is False:
                change["with_staff"] = True
    elif change.get("audience") == "groups":
        change["groups"] = change.get("groups") or [GROUP]
    elif isinstance(change.get("groups"), list) and change.get("audience", "staff") in ("everyone", "staff"):
        change["audience"] = "groups" if change["groups"] else "everyone"


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def is_text(value: Any, least: int, most: int) -> bool:
    return isinstance(value, str) and least <= len(value) <= most and "\0" not in value


def is_undo(body: dict[str, Any]) -> bool:
    token = body.get("undo")
    return len(body) == 1 and is_text(token, 1, 43) and re.fullmatch(r"[A-Za-z0-9_-]+", str(token)) is not None


def is_key(value: Any) -> bool:
    return is_text(value, 1, 255) and KEY.fullmatch(value) is not None


def new_key(key: str, number: int) -> str:
    return f'"{number}-{key[1:]}' if key.startswith('"') else f"{number}-{key}"


def is_user(value: Any) -> bool:
    key = value["id"] if isinstance(value, dict) and value.keys() == {"id"} else value
    return isinstance(key, int | str) and not isinstance(key, bool)


def is_time(value: Any) -> bool:
    with suppress(ValueError):
        return isinstance(value, str) and datetime.fromisoformat(value.upper()).tzinfo is not None
    return False


class Run:
    """One run of Schemathesis: examples and boundary values; if many, random values and chains of requests as well."""

    def __init__(self, site: Site, headers: dict[str, str], tags: list[str], examples: int) -> None:
        document = httpx.get(site.url(DOCUMENT), verify=False).json()
        phases: dict[str, Any] = {"stateful": {"max-steps": 4}}
        if examples == FEW:
            shorten(document)
            phases = {
                "coverage": {"unexpected-methods": ["delete", "trace"]},
                "fuzzing": {"enabled": False},
                "stateful": {"enabled": False},
            }
        generation = {"deterministic": True, "max-examples": examples, "with-security-parameters": False}
        config = {
            "base-url": site.url(""), "headers": headers, "continue-on-failure": True,
            "checks": {"negative_data_rejection": {"expected-statuses": REFUSALS}},
            "generation": {**generation, "database": "none"}, "phases": phases,
        }  # fmt: skip
        loaded = schemathesis.openapi.from_dict(document, config=schemathesis.Config.from_dict(config))
        self.schema = loaded.include(tag=tags)
        if examples == FEW:
            self.schema.hook(fewer_wrong_types())
        self.failures: list[str] = []
        self.succeeded: set[str] = set()
        self.errors: list[str] = []
        for event in from_schema(self.schema).execute():
            self.note(event)

    def note(self, event: events.EngineEvent) -> None:
        if isinstance(event, events.ScenarioFinished):
            self.note_scenario(event)
        elif isinstance(event, events.NonFatalError):
            self.errors.append(f"{event.label}: {event.value!r}")
        elif isinstance(event, events.FatalError):
            raise event.exception
        elif isinstance(event, events.EngineFinished) and event.stop_reason is not StopReason.COMPLETED:
            self.errors.append(f"it has stopped: {event.stop_reason}")

    def note_scenario(self, scenario: events.ScenarioFinished) -> None:
        recorder = scenario.recorder
        for case, interaction in recorder.interactions.items():
            if interaction.response is not None and interaction.response.status_code < 300:
                self.succeeded.add(recorder.cases[case].value.operation.label)
        for case, checks in recorder.checks.items():
            for check in checks:
                if info := check.failure_info:
                    answer = recorder.interactions[case].response
                    lines = [f"{check.name}: {info.failure.title}", info.failure.message, info.code_sample]
                    self.failures.append("\n".join([*lines, answer.text if answer else ""]))

    def must_be_clean(self) -> None:
        assert self.errors == []
        assert "\n\n".join(self.failures[:SHOWN]) == "", f"{len(self.failures)} failures"
        operations = {result.ok().label for result in self.schema.get_all_operations()}
        assert operations == self.succeeded  # a credential that opens nothing would pass every check


def fewer_wrong_types() -> Callable[[HookContext, Any], bool]:
    """At each place where the document demands a type some five others are tried: a third of them will do."""
    numbers = count()

    def filter_case(context: HookContext, case: Any) -> bool:
        is_wrong_type = getattr(case.meta.phase.data, "scenario", None) is CoverageScenario.INCORRECT_TYPE
        return not is_wrong_type or next(numbers) % 3 == 0

    return filter_case


def shorten(document: dict[str, Any]) -> None:
    """Most cases would be about events and rewrites of them, whose schemas one function derives: some types stand for
    the others.

    A change of a broadcast has the fields of a new one, and more. Here only those remain that depend on one another.
    Threads are listed with the same filter as items: here only their pages remain.
    """
    items, threads = (document["paths"][path]["get"] for path in (INBOX, f"{INBOX}threads/"))
    assert threads["parameters"] == items["parameters"]
    threads["parameters"] = [each for each in threads["parameters"] if each["name"] in PAGE]
    schemas = document["components"]["schemas"]
    new, changed = (schemas[name]["properties"] for name in ("BroadcastDraft", "BroadcastPatch"))
    assert new.items() <= changed.items()
    for name in changed.keys() - FIELDS_OF_A_CHANGE:
        del changed[name]
    for kinds in (schemas["Event"], schemas["Rewrite"]):
        mapping = kinds["discriminator"]["mapping"]
        assert len(kinds["oneOf"]) == len(mapping) > FEW_TYPES
        kinds["oneOf"] = kinds["oneOf"][:FEW_TYPES]
        kinds["discriminator"]["mapping"] = dict(list(mapping.items())[:FEW_TYPES])


@pytest.mark.parametrize("examples", [SOME, MANY])
@pytest.mark.usefixtures("agreed")
def test_for_services(site: Site, as_a_service: dict[str, str], examples: int) -> None:
    Run(site, as_a_service, ["For services"], examples).must_be_clean()


@pytest.mark.parametrize("examples", [SOME, MANY])
@pytest.mark.usefixtures("agreed")
def test_for_users(site: Site, as_a_user: dict[str, str], examples: int) -> None:
    Run(site, as_a_user, ["Inbox", "Preferences", "Tickets"], examples).must_be_clean()
