"""The OpenAPI document: that of ninja, completed with headers, media types and names that ninja can't express."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from ninja import NinjaAPI

from ...http.problems import MEDIA_TYPE
from .auth import Service
from .schemas import Problem

Document = dict[str, Any]

TEXT, COUNT = {"type": "string"}, {"type": "integer", "minimum": 0}
# If a header is `required`, every response must have it. A request can be refused before it is counted, so the headers
# for rate limits are not required in errors.
ETAG = {"description": "Send it as `If-None-Match`: 304 while nothing has changed.", "schema": TEXT, "required": True}
CHALLENGE = {"description": "How to sign in (RFC 9110, 11.6.1).", "schema": TEXT, "required": True}
RETRY = {"description": "Seconds after which to retry.", "schema": COUNT, "required": True}
LOCATION = {"description": "The URL of the new resource.", "schema": {"type": "string", "format": "uri-reference"}}
BUDGET = {
    "RateLimit-Policy": "Requests per window (draft-ietf-httpapi-ratelimit-headers).",
    "RateLimit": "How many requests are left, and the seconds until the next window.",
}
STORED = {"description": "Responses are private: no shared cache stores them.", "schema": TEXT, "required": True}

REFUSED = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}

TAGS = {
    "Inbox": "A user's own inbox.",
    "Following": "What a user follows, has silenced and has visited.",
    "Preferences": "The event types that a user has muted.",
    "Tickets": "Credentials for connections that have no session cookie.",
    "For services": "Endpoints for other services, with a token.",
}


def answers(success: dict[int, Any], *refusals: int) -> dict[Any, Any]:
    """The responses of an operation, for ninja: 401, 429, 503 and its own `refusals` besides its success.

    A refusal is a `Problem`, which is declared here once: ninja would make a class for every status of every operation,
    a third of the time that importing the API takes.
    """
    return {**success, frozenset({401, 429, 503, *refusals}): None}


def openapi(api: NinjaAPI, root: str, origin: str = "") -> Document:
    """The document (OpenAPI 3.1) of an API mounted at `origin` + `root` ("https://example.org", "/api/v1/")."""
    return {**_described(api, root), "servers": [{"url": origin}]}


@lru_cache(maxsize=8)  # it takes a quarter of a second, and anybody may ask for it
def _described(api: NinjaAPI, root: str) -> Document:
    document: Document = api.get_openapi_schema(path_prefix=root)
    document["tags"] = [{"name": name, "description": text} for name, text in TAGS.items()]
    schemas = document["components"]["schemas"]
    for name in [name for name in schemas if name.endswith("Query")]:
        del schemas[name]  # their fields are parameters
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}", mode="serialization")
    schemas |= problem.pop("$defs") | {Problem.__name__: problem}
    for name, schema in (("items", "Item"), ("announcements", "Announcement")):  # defined by other operations
        problem["properties"][name]["items"] = {"$ref": f"#/components/schemas/{schema}"}
    for method, operation in operations(document):
        for parameter in operation["parameters"]:
            parameter.pop("examples", None)  # has to be a map here; the schema has them, too, as an array
        _name_the_union(operation, schemas)
        responses = operation["responses"]
        responses[412] = {"description": "Precondition Failed"}
        if method == "get":
            responses[304] = {"description": "Not Modified"}
        for status, answer in responses.items():
            if int(status) >= 400:
                answer["content"] = REFUSED
            answer["headers"] = dict(_headers(method, int(status), Service.__name__ in _ways_in(operation)))
    return document


def operations(document: Document) -> Iterator[tuple[str, Document]]:
    """Each HTTP method with its operation, for all paths."""
    for path in document["paths"].values():
        yield from path.items()


def _ways_in(operation: Document) -> set[str]:
    return {name for way in operation.get("security", ()) for name in way}


def _headers(method: str, status: int, for_service: bool) -> Iterator[tuple[str, Any]]:
    yield "Cache-Control", STORED
    if method == "get" and status in (200, 304):
        yield "ETag", ETAG
    if status in (201, 202):
        yield "Location", LOCATION
    if status == 401:
        yield "WWW-Authenticate", CHALLENGE
    if status in (429, 503):
        yield "Retry-After", RETRY
    if for_service and status not in (401, 503):
        for name, text in BUDGET.items():
            yield name, {"description": text, "schema": TEXT, "required": status < 300}


def _name_the_union(operation: Document, schemas: Document) -> None:
    """Move a union of events or rewrites to a named schema, because code generators create types only for named
    schemas. Its name is that of the parameter."""
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    if "oneOf" in content.get("schema", {}):
        name = content["schema"]["title"]
        schemas[name] = content["schema"]
        content["schema"] = {"$ref": f"#/components/schemas/{name}"}
