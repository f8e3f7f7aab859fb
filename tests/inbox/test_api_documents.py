"""The API's description of itself, and the page that shows it without fetching anything from elsewhere."""

import re
from typing import Any

import pytest
from django.urls import reverse

from inbox.api import api
from inbox.api.service.events import SCHEMAS, Event
from inbox.models import event_types

from .rest import PREFIX, Caller, problem

pytestmark = [pytest.mark.urls("tests.inbox.urls"), pytest.mark.django_db, pytest.mark.anywhere]


@pytest.fixture
def document() -> Any:
    return Caller().get("openapi.json").json()


def test_every_operation_documents_its_answers(document: Any) -> None:
    everywhere = {"304", "412"}  # of a GET, and of every operation: conditions
    statuses = {
        f"{method.upper()} {path.removeprefix(PREFIX)}": " ".join(sorted({*operation["responses"]} - everywhere))
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    }
    assert statuses == {
        "GET unread/": "200 401 429 503",
        "GET inbox/": "200 400 401 422 429 503",
        "GET inbox/count/": "200 401 422 429 503",
        "GET inbox/threads/": "200 400 401 422 429 503",
        "GET inbox/threads/{key}/": "200 400 401 404 422 429 503",
        "GET inbox/announcements/": "200 401 422 429 503",
        "POST inbox/announcements/{ref}/close/": "200 400 401 403 404 409 413 415 422 429 503",
        "POST inbox/announcements/{ref}/confirm/": "200 400 401 403 404 409 413 415 422 429 503",
        "POST inbox/events/": "204 400 401 403 413 415 422 429 503",
        "POST inbox/read/": "200 400 401 403 404 409 413 415 422 429 503",
        "POST inbox/seen/": "200 400 401 403 413 415 422 429 503",
        "POST inbox/changes/": "200 400 401 403 404 409 413 415 422 429 503",
        "POST inbox/undo/": "200 400 401 403 404 413 415 422 429 503",
        "GET inbox/{ref}/": "200 401 404 422 429 503",
        "PATCH inbox/{ref}/": "200 400 401 403 404 409 413 415 422 429 503",
        "POST inbox/{ref}/pressed/": "200 400 401 403 404 409 413 415 422 429 503",
        "DELETE inbox/{ref}/": "200 401 403 404 409 422 429 503",
        "POST inbox/visited/": "200 400 401 403 413 415 422 429 503",
        "GET following/": "200 401 422 429 503",
        "PUT following/{subject}/": "200 401 403 413 415 422 429 503",
        "DELETE following/{subject}/": "200 401 403 422 429 503",
        "GET silences/": "200 401 422 429 503",
        "PUT silences/{subject}/": "200 400 401 403 413 415 422 429 503",
        "DELETE silences/{subject}/": "200 401 403 422 429 503",
        "GET preferences/": "200 401 429 503",
        "PUT preferences/": "200 400 401 403 413 415 422 429 503",
        "PATCH preferences/": "200 400 401 403 413 415 422 429 503",
        "GET users/{id}/unread/": "200 401 403 404 422 429 503",
        "POST users/{id}/tickets/": "201 400 401 403 404 413 415 422 429 503",
        "POST tickets/": "201 400 401 403 413 415 422 429 503",
        "POST messages/": "201 202 400 401 403 409 413 415 422 429 503",
        "POST messages/batch/": "200 400 401 403 409 413 415 422 429 503",
        "GET sends/{id}/": "200 401 403 404 422 429 503",
        "PATCH sends/{id}/": "200 202 400 401 403 404 409 413 415 422 429 503",
        "DELETE sends/{id}/": "200 202 400 401 403 404 409 413 422 429 503",
        "PATCH messages/{key}/": "200 202 400 401 403 404 409 413 415 422 429 503",
        "DELETE messages/{key}/": "200 202 400 401 403 404 409 413 422 429 503",
        "GET broadcasts/": "200 400 401 403 422 429 503",
        "POST broadcasts/": "201 400 401 403 409 413 415 422 429 503",
        "GET broadcasts/{id}/": "200 401 403 404 422 429 503",
        "GET broadcasts/{id}/people/": "200 400 401 403 404 422 429 503",
        "PATCH broadcasts/{id}/": "200 400 401 403 404 409 413 415 422 429 503",
        "DELETE broadcasts/{id}/": "204 400 401 403 404 409 413 422 429 503",
        "GET broadcasts/{id}/effect/": "200 401 403 404 422 429 503",
        "GET broadcasts/{id}/receipts/": "200 400 401 403 404 422 429 503",
        "POST broadcasts/{id}/publish/": "200 400 401 403 404 409 413 415 422 429 503",
        "POST broadcasts/{id}/withdraw/": "200 400 401 403 404 409 413 415 422 429 503",
        "GET audience-filters/": "200 401 403 422 429 503",
        "GET broadcast-series/": "200 401 403 422 429 503",
        "POST broadcast-series/": "201 400 401 403 409 413 415 422 429 503",
        "GET broadcast-series/{id}/": "200 401 403 404 422 429 503",
        "PATCH broadcast-series/{id}/": "200 400 401 403 404 409 413 415 422 429 503",
        "DELETE broadcast-series/{id}/": "204 400 401 403 404 409 413 422 429 503",
        "POST broadcast-series/{id}/start/": "200 400 401 403 404 409 413 415 422 429 503",
        "POST broadcast-series/{id}/stop/": "200 400 401 403 404 409 413 415 422 429 503",
    }


