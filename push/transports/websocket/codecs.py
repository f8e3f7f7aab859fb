"""The formats of WebSocket messages, each with the subprotocol that asks for it (RFC 6455, 1.9)."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import msgpack

from ...frames import Update, to_json
from ...wire import ReadyFrame
from ...wire.servers import Message


@dataclass(frozen=True, slots=True)
class Codec:
    """`encode` makes the frame of an update whose JSON is given, `dump` that of any other document.

    `load` returns what a client's message says, or raises ValueError (RecursionError if it is nested too deeply).
    """

    subprotocol: str
    encode: Callable[[Update, str], ReadyFrame]
    dump: Callable[[dict[str, Any]], ReadyFrame]
    load: Callable[[Message], Any]


def encode_json(update: Update, text: str) -> ReadyFrame:
    return ReadyFrame(f'{{"type":"unread",{text[1:]}')


def dump_json(document: dict[str, Any]) -> ReadyFrame:
    return ReadyFrame(to_json(document))


def load_json(message: Message) -> Any:
    return json.loads(message.get("text") or "")


def encode_msgpack(update: Update, text: str) -> ReadyFrame:
    return dump_msgpack({"type": "unread", **json.loads(text)})


def dump_msgpack(document: dict[str, Any]) -> ReadyFrame:
    return ReadyFrame(msgpack.packb(document))


def load_msgpack(message: Message) -> Any:
    try:
        return msgpack.unpackb(message.get("bytes") or b"")
    except msgpack.UnpackException as error:  # of which some are no ValueError
        raise ValueError(str(error)) from error


JSON = Codec("reddot.v1.json", encode_json, dump_json, load_json)
MSGPACK = Codec("reddot.v1.msgpack", encode_msgpack, dump_msgpack, load_msgpack)
CODECS = {codec.subprotocol: codec for codec in (JSON, MSGPACK)}


def chosen(offered: Iterable[str]) -> Codec | None:
    """The first offer that we know. None: the client offered none of ours, and gets JSON."""
    return next((CODECS[name] for name in offered if name in CODECS), None)
