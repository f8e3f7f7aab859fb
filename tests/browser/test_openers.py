"""Each transport opened by its name, without a bell, and what it says of the wire."""

import json
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.bell import until
from tests.browser.conftest import Browse
from tests.servers import Site, wait_for

OPEN = """async (name) => {
  const { openers } = await import("/static/push/client/transports.js");
  window.log = [];
  window.seen = [];
  window.connection = openers[name](new URL("/push/", location.href), {
    snapshot: (snapshot) => seen.push(snapshot),
    closed: (reason) => seen.push(reason),
    trace: (event) => log.push(event),
  });
}"""
# What shows on the wire of each: the opening and its answer, a snapshot.
SHOWN = {
    "websocket": ["Sec-WebSocket-Protocol: reddot.v1.json", "101 Switching Protocols", '{"type":"unread"'],
    "sse": ["GET /push/sse/\nAccept: text/event-stream", "200 OK", "event: unread\nid: user-"],
    "long-poll": ["Prefer: wait=25", "200 OK\nETag: ", '"unread":1'],
    "iframe": ["GET /push/iframe/\nAccept: text/html", '{"user":', '"unread":1'],
    "short-poll": ["GET /push/poll/\nAccept: application/json", "200 OK\nETag: ", '"unread":0'],
}


@pytest.fixture
def page(browse: Browse, site: Site, person: str) -> Page:
    """A page of the site that has no bell."""
    made = browse(site, person).new_page()
    made.goto("/jsi18n/")
    return made


def log(page: Page) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = page.evaluate("log")
    return events


@pytest.mark.parametrize("name", SHOWN)
def test_says_what_passes_on_the_wire(page: Page, site: Site, person: str, name: str) -> None:
    page.evaluate(OPEN, name)
    until(page, "seen.length === 1")
    site.call("send", "follow", [person], actor="alice")
    if name == "short-poll":
        page.evaluate("connection.sync()")
    until(page, "seen.at(-1).unread === 1")
    text = "\n".join(event["text"] for event in log(page)).replace('": ', '":').replace(', "', ',"')
    for shown in SHOWN[name]:
        assert shown in text, text
    assert all(event["bytes"] >= len(event["text"].encode()) for event in log(page))
    if name != "short-poll":  # which holds nothing
        page.evaluate("connection.close()")
        assert (log(page)[-1]["kind"], log(page)[-1]["up"]) == ("close", True)


def test_a_ping_and_its_pong(page: Page) -> None:
    page.evaluate(OPEN, "websocket")
    until(page, "seen.length === 1")
    assert page.evaluate("typeof seen[0]") == "object", log(page)
    page.evaluate("connection.sync()")

    def beats() -> list[str]:
        return [json.loads(event["text"])["type"] for event in log(page) if event["kind"] == "heartbeat"]

    wait_for(lambda: beats() == ["ping", "pong"])
    page.evaluate("connection.close()")
    assert log(page)[-1]["kind"] == "close"
