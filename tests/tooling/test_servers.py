"""The fixtures of tests/servers.py themselves."""

from typing import Any

import pytest

from tests.conftest import StartSite
from tests.servers import ActionFailed, wait_for
from tools.stores import Valkey

STACK = {"server": ["uvicorn", "daphne"], "bus": "valkey", "database": "postgres", "beat": True}


@pytest.mark.parametrize(
    "shape", [pytest.param({}, id="embedded"), pytest.param(STACK, id="stack", marks=pytest.mark.soak)]
)
def test_site_acts_and_restarts(start_site: StartSite, shape: dict[str, Any]) -> None:
    site = start_site(**shape)
    assert site.call("snapshot", "bob")["unread"] == 0
    site.call("send", "comment", ["bob"], actor="alice", target_title="Tea", excerpt="Yes")
    assert site.agent.call("snapshot", "bob")["unread"] == 1
    with pytest.raises(ActionFailed, match="NotFound"):
        site.agent.call("inbox.services.mark_read", 1, ["comment-999"])
    site.web[0].kill()
    site.start_web(0)
    assert site.call("counts")["threads"] > 0
    with site.client("bob") as bob:
        read = bob.post("/api/v1/inbox/read/", json={"up_to": bob.get("/api/v1/unread/").json()["version"]})
        assert read.json()["unread"] == 0, read.text


def test_valkey_is_ill_treated(own_valkey: Valkey) -> None:
    own_valkey.freeze()
    assert not own_valkey.answers()
    own_valkey.thaw()
    wait_for(own_valkey.answers)
    own_valkey.kill()
    assert not own_valkey.answers()
    own_valkey.start()
    own_valkey.flush()
