"""The six transports in the words of the comparison, and what is claimed of them; the page measures the rest.

`CLAIMS` are those of the article this project follows. Each has a test in static/lab/claims.js, under its key.
"""

from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Transport(NamedTuple):
    """`name` as in push/client/transports.js; `line` says it in one breath."""

    name: str
    title: str | Promise
    line: str | Promise
    good: str | Promise
    bad: str | Promise
    choose: str | Promise


class Claim(NamedTuple):
    key: str
    transport: str
    text: str | Promise


TRANSPORTS = (
    Transport(
        "short-poll",
        _("Short polling"),
        _("A request every so often: “anything new?”"),
        _("Works wherever a request works: any server, any proxy, nothing held open."),
        _("Late by half its interval on average. Most requests bring nothing."),
        _("Nothing else gets through, or being minutes late is fine."),
    ),
    Transport(
        "long-poll",
        _("Long polling"),
        _("The server keeps the request until there is something to say."),
        _("At once, over ordinary requests, through proxies that buffer streams."),
        _("A whole request per piece of news; each waiting one is held by the server."),
        _("Streams are blocked but requests pass. Nacos, Apollo, Kafka and RocketMQ live on it."),
    ),
    Transport(
        "iframe",
        _("Iframe stream"),
        _("An endless page in a hidden frame; each piece of news is a script in it."),
        _("Streams in browsers that know neither EventSource nor WebSocket."),
        _("The page looks as if it never finished loading; the document grows; errors are hidden."),
        _("Hardly ever: an ancient browser that you cannot leave behind."),
    ),
    Transport(
        "sse",
        _("Server-sent events"),
        _("One answer that never ends: lines of text, each event with a name and an id."),
        _("Plain HTTP, one connection, ids to resume from, reconnection in the browser."),
        _("One way and text only; six connections per host on HTTP/1.1."),
        _("The server talks and the page listens: unread counts, feeds, progress."),
    ),
    Transport(
        "websocket",
        _("WebSocket"),
        _("An HTTP request that becomes a two-way connection of small frames."),
        _("Both ways, text or binary, a few bytes around each message."),
        _("Heartbeat, reconnection and resuming are yours to build; some proxies refuse it."),
        _("The page talks back often: chat, editing together, games."),
    ),
    Transport(
        "mqtt",
        _("MQTT"),
        _("A broker between the two: one publishes to a topic, others subscribe."),
        _("Publisher and subscriber never meet; retained state, delivery that is acknowledged, tiny frames."),
        _("One more server to run and to guard; browsers reach it through WebSocket."),
        _("Devices and apps on poor networks, or many readers beyond the web site."),
    ),
)

CLAIMS = (
    Claim("short-simple", "short-poll", _("It is the simplest to build.")),
    Claim("short-late", "short-poll", _("It is the least timely of all.")),
    Claim("short-waste", "short-poll", _("It wastes requests and connections.")),
    Claim("long-fewer", "long-poll", _("It wastes fewer requests than short polling.")),
    Claim("long-held", "long-poll", _("Requests that are held cost the server.")),
    Claim("long-304", "long-poll", _("At its timeout it answers 304 and is asked again at once.")),
    Claim("long-waiters", "long-poll", _("One id may have many waiters.")),
    Claim("iframe-simple", "iframe", _("It is simple.")),
    Claim("iframe-spinner", "iframe", _("It keeps the page’s spinner turning.")),
    Claim("iframe-not", "iframe", _("It is not recommended.")),
    Claim("sse-one-way", "sse", _("It is one-way text over plain HTTP.")),
    Claim("sse-ids", "sse", _("Events have ids and names.")),
    Claim("sse-reconnect", "sse", _("Reconnection is built in.")),
    Claim("sse-choice", "sse", _("It is the recommended choice for unread counts.")),
    Claim("ws-duplex", "websocket", _("It is full duplex.")),
    Claim("ws-binary", "websocket", _("It can carry binary.")),
    Claim("ws-smallest", "websocket", _("Its messages are the smallest.")),
    Claim("ws-own", "websocket", _("It needs its own heartbeat and reconnection.")),
    Claim("mqtt-decouples", "mqtt", _("Topics decouple publisher and subscriber.")),
    Claim("mqtt-reliable", "mqtt", _("It is reliable on bad networks.")),
    Claim("mqtt-devices", "mqtt", _("It fits devices.")),
)
