"""Sites with low limits on requests, and their answers, read byte by byte."""

import asyncio
import json
import re
from typing import Any

from tests import raw
from tests.conftest import StartSite
from tests.raw import Raw
from tests.servers import Site

MIB = 1024 * 1024
LIMITS = {"PUSH_MAX_BODY_BYTES": MIB, "PUSH_REQUEST_SECONDS": 1}


def site_with(parser: str, shared_site: StartSite) -> Site:
    """With one parser of HTTP: that of daphne, or one of uvicorn's."""
    if parser == "daphne":
        return shared_site(server="daphne", bus="memory", **LIMITS)
    return shared_site(server="uvicorn", UVICORN_HTTP=parser, UVICORN_TIMEOUT_KEEP_ALIVE=30, **LIMITS)


def parsed(answer: bytes) -> tuple[int, Any]:
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body) if b"application/problem+json" in head else body


async def answer_to(site: Site, *parts: bytes) -> bytes:
    """The first one."""
    async with asyncio.timeout(10), raw.connect(site) as connection:
        for part in parts:
            connection.writer.write(part)
        return await next_answer(connection)


async def next_answer(connection: Raw) -> bytes:
    head = await connection.reader.readuntil(b"\r\n\r\n")
    if b"transfer-encoding: chunked" in head.lower():
        return head + await connection.reader.readuntil(b"0\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head.lower())
    return head + await connection.reader.readexactly(int(length[1]) if length else 0)
