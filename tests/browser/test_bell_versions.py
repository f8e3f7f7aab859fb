"""The newest snapshot wins, whichever way and in whatever order snapshots come."""

import re
from typing import Any

from playwright.sync_api import WebSocketRoute

from tests.browser.bell import Bell
from tests.browser.conftest import Browse, OpenBell, frame, tab
from tests.servers import Site


def scripted(browse: Browse, site: Site, person: str) -> tuple[Bell, list[WebSocketRoute], Any]:
    """A bell whose WebSocket is ours, the sockets it opened, and the user's id."""
    context, opened = browse(site, person), list[WebSocketRoute]()
    user = site.call("ids", [person])[0]

    def answer(socket: WebSocketRoute) -> None:
        opened.append(socket)
        socket.send(frame(user, 10, 5) if len(opened) == 1 else frame(f"{user}x", 3, 2))

    context.route_web_socket(re.compile("/push/ws/"), answer)
    return tab(context).live("websocket").shows("5"), opened, user


def test_an_older_version_is_never_shown(browse: Browse, site: Site, person: str) -> None:
    bell, (socket,), user = scripted(browse, site, person)
    bell.record()
    for version, unread in [(9, 4), (12, 7), (11, 6), (12, 7), (10, 5), (5_000_000_001, 8), (13, 9)]:
        socket.send(frame(user, version, unread))
    socket.send(frame(user, 6_000_000_000, 1))
    bell.shows("1")
    assert bell.recorded() == [12, 5_000_000_001, 6_000_000_000]


def test_not_by_way_of_another_transport(browse: Browse, site: Site, person: str) -> None:
    """The socket knew version 10; the real server, reached by the other transports, is at 0."""
    bell, _, _ = scripted(browse, site, person)
    bell.record()
    for transport in ["sse", "long-poll", "short-poll"]:
        bell.use(transport)
    assert bell.recorded() == []
    bell.shows("5")


def test_another_user_starts_over(browse: Browse, site: Site, person: str) -> None:
    bell, sockets, user = scripted(browse, site, person)
    bell.record()
    sockets[0].send(frame(f"{user}x", 2, 1))
    bell.until(f"bell.snapshot.user === '{user}x' && bell.snapshot.version === 3").shows("2")
    assert bell.recorded() == [2, 3]
    assert len(sockets) == 2  # connected again, under the names of that user


def test_nonsense_is_ignored(browse: Browse, site: Site, person: str) -> None:
    bell, (socket,), user = scripted(browse, site, person)
    nonsense: list[dict[str, Any]] = [{"version": 11.5}, {"version": "12"}, {"unread": None}, {"user": None}]
    for bad in nonsense:
        socket.send(frame(user, 11, 6, more=bad))
    socket.send('{"type": "error", "code": "bad_json", "detail": "?"}')
    socket.send('{"type": "from the future"}')
    socket.send(frame(user, 12, 7))
    bell.shows("7")


def test_offer_takes_what_the_page_learned(open_bell: OpenBell, site: Site, person: str) -> None:
    bell = open_bell().live()
    user = site.call("ids", [person])[0]
    offered = {"user": user, "version": 3, "unread": 2, "capped": False, "by_type": {"like": 2}}
    bell.page.evaluate("(snapshot) => document.querySelector('notification-bell').offer(snapshot)", offered)
    bell.shows("2")


def test_a_count_survives_navigation_without_a_blink(open_bell: OpenBell, site: Site, person: str) -> None:
    site.call("send", "like", [person], actor="alice", target_title="Tea")
    bell = open_bell().live().shows("1")
    bell.page.route(re.compile("/push/(poll|sse)/"), lambda route: route.abort())
    bell.page.route_web_socket(re.compile("/push/ws/"), lambda socket: None)
    bell.page.reload()
    bell.shows("1")
    assert bell.get("snapshot") is None