def test_refusals_are_documented_as_problems(document: Any) -> None:
    for operations in document["paths"].values():
        for operation in operations.values():
            for status, answer in operation["responses"].items():
                media_type = "application/json" if status.startswith("2") else "application/problem+json"
                assert list(answer.get("content", {})) == ([] if status in {"204", "304"} else [media_type])


def test_the_types_of_the_site_are_documented(document: Any) -> None:
    parameters = document["paths"][f"{PREFIX}inbox/"]["get"]["parameters"]
    [pattern] = [parameter["schema"]["pattern"] for parameter in parameters if parameter["name"] == "type"]
    types = [*event_types(), "broadcast"]
    assert document["components"]["schemas"]["MarkRead"]["properties"]["type"]["enum"] == types
    assert all(re.search(pattern, given) for given in (*types, ",".join(types)))
    assert not any(re.search(pattern, given) for given in ("poem", "like,poem", "like,"))


@pytest.mark.parametrize("name", ["Snapshot", "Item", "Page", "Problem", "Fault", "MarkRead", "ItemPatch"])
def test_schemas_are_named(document: Any, name: str) -> None:
    assert document["components"]["schemas"][name]["title"] == name


def test_the_ways_in_are_documented(document: Any) -> None:
    assert document["components"]["securitySchemes"] == {
        "Session": {"type": "apiKey", "in": "cookie", "name": "sessionid"},
        "Ticket": {"type": "http", "scheme": "bearer"},
        "Service": {"type": "http", "scheme": "bearer"},
    }
    ways_in = {"Inbox": {"Session", "Ticket"}, "Preferences": {"Session", "Ticket"}, "Tickets": {"Session"}}
    ways_in |= {"Following": {"Session", "Ticket"}, "For services": {"Service"}}
    for operations in document["paths"].values():
        for operation in operations.values():
            [tag] = operation["tags"]
            assert {name for way in operation["security"] for name in way} == ways_in[tag]


def test_the_docs_page_fetches_nothing_from_elsewhere() -> None:
    caller = Caller()
    page = caller.get("docs")
    html = page.content.decode()
    assert "http" not in html
    found = set(re.findall(r'(?:href|src)="([^"]+)"', html)) - {"openapi.json"}
    assert {address for address in found if not address.startswith("docs/")} == {"/static/inbox/default-policy.js"}
    assets = [address for address in found if address.startswith("docs/")]
    assert len(assets) == 4
    for address in assets:
        asset = caller.get(address)
        assert asset.status_code == 200
        assert "max-age" in asset["Cache-Control"]
    problem(caller.get("docs/index.html"), 404)


def test_the_root_leads_to_the_docs() -> None:
    answer = Caller().get("")
    assert (answer.status_code, answer["Location"]) == (302, "docs")
    assert reverse("inbox-api:api-root") == PREFIX


@pytest.mark.urls("tests.inbox.elsewhere")
def test_a_site_may_mount_it_elsewhere() -> None:
    """Below another path and inside a namespace of the site's own."""
    caller = Caller()
    document = caller.client.get("/mail/api/v1/openapi.json").json()
    assert "/mail/api/v1/unread/" in document["paths"]
    assert caller.client.get("/mail/api/v1/docs").status_code == 200
    assert problem(caller.client.get("/mail/api/v1/unread/"), 401)


def test_it_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Making it takes a quarter of a second of CPU time, and needs no credential."""
    hosts = ["localhost", "127.0.0.1"]
    Caller().get("openapi.json")
    monkeypatch.setattr(api, "get_openapi_schema", None)
    one, other = (Caller().client.get(f"{PREFIX}openapi.json", HTTP_HOST=host).json() for host in hosts)
    assert [document.pop("servers") for document in (one, other)] == [[{"url": f"http://{host}"}] for host in hosts]
    assert one == other


def test_an_event_type_without_columns_has_only_those_of_all_events() -> None:
    """A column that the inbox keeps for itself is none that a service can write."""
    assert SCHEMAS["follow"].model_fields.keys() == {*Event.model_fields, "type"}
