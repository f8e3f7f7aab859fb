"""Pages that stay open: however many events they have shown, they keep the memory that a few hundred needed."""

from pathlib import Path
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import CDPSession, Page, expect

from tests.browser.bell import Bell
from tests.browser.conftest import Browse
from tests.browser.pages.inbox_page import InboxPage
from tests.servers import Site

STORM = Path(__file__).with_name("storm.js").read_text()
ROUNDS = 8
GROWTH = 60_000  # bytes of the heap, of a round
NODES, LISTENERS = 40, 20  # a row more or less, and a toast
AT = {"bell": "/", "panel": "/people/", "inbox": "/inbox/"}
BUTTONS = [{"label": "Yes", "url": "/people/", "labels": {}}]


class Usage(NamedTuple):
    heap: int
    nodes: int
    listeners: int

    @classmethod
    def of(cls, session: CDPSession) -> "Usage":
        """Of what is reachable."""
        for _again in range(3):  # what finalisers let go is collected the next time
            session.send("HeapProfiler.collectGarbage")
        heap, counters = session.send("Runtime.getHeapUsage"), session.send("Memory.getDOMCounters")
        return cls(heap["usedSize"], counters["nodes"], counters["jsEventListeners"])

    def grew_little(self, since: "Usage") -> bool:
        limits = (GROWTH, NODES, LISTENERS)
        return all(now - before <= limit for now, before, limit in zip(self, since, limits, strict=True))


@pytest.fixture
def reader(site: Site, person: str) -> str:
    """With an item of every kind, by which others are made."""
    for number in range(3):
        site.call("send", "comment", [person], actor="alice", target_title="Tea", excerpt=f"{number}", url="/people/")
    site.call("send", "system", [person], title="Disk full", level="critical")
    site.call("send", "system", [person], title="Asks", buttons=BUTTONS, level="warning")
    return person


@pytest.mark.parametrize("events", [120, pytest.param(2000, marks=[pytest.mark.soak, pytest.mark.timeout(900)])])
@pytest.mark.parametrize("where", AT)
def test_it_keeps_no_more(browse: Browse, site: Site, reader: str, where: str, events: int) -> None:
    """In one of some rounds: in the first ones the browser compiles what runs often. What leaks grows in each."""
    broadcast = site.call("broadcast", "Hello", body="**All** of you")
    try:
        page, session = open_page(browse, site, reader, where)
        used = [blow(page, session, events)]
        while not (len(used) > 1 and used[-1].grew_little(used[-2])):
            assert len(used) < ROUNDS, used
            used.append(blow(page, session, events))
    finally:
        site.call("withdraw", broadcast)


def blow(page: Page, session: CDPSession, events: int) -> Usage:
    """What is used once they are shown, and the toasts are gone that go by themselves."""
    state = page.evaluate("(events) => storm.blow(events)", events)
    Bell(page).until(f"bell.snapshot.version === {state['version']}")
    expect(page.locator("notification-bell .toast:not([data-urgent])")).to_have_count(0)
    return Usage.of(session)


def open_page(browse: Browse, site: Site, reader: str, where: str) -> tuple[Page, CDPSession]:
    context = browse(site, reader)
    context.add_init_script(STORM)
    page = context.new_page()
    page.goto(AT[where])
    bell = Bell(page).live()
    if where == "panel":
        bell.open()
        expect(bell.rows.first).to_be_visible()
    if where == "inbox":
        InboxPage(page).leave_list()
    session: Any = context.new_cdp_session(page)
    page.evaluate("storm.prepare()")
    return page, session
