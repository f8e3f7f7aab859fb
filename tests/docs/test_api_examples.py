"""What the README shows of the services' API does what it says, run as it stands there."""

import re
import subprocess
import sys
import textwrap
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser
from reddot_client import RedDot, Refused
from reddot_mailbox import Mailbox

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


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def red_dot(site: Site, token: str, pauses: list[float]) -> Any:
    with RedDot(site.url(""), token, sleep=pauses.append) as client:
        yield client


def test_what_proxies_say() -> None:
    """A date to try again at, and pages in place of problem documents."""
    pages = [
        httpx.Response(503, headers={"Retry-After": "Fri, 31 Dec 2027 23:59:59 GMT"}, html="<h1>Busy</h1>"),
        httpx.Response(409, html="<h1>Conflict</h1>"),
        httpx.Response(400, json="no"),
    ]
    pauses: list[float] = []
    with RedDot("http://x", "t", sleep=pauses.append) as client:
        answers = iter(pages)
        transport = httpx.MockTransport(lambda request: next(answers))
        client._http = httpx.Client(base_url=client._http.base_url, transport=transport)
        for status in (409, 400):
            with pytest.raises(Refused) as refused:
                client.unread(1)
            assert refused.value.problem["status"] == status
    assert pauses == [0.5]


class TestTheClient:
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

    def test_messages(self, site: Site, red_dot: RedDot) -> None:
        sent = red_dot.announce("follow", "everyone")
        assert red_dot.progress(sent.send)["status"] == "done"
        results = red_dot.send_batch([{"type": "follow", "recipients": ["bob"]}, {"type": "poem"}])
        assert [line["status"] for line in results] == [201, 422]
        tea = red_dot.send("system", ["bob"], message_key="tea", title="Tea")
        assert red_dot.rewrite("tea", "system", title="Coffee")["rewritten"] == 1
        assert red_dot.rewrite(tea.send, "system", title="Cocoa", again=True)["rewritten"] == 1
        with pytest.raises(Refused, match="404"):
            red_dot.recall(f"../sends/{tea.send}")  # a key is no address
        recalled = {"send": tea.send, "recalled": 1, "read": 0, "kept": 0}
        assert red_dot.recall(tea.send) == red_dot.recall("tea") == recalled
        bob = site.call("snapshot", "bob")
        assert red_dot.unread(bob["user"]) == bob

    def test_followers(self, site: Site, red_dot: RedDot) -> None:
        """What is sent to them is rewritten and recalled like any message."""
        post = site.call("post", "carol", "Tea")
        [bob] = site.call("ids", ["bob"])
        with Mailbox(site.url(""), red_dot.ticket(bob)) as mailbox:
            mailbox.follow(f"demo.post:{post}")
            sent = red_dot.send_to_followers(
                "comment", f"demo.post:{post}", ["carol"], actor="alice", message_key=f"tea-{post}", target_title="Tea"
            )
            assert (sent.created, sent.snapshot) == (2, None)
            with pytest.raises(Refused, match="409 key_taken"):
                red_dot.send_to_followers("follow", f"demo.post:{post}", message_key=f"tea-{post}")
            assert red_dot.rewrite(f"tea-{post}", "comment", excerpt="Black")["rewritten"] == 2
            assert [item["body"] for item in mailbox.items(subject=f"demo.post:{post}")] == ["Black"]
            assert red_dot.recall(f"tea-{post}")["recalled"] == 2
            assert list(mailbox.items(subject=f"demo.post:{post}")) == []

    def test_broadcasts(self, site: Site, red_dot: RedDot) -> None:
        [bob] = site.call("ids", ["bob"])
        before = unread(site)
        news = red_dot.publish("Tea is ready", key="tea")
        assert red_dot.publish("Tea is ready", key="tea") == news
        assert news["state"] == red_dot.broadcast(news["id"])["state"] == "live"
        assert unread(site) == before + 1
        edited = red_dot.change(news["id"], title="Tea is hot", show_again=True)
        assert (edited["title"], edited["revision"], edited["again"]) == ("Tea is hot", 2, 2)
        assert list(red_dot.receipts(news["id"], done="read")) == []
        assert red_dot.effect(news["id"])["read"] == 0
        few = red_dot.publish(
            "Tea for two", audience="several", people=["bob", "nobody"], excluded={"people": ["alice"]}
        )
        assert (few["people_count"], few["unknown"]) == (1, ["nobody"])
        assert list(red_dot.people(few["id"])) == [bob]
        assert len(list(red_dot.people(few["id"], excluded=True))) == 1
        assert [row["id"] for row in red_dot.broadcasts()][:2] == [few["id"], news["id"]]
        assert list(red_dot.audience_filters()) == []
        red_dot.withdraw(few["id"])
        red_dot.delete(few["id"])
        assert red_dot.withdraw(news["id"])["state"] == "withdrawn"
        assert unread(site) == before

    def test_series(self, red_dot: RedDot) -> None:
        draft = red_dot.draft("Tea at nine")
        rule = {"rule": "FREQ=DAILY", "starts_on": "2040-01-01", "at": "09:00", "time_zone": "Europe/Berlin"}
        series = red_dot.recur(draft["id"], **rule)["id"]
        assert red_dot.change_series(series, rule="FREQ=WEEKLY")["rule"] == "FREQ=WEEKLY"
        assert red_dot.start_series(series)["active"]
        assert not red_dot.stop_series(series)["active"]
        assert red_dot.series(series) in list(red_dot.all_series())
        red_dot.delete_series(series)
        assert series not in [row["id"] for row in red_dot.all_series()]


