"""A tab that the browser freezes for two minutes (Page Lifecycle) while the mailbox moves on: right when it wakes."""

import time
from itertools import pairwise

import pytest

from tests.browser.conftest import Browse
from tests.browser.conftest import tab as open_tab
from tests.servers import Site

ASLEEP = 120  # seconds


@pytest.mark.soak
@pytest.mark.parametrize("transport", ["websocket", "sse", "long-poll", "short-poll"])
def test_a_tab_asleep(browse: Browse, site: Site, person: str, transport: str) -> None:
    bell = open_tab(browse(site, person)).use(transport).record()
    lifecycle = bell.page.context.new_cdp_session(bell.page)
    lifecycle.send("Page.setWebLifecycleState", {"state": "frozen"})
    end, sent = time.monotonic() + ASLEEP, 0
    while time.monotonic() < end:  # two minutes of a busy mailbox are the fact under test
        site.call("send", "comment", [person], actor="alice", target_title="Tea")
        sent += 1
        if sent % 50 == 0:
            snapshot = site.call("snapshot", person)
            site.call("inbox.services.mark_all_read", snapshot["user"], snapshot["version"])
        time.sleep(0.2)
    final = site.call("snapshot", person)
    lifecycle.send("Page.setWebLifecycleState", {"state": "active"})
    bell.until(f"bell.snapshot.version === {final['version']}")
    assert bell.get("snapshot")["unread"] == final["unread"]
    assert all(older < newer for older, newer in pairwise(bell.recorded()))
