"""deploy/nginx.conf, really loaded, before two web processes."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.conftest import StartSite
from tests.proxies import run_nginx
from tests.servers import Site, free_port, needs
from tools.processes import ROOT


@pytest.fixture
def site(start_site: StartSite) -> Site:
    return start_site(server=["uvicorn", "daphne"], INBOX_FAILED_CHECKS_PER_MINUTE=2, INBOX_TRUSTED_PROXIES="127.0.0.1")


@pytest.fixture
def proxy(site: Site) -> Iterator[str]:
    """The address of an nginx before `site`."""
    port = free_port()
    with needs(), run_nginx(configuration(site, port), port):
        yield f"http://127.0.0.1:{port}"


def configuration(site: Site, port: int) -> str:
    """deploy/nginx.conf in the least frame that nginx takes."""
    servers = "".join(f"server 127.0.0.1:{port};" for port in site.ports)
    ours = (ROOT / "deploy" / "nginx.conf").read_text()
    for theirs, here in (
        ("server web:8000;", servers),
        ("listen 80;", f"listen 127.0.0.1:{port};"),
        ("/dev/stdout", "access"),
    ):
        assert theirs in ours
        ours = ours.replace(theirs, here)
    return f"daemon off; pid nginx.pid; error_log error; events {{}} http {{ {ours} }}"


def test_pages_pass(proxy: str) -> None:
    for _ in range(4):  # both processes
        assert httpx.get(f"{proxy}/accounts/login/").status_code == 200


def test_what_is_for_operators_stays_within(proxy: str, site: Site) -> None:
    for path in ("/metrics", "/readyz", "//metrics", "/%6detrics", "/push/../readyz"):
        assert httpx.get(f"{proxy}{path}").status_code == 404
        assert httpx.get(site.url("/metrics")).status_code == 200
    assert httpx.get(f"{proxy}/healthz").text == "ok"


def test_a_request_keeps_its_id(proxy: str) -> None:
    def answered(its_id: str) -> str:
        return httpx.get(f"{proxy}/healthz", headers={"X-Request-ID": its_id}).headers["X-Request-ID"]

    assert answered("trace-7") == "trace-7"
    assert len(answered("not valid")) == 32


def test_an_address_that_a_client_claims_is_not_believed(proxy: str) -> None:
    """Otherwise each guess would come from another address."""

    def guessed(number: int) -> int:
        headers = {"Authorization": "Bearer rd_wrong", "X-Forwarded-For": f"203.0.113.{number}"}
        return httpx.get(f"{proxy}/api/v1/users/1/unread/", headers=headers).status_code

    assert [guessed(number) for number in range(10)][-4:] == [429] * 4  # each process counts by itself here


def test_a_stream_is_not_buffered(proxy: str, site: Site) -> None:
    with (
        httpx.Client(cookies=site.cookies("alice"), timeout=10) as client,
        client.stream("GET", f"{proxy}/push/sse/") as response,
    ):
        lines = response.iter_lines()
        assert response.status_code == 200
        assert any(line.startswith("data:") and '"unread"' in line for line in lines)


def test_connections_without_a_request_never_reach_the_site(proxy: str, site: Site) -> None:
    before = [site.call("waiting_connections", web=number) for number in range(2)]
    with ExitStack() as stack:
        for said in (b"", b"GET /push/sse/ HTTP/1.1\r\nHost:") * 50:
            client = stack.enter_context(socket.create_connection(("127.0.0.1", httpx.URL(proxy).port)))
            client.sendall(said)
        assert httpx.get(f"{proxy}/healthz").status_code == 200, "nginx has read all of them"
        waiting = [site.call("waiting_connections", web=number) for number in range(2)]
    assert sum(waiting) - sum(before) < 10, "what nginx keeps open between requests"


def test_query_strings_are_not_logged() -> None:
    text = Path(ROOT / "deploy" / "nginx.conf").read_text()
    assert "$request " not in text
    assert "$args" not in text