class TestTheClientOfAUser:
    @pytest.fixture
    def mailbox(self, site: Site) -> Any:
        site.call("user", "dora")
        with Mailbox(site.url(""), site.call("ticket", "dora"), sleep=lambda seconds: None) as client:
            yield client

    def test_items(self, site: Site, mailbox: Mailbox) -> None:
        about = {"actor": "alice", "target": "demo.post:7", "url": "/posts/7/", "target_title": "Tea"}
        for excerpt in ("Green", "Black"):
            site.call("send", "comment", ["dora"], **about, excerpt=excerpt)
        site.call("send", "system", ["dora"], title="Holidays", buttons=[{"label": "Approve", "url": "/people/"}])
        page = mailbox.page(limit=2)
        assert [item["title"] for item in page["items"]] == ["Holidays", "alice commented on “Tea”"]
        assert len(mailbox.page(limit=2, before=page["next"])["items"]) == 1
        assert mailbox.unread()["unseen"] == 3
        assert mailbox.seen(page["version"])["unseen"] == 0
        [thread] = [each for each in mailbox.threads(unread=True)["threads"] if each["items"] == 2]
        green = list(mailbox.thread(thread["key"]))[-1]["ref"]
        since = datetime.now(UTC) - timedelta(days=1)
        assert [item["ref"] for item in mailbox.items(q="GREEN", type="comment", since=since, unread=True)] == [green]

        starred = mailbox.change(green, starred=True)
        assert [item["ref"] for item in mailbox.items(starred=True)] == [green]
        assert mailbox.undo(starred["undo"])["restored"] == 1
        mailbox.change(green, snoozed_until=datetime.now(UTC) + timedelta(days=1))
        assert [item["ref"] for item in mailbox.items(snoozed=True)] == [green]
        assert mailbox.change_many([green], snoozed_until=None, starred=False)["changed"] == 1
        mailbox.delete(green)
        mailbox.change(green, deleted=False)
        assert mailbox.read([green])["unread"] == 2
        whole = {"thread": thread["key"], "unread": True}
        assert mailbox.change_all(whole, mailbox.page()["version"], archived=True)["changed"] == 1
        [asked] = mailbox.items(type="system")
        mailbox.press(asked["ref"], 0)
        assert mailbox.item(asked["ref"])["pressed"] == 0
        assert mailbox.read_up_to(mailbox.page()["version"])["changed"] == 0

    def test_subjects_and_preferences(self, site: Site, mailbox: Mailbox) -> None:
        tea, odd = f"demo.post:{site.call('post', 'alice', 'Tea')}", "demo.post:a b/c?d"
        mailbox.follow(tea)
        assert [row["subject"] for row in mailbox.following()] == [tea]
        with pytest.raises(Refused, match="403 may_not_follow"):
            mailbox.follow(odd)
        mailbox.unfollow(tea)
        until = datetime(2040, 1, 1, tzinfo=UTC)
        mailbox.silence(tea, until), mailbox.silence(odd)
        assert [(row["subject"], row["until"]) for row in mailbox.silences()] == [
            (odd, None),
            (tea, "2040-01-01T00:00:00Z"),
        ]
        mailbox.unsilence(tea), mailbox.unsilence(odd)
        assert [*mailbox.following(), *mailbox.silences()] == []
        mailbox.set_preferences(muted=["like"])
        untouched = {"language": "", "time_zone": "", "character_keys": True, "density": "comfortable"}
        assert mailbox.preferences() == {"muted": ["like"], **untouched}

    def test_what_a_page_does(self, red_dot: RedDot, mailbox: Mailbox) -> None:
        kinds = {"in_inbox": False, "as_banner": True, "as_dialog": True}
        news = red_dot.publish("Tea", audience="several", people=["dora"], **kinds)
        [shown] = mailbox.announcements()
        mailbox.report([{"ref": shown["ref"], "what": "seen"}])
        mailbox.close_banner(shown["ref"])
        mailbox.confirm(shown["ref"])
        assert mailbox.announcements() == []
        with pytest.raises(Refused, match="422"):
            mailbox.visited("x")
        red_dot.withdraw(news["id"])

    def test_a_write_that_may_have_arrived_is_not_repeated(self, mailbox: Mailbox) -> None:
        headers, base = mailbox._http.headers, mailbox._http.base_url
        mailbox._http.close()
        mailbox._http = httpx.Client(base_url=base, headers=headers, transport=Flaky())
        with pytest.raises(httpx.ConnectError):
            mailbox.seen(0)
        with pytest.raises(httpx.ReadError):
            mailbox.seen(0)  # the busy proxy has not passed it on, so it was tried again
        assert mailbox.seen(0)["unread"] == mailbox.unread()["unread"]

    @pytest.mark.parametrize("name", ["read_up_to", "visited"])
    def test_an_act_on_many_goes_on(self, site: Site, mailbox: Mailbox, name: str) -> None:
        """Its first answer is lost, and what it has changed can be undone all the same."""
        mailbox.read_up_to(mailbox.page()["version"])
        site.call("send", "follow", ["dora"], actor="alice", target="demo.post:1")
        version = mailbox.page()["version"]
        visit = site.call("inbox.core.visits.visit_of", mailbox.unread()["user"], "demo.post:1", version)
        headers, base = mailbox._http.headers, mailbox._http.base_url
        mailbox._http.close()
        mailbox._http = httpx.Client(base_url=base, headers=headers, transport=Flaky())
        done = mailbox.read_up_to(version) if name == "read_up_to" else mailbox.visited(visit)
        assert done["unread"] == 0
        assert mailbox.undo(done["undo"])["restored"] == 1


