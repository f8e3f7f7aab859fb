"""Every request has an id: on its answer and on its log lines. JSON lines."""

import asyncio
import json
import logging
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.test import AsyncClient, Client, RequestFactory

from push import hub, logs, routing
from push.logs import JsonLines, RedactTickets, RequestId
from tests.push.fakes import FakeReads, until
from tests.push.test_asgi import scope, talk

logger = logging.getLogger("tests.request_ids")


class Lines:
    """What a handler of the site has written, in JSON."""

    def __init__(self) -> None:
        self.stream = StringIO()
        self.handler = logging.StreamHandler(self.stream)
        self.handler.setFormatter(JsonLines())
        self.handler.addFilter(RedactTickets())
        self.handler.addFilter(RequestId())

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter([json.loads(line) for line in self.stream.getvalue().splitlines()])


@pytest.fixture
def lines() -> Iterator[Lines]:
    found = Lines()
    logging.getLogger().addHandler(found.handler)
    yield found
    logging.getLogger().removeHandler(found.handler)


class TestOnTheAnswer:
    @pytest.mark.parametrize("path", ["/healthz", "/push/poll/", "/nowhere/"])
    def test_a_valid_one_comes_back(self, client: Client, path: str) -> None:
        assert client.get(path, headers={"X-Request-ID": "Trace.7_a-b"})["X-Request-ID"] == "Trace.7_a-b"

    @pytest.mark.parametrize("bad", ["", "a b", "x" * 65, "é", 'a"b', "a\nb", "a\n"])
    def test_any_other_is_replaced(self, client: Client, bad: str) -> None:
        found = {client.get("/healthz", headers={"X-Request-ID": bad})["X-Request-ID"] for _ in range(2)}
        assert len(found) == 2
        assert all(len(each) == 32 and logs.VALID_ID.fullmatch(each) for each in found)

    async def test_asynchronously(self, async_client: AsyncClient) -> None:
        answer = await async_client.get("/nowhere/", headers={"x-request-id": "trace-7"})
        assert answer["X-Request-ID"] == "trace-7"
        assert logs.request_id.get() == ""

    async def test_beside_django(self) -> None:
        """A refused stream; and nothing is put around `send`, behind which the wire finds the server."""
        sends: list[Any] = []

        async def site(scope: Any, receive: Any, send: Any) -> None:
            sends.append(send)

        application = routing.beside(site)
        [start, _body] = await talk(application, scope("/push/sse/", host="localhost", x_request_id="trace-7"))
        assert (b"x-request-id", b"trace-7") in start["headers"]
        await application(scope("/"), asyncio.sleep, print)
        assert sends == [print]


class TestOnTheLog:
    def test_django_names_it(self, client: Client, lines: Lines) -> None:
        """Also where it logs after all middleware."""
        client.get("/nowhere/", headers={"X-Request-ID": "trace-7"})
        logger.warning("outside")
        [inside, outside] = lines
        assert inside["message"] == "Not Found: /nowhere/"
        assert (inside["request_id"], inside["status_code"]) == ("trace-7", 404)
        assert outside["request_id"] == "-"

    async def test_requests_do_not_mix(self, lines: Lines) -> None:
        together = asyncio.Barrier(2)

        async def site(scope: Any, receive: Any, send: Any) -> None:
            await together.wait()
            await asyncio.to_thread(logger.warning, scope["path"])

        application = routing.beside(site)
        both = [talk(application, scope(f"/{each}", x_request_id=each)) for each in ("one", "two")]
        await asyncio.gather(*both)
        assert {line["message"]: line["request_id"] for line in lines} == {"/one": "one", "/two": "two"}

    async def test_the_hub_works_for_no_request(self, reads: FakeReads, lines: Lines) -> None:
        """Least of all for that of its first client."""
        logs.request_id.set("first-client")
        running = hub.current()
        reads.failures = 1
        connection = reads.sign_in(7)
        running.join(connection)
        await until(lambda: connection.refusals)
        running.call_soon(logger.warning, "from elsewhere")
        await until(lambda: len(list(lines)) == 2)
        assert {line["request_id"] for line in lines} == {"-"}
        running._running.cancel()
        await asyncio.gather(running._running, return_exceptions=True)


class TestJson:
    def test_a_line(self, lines: Lines) -> None:
        request = RequestFactory().get("/push/poll/?ticket=secret")
        logger.warning("Bad: %s", "x", extra={"status_code": 400, "request": request, "body": "secret"})
        [line] = lines
        assert line.pop("time").endswith("+00:00")
        assert line == {
            "level": "WARNING",
            "logger": "tests.request_ids",
            "message": "Bad: x",
            "request_id": "-",
            "status_code": 400,
        }

    def test_no_ticket(self, lines: Lines) -> None:
        try:
            raise ValueError("no such page: /push/sse/?ticket=secret&x=1")
        except ValueError:
            logger.exception("GET %s", "/push/sse/?ticket=secret&x=1")
        [line] = lines
        assert line["message"] == "GET /push/sse/?ticket=-&x=1"
        assert "ValueError: no such page: /push/sse/?ticket=-&x=1" in line["exc_info"]
        assert "secret" not in lines.stream.getvalue()

    def test_one_line_whatever_it_holds(self, lines: Lines) -> None:
        logger.warning("two\nlines, “quoted” \x00 \ud800 %s", object())
        [line] = lines
        assert line["message"].startswith("two\nlines, “quoted”")
