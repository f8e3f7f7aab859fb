"""What a page loads before the bell shows its number, and when that is, in Chromium.

    python -m benchmarks.page_weight [--visits 7] [--paths / /inbox/] [--language de] [--before COMMIT]

Bob, who has unread items, visits each page with an empty cache, 100 ms away: a new connection costs a round trip, and
so does each answer, those of WebSockets included (benchmarks/distance.py; the throttling of the developer tools delays
neither). The site is one uvicorn with the demo's data and what `make dist` makes. `--before` measures an older commit
as well, in turns with this checkout. Printed are medians: requests of scripts that were sent before the number was on
screen; how many of their files a browser keeps without asking again; their bytes on the wire, heads included; the first
paint after the navigation; the number after the first paint.
"""

import argparse
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from playwright.sync_api import Browser, CDPSession

from benchmarks import stage
from benchmarks.beside import worktree
from benchmarks.distance import away
from tools import browser, commands
from tools.processes import ROOT, free_port, listening, wait_for
from tools.stores import new_directory

ROUND_TRIP = 0.1  # seconds
DEADLINE = 60  # seconds for a visit
# Runs before the scripts of the page: when the number is in the document, the next frame shows it.
WATCH = """(() => {
  const look = () => requestAnimationFrame(() => {
    const badge = document.querySelector("notification-bell")?.shadowRoot?.querySelector(".badge");
    if (badge?.textContent) window.numberAt = performance.now();
    else look();
  });
  look();
})();"""
TIMES = """({origin: performance.timeOrigin, number: window.numberAt,
  paint: performance.getEntriesByName("first-paint")[0].startTime})"""


class Visit(NamedTuple):
    requests: float
    kept: float  # of them
    kilobytes: float
    paint: float  # ms after the navigation
    number: float  # ms after the first paint


@dataclass
class Side:
    """A checkout whose site runs, and the visits to each of its pages."""

    name: str
    url: str
    cookies: Any
    visits: dict[str, list[Visit]] = field(default_factory=dict)


def main() -> None:
    parser = argparse.ArgumentParser(description="What a page loads before the bell shows its number")
    parser.add_argument("--visits", type=int, default=7)
    parser.add_argument("--paths", nargs="+", default=["/", "/inbox/"])
    parser.add_argument("--language", default="en", help="what the browser prefers, such as de or zh-hans")
    parser.add_argument("--before", metavar="COMMIT")
    options = parser.parse_args()
    what = f"{options.visits} visits of each page in {options.language}, {ROUND_TRIP * 1000:.0f} ms away"
    print(f"{what}; {stage.load_note()}", flush=True)
    with ExitStack() as stack:
        chromium = stack.enter_context(browser.chromium())
        checkouts = {"now": ROOT}
        if options.before:
            checkouts = {options.before: stack.enter_context(worktree(options.before)), **checkouts}
        sides = [side(chromium, name, stack.enter_context(served(path))) for name, path in checkouts.items()]
        for _ in range(options.visits):
            for each in sides:
                for path in options.paths:
                    each.visits.setdefault(path, []).append(visit(chromium, each, path, options.language))
    head = ["page", "scripts", "kept", "kB", "first paint, ms", "number after it, ms"]
    stage.table(head, [row(each, path) for path in options.paths for each in sides])


def row(each: Side, path: str) -> list[str]:
    requests, kept, kilobytes, paint, number = map(stage.middle, zip(*each.visits[path], strict=True))
    return [f"{path} {each.name}", f"{requests:g}", f"{kept:g}", f"{kilobytes:.1f}", f"{paint:.0f}", f"{number:.0f}"]


@contextmanager
def served(checkout: Path) -> Iterator[str]:
    """The address of the site of that checkout, a round trip away."""
    directory = new_directory("page-weight")
    database = f"sqlite:///{directory / 'db.sqlite3'}"
    env = stage.environment(database, STATIC_DIST=directory / "dist", ALLOWED_HOSTS="127.0.0.1")
    run = partial(subprocess.run, cwd=checkout, env=env, check=True, stdout=subprocess.DEVNULL)
    run(commands.manage("migrate", "--no-input", "-v", "0"))
    run(commands.manage("seed_demo"))
    if (checkout / "tools" / "dist.py").exists():
        (checkout / ".venv").exists() or (checkout / ".venv").symlink_to(sys.prefix)
        run([sys.executable, "-m", "tools.dist"])
    port = free_port()
    with (directory / "web.log").open("w") as log:
        server = subprocess.Popen(commands.uvicorn(port), cwd=checkout, env=env, stdout=log, stderr=log)
    try:
        wait_for(partial(listening, port), DEADLINE)
        with away(port, ROUND_TRIP) as distant:
            yield f"http://127.0.0.1:{distant}"
    finally:
        server.terminate()
        server.wait()


def side(chromium: Browser, name: str, url: str) -> Side:
    """With bob's session."""
    context = chromium.new_context(base_url=url)
    page = context.new_page()
    page.goto("/accounts/login/")
    page.locator("[name=username]").fill("bob")
    page.locator("[name=password]").fill("reddot-demo")
    page.locator("[name=password]").press("Enter")
    page.wait_for_url("**/", wait_until="commit")
    cookies = context.cookies()
    context.close()
    return Side(name, url, cookies)


def visit(chromium: Browser, each: Side, path: str, language: str) -> Visit:
    """A new browser context has an empty cache."""
    context = chromium.new_context(base_url=each.url, locale=language)
    context.add_cookies(each.cookies)
    page = context.new_page()
    page.add_init_script(WATCH)
    scripts = Scripts(context.new_cdp_session(page))
    page.goto(path, wait_until="commit")
    wait_for(lambda: page.evaluate("window.numberAt"), DEADLINE, "the number")
    wait_for(lambda: page.evaluate("1") and scripts.are_loaded, DEADLINE, "the scripts")
    times = page.evaluate(TIMES)
    context.close()
    return scripts.visit(times)


class Scripts:
    """What the developer tools' protocol reports of the scripts of a page."""

    def __init__(self, cdp: CDPSession) -> None:
        self.sent: dict[str, float] = {}  # by the request's id; seconds since 1970
        self.kept: set[str] = set()
        self.bytes: dict[str, float] = {}
        cdp.on("Network.requestWillBeSent", self.on_sent)
        cdp.on("Network.responseReceived", self.on_answer)
        cdp.on("Network.loadingFinished", self.on_end)
        cdp.send("Network.enable")

    def on_sent(self, event: dict[str, Any]) -> None:
        if event.get("type") == "Script":
            self.sent[event["requestId"]] = event["wallTime"]

    def on_answer(self, event: dict[str, Any]) -> None:
        headers = {name.lower(): value for name, value in event["response"]["headers"].items()}
        if "immutable" in headers.get("cache-control", ""):
            self.kept.add(event["requestId"])

    def on_end(self, event: dict[str, Any]) -> None:
        self.bytes[event["requestId"]] = event["encodedDataLength"]

    @property
    def are_loaded(self) -> bool:
        return self.sent.keys() <= self.bytes.keys()

    def visit(self, times: dict[str, float]) -> Visit:
        shown = (times["origin"] + times["number"]) / 1000
        before = {request for request, at in self.sent.items() if at < shown}
        size = sum(self.bytes.get(request, 0) for request in before) / 1000
        kept = len(before & self.kept)
        return Visit(len(before), kept, size, times["paint"], times["number"] - times["paint"])


if __name__ == "__main__":
    main()