def test_each_operation_of_the_api_has_a_method(site: Site) -> None:
    document = httpx.get(site.url("/api/v1/openapi.json")).json()
    operations = {
        (method.upper(), re.sub(r"\{\w+\}", "{}", path.removeprefix("/api/v1/")))
        for path, methods in document["paths"].items()
        for method in methods
    }
    called = addresses_in("reddot_client", "reddot_mailbox")
    others = {("PUT", "preferences/"), ("POST", "tickets/")}  # PATCH says the same; a session only can mint
    assert operations - called == others
    assert called <= operations


def addresses_in(*modules: str) -> set[tuple[str, str]]:
    """The methods and addresses in the source of these clients."""
    source = "".join((ROOT / f"docs/examples/{name}.py").read_text() for name in modules)
    calls = re.findall(r'"(GET|POST|PUT|PATCH|DELETE)",\s*(f?"[^"]*")', source)
    calls += [("GET", path) for path in re.findall(r'_pages\(\s*(f?"[^"]*")', source)]
    plain = [(method, re.sub(r"\{[^{}]*\}", "{}", path.lstrip("f").strip('"'))) for method, path in calls]
    found = {(method, path.partition("?")[0]) for method, path in plain} - {("GET", "{}")}  # of any page
    by_name = {(method, path) for method in ("PATCH", "DELETE") for path in ("sends/{}/", "messages/{}/")}
    return found | by_name
