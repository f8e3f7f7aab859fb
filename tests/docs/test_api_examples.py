"""What the README shows of the services' API does what it says, run as it stands there."""

import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser

from docs.examples.reddot_client import RedDot, Refused
from tests.conftest import StartSite
from tests.docs.pages import README
from tests.servers import Site
from tools.processes import ROOT

ADDRESS = "127.0.0.1:8000"
SECTION = README.split("### Another service")[1].split("### ")[0]
[SHELL, PYTHON, SCRIPT] = re.findall(r"```(?:sh|python|js)\n(.*?)```", SECTION, re.DOTALL)


@pytest.fixture(scope="module")
def site(shared_site: StartSite) -> Site:
    return shared_site(server="daphne")  # not the browser tests', whose versions no broadcast has moved on


@pytest.fixture(scope="module")
def token(site: Site) -> str:
    return str(site.call("token", "examples"))


def here(text: str, site: Site) -> str:
    return text.replace(ADDRESS, f"127.0.0.1:{site.ports[0]}").replace(".venv/bin/python", sys.executable)


def unread(site: Site, name: str = "bob") -> int:
    return int(site.call("snapshot", name)["unread"])


def test_curl(site: Site) -> None:
    """Twice, and it counts once."""
    before = unread(site)
    shell = here(SHELL, site)
    shell += shell.split("\n", 1)[1]
    done = subprocess.run(["bash", "-c", shell], cwd=ROOT, env=site.env, capture_output=True, text=True, check=True)
    assert done.stdout.count('"created": 1') == 2, done.stdout + done.stderr
    assert unread(site) == before + 1


def test_python(site: Site, token: str, tmp_path: Path) -> None:
    before = unread(site)
    program = f"TOKEN = {token!r}\n{here(PYTHON, site)}"
    argv = [sys.executable, "-c", textwrap.dedent(program)]
    done = subprocess.run(argv, cwd=ROOT / "docs" / "examples", capture_output=True, text=True, check=True)
    assert done.stdout == "2 []\n"
    assert unread(site) == before + 1


def test_javascript(site: Site, token: str, chromium: Browser) -> None:
    before = unread(site)
    with chromium.new_page(base_url=site.url("")) as page:
        page.goto("/accounts/login/")
        with page.expect_console_message() as said:
            page.evaluate(f"async () => {{ const TOKEN = {token!r}; {here(SCRIPT, site)} }}")
        assert said.value.text == f"201 {before + 1}"


class Flaky(httpx.BaseTransport):
    """A network that fails before and after the request has arrived, then a proxy that is busy."""

    def __init__(self) -> None:
        self.inner, self.tries = httpx.HTTPTransport(), 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.tries += 1
        if self.tries == 1:
            raise httpx.ConnectError("nobody there")
        if self.tries == 2:
            return httpx.Response(503, headers={"Retry-After": "7"})
        response = self.inner.handle_request(request)
        if self.tries == 3:
            response.read()
            raise httpx.ReadError("gone before the answer came")
        return response

    def close(self) -> None:
        self.inner.close()


class TestTheClient:
    @pytest.fixture
    def pauses(self) -> list[float]:
        return []

    @pytest.fixture
    def red_dot(self, site: Site, token: str, pauses: list[float]) -> Any:
        with RedDot(site.url(""), token, sleep=pauses.append) as client:
            yield client

    def test_what_fails_in_passing_counts_once(self, site: Site, red_dot: RedDot, pauses: list[float]) -> None:
        before = unread(site)
        red_dot._http.close()
        headers = red_dot._http.headers
        red_dot._http = httpx.Client(base_url=red_dot._http.base_url, headers=headers, transport=Flaky())
        sent = red_dot.send("follow", ["bob"])
        assert (sent.created, sent.unknown, sent.is_pending) == (1, [], False)
        assert sent.snapshot is not None
        assert sent.snapshot["unread"] == unread(site) == before + 1
        assert pauses == [0.5, 7.0, 2.0]

    def test_what_is_refused(self, red_dot: RedDot, pauses: list[float]) -> None:
        with pytest.raises(Refused, match="422 bad_value") as refused:
            red_dot.send("system", ["bob"])
        assert refused.value.problem["errors"][0]["pointer"] == "/title"
        assert pauses == []

    def test_all_of_it(self, site: Site, red_dot: RedDot) -> None:
        sent = red_dot.announce("follow", "everyone")
        assert red_dot.progress(sent.send)["status"] == "done"
        results = red_dot.send_batch([{"type": "follow", "recipients": ["bob"]}, {"type": "poem"}])
        assert [line["status"] for line in results] == [201, 422]
        bob = site.call("snapshot", "bob")
        assert red_dot.unread(bob["user"]) == bob
        news = red_dot.publish("Tea is ready", key="tea")
        assert red_dot.publish("Tea is ready", key="tea") == news
        assert news["state"] == "live"
        assert unread(site) == bob["unread"] + 1
        edited = red_dot.change(news["id"], title="Tea is hot", show_again=True)
        assert (edited["title"], edited["revision"], edited["again"]) == ("Tea is hot", 2, 2)
        assert list(red_dot.receipts(news["id"], done="read")) == []
        assert red_dot.effect(news["id"])["read"] == 0
        few = red_dot.publish(
            "Tea for two", audience="several", people=["bob", "nobody"], excluded={"people": ["alice"]}
        )
        assert (few["people_count"], few["unknown"]) == (1, ["nobody"])
        assert list(red_dot.people(few["id"])) == [bob["user"]]
        assert len(list(red_dot.people(few["id"], excluded=True))) == 1
        red_dot.withdraw(few["id"])
        assert red_dot.withdraw(news["id"])["state"] == "withdrawn"
        assert unread(site) == bob["unread"]
