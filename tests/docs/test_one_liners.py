"""Every one-liner of the README's table shows the number of a real site, as it stands there."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page

from tests.conftest import StartSite
from tests.docs.pages import README, table
from tests.servers import Site, needs, wait_for
from tools.processes import ROOT
from tools.stores import MissingServerError

ADDRESS = "127.0.0.1:8000"
ROWS = {row[0]: row[1].strip("`") for row in table("Listen from anywhere")}
SCRIPTS = [name for name, line in ROWS.items() if line.startswith("new ")]
[MINT] = re.findall(r"^TICKET=.*$", README, re.MULTILINE)


@pytest.fixture(scope="module")
def site(shared_site: StartSite) -> Site:
    return shared_site(mqtt="embedded")


@pytest.fixture(scope="module")
def set_ticket(site: Site) -> Callable[[], str]:
    """A line that sets TICKET. The README's own mints it, again when half of its minute is over."""
    minted: list[tuple[float, str]] = []

    def line() -> str:
        now = time.monotonic()
        if not minted or now - minted[-1][0] > 30:
            argv = ["bash", "-ec", f'{MINT.replace(".venv/bin/python", sys.executable)}\necho "$TICKET"']
            done = subprocess.run(argv, cwd=ROOT, env=site.env, stdout=subprocess.PIPE, text=True, check=True)
            minted.append((now, done.stdout.strip()))
        return f"TICKET={minted[-1][1]}"

    return line


@pytest.fixture
def shell(site: Site, set_ticket: Callable[[], str], tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Runs a line of the README against the site; what it prints is in the returned file."""
    running: list[subprocess.Popen[bytes]] = []

    def run(line: str) -> Path:
        said = tmp_path / "said"
        line = line.replace(ADDRESS, f"127.0.0.1:{site.ports[0]}").replace(".venv/bin/python", sys.executable)
        line = line.replace("-p 1883", f"-p {urlsplit(site.env['MQTT_URL']).port}")
        if "$TICKET" in line:
            line = f"{set_ticket()}\n{line}"
        with said.open("wb") as out:
            options: dict[str, Any] = {"cwd": ROOT, "env": site.env, "start_new_session": True}
            argv = ["bash", "-c", line]
            running.append(subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=out, stderr=out, **options))
        return said

    yield run
    for child in running:
        os.killpg(child.pid, signal.SIGKILL)
        child.communicate()


@pytest.mark.parametrize("name", [name for name in ROWS if name not in SCRIPTS])
def test_in_a_shell(shell: Callable[[str], Path], site: Site, name: str) -> None:
    with needs():
        installed(ROWS[name].split()[0])
    site.call("send", "comment", ["bob"], target_title="Tea")
    unread = site.call("snapshot", "bob")["unread"]
    said = shell(ROWS[name])
    wait_for(lambda: f'"unread":{unread},' in said.read_text().replace(" ", ""), 20, what=f"{name} to say {unread}")


@pytest.mark.parametrize("name", SCRIPTS)
def test_on_a_page(site: Site, name: str, chromium: Browser) -> None:
    with chromium.new_page(base_url=site.url(""), bypass_csp=True) as page:  # it loads one more script
        page.context.add_cookies([{"name": "sessionid", "value": site.cookies("bob")["sessionid"], "url": site.url()}])
        page.goto("/inbox/")
        page.add_script_tag(url="/static/django_eventstream/reconnecting-eventsource.js")
        said = heard(page)
        page.evaluate(f"() => {{ {ROWS[name]} }}")
        unread = site.call("snapshot", "bob")["unread"]
        until(page, said, unread)
        site.call("send", "comment", ["bob"], target_title="Tea")
        until(page, said, unread + 1)


def installed(command: str) -> None:
    if not command.startswith(".venv/") and not shutil.which(command):
        raise MissingServerError(f"no {command}: install its package")


def heard(page: Page) -> list[str]:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text.replace(" ", "")))
    return said


def until(page: Page, said: list[str], unread: int) -> None:
    fact = f'"unread":{unread},'
    wait_for(lambda: page.evaluate("1") and any(fact in line for line in said), what=fact)
