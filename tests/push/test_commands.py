"""Commands of a WebSocket that fail midway: `written` says what was changed, whatever else is answered."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import OperationalError

from inbox import services
from inbox.services.acts import journal
from push.transports.websocket import commands
from push.transports.websocket.codecs import JSON


def connection() -> Any:
    """One that is open, with what it has been sent and asked."""
    made: Any = SimpleNamespace(codec=JSON, user=7, refusal=None, replies=[], asked=0)

    async def call(function: Any, *args: Any) -> Any:
        return function(*args)

    async def until_verified() -> None:
        return None

    made.until_verified, made.reply = until_verified, made.replies.append
    made.meter = SimpleNamespace(charge=lambda cost: True)
    made.wire = SimpleNamespace(hold_input=lambda hold: None)
    made.hub = SimpleNamespace(call=call, ask=lambda connection: None)
    return made


@pytest.mark.parametrize(
    ("error", "raised"), [(OperationalError("gone"), commands.Unavailable), (ValueError("a bug"), ValueError)]
)
@pytest.mark.parametrize("changed", [0, 2000])
async def test_what_was_changed_before_a_failure_is_told(
    changed: int, error: Exception, raised: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    acts: list[Any] = []

    def fail(user: Any, up_to: int) -> int:
        acts.append(journal._act.get())
        acts[-1].changed = changed
        raise error

    monkeypatch.setattr(services, "mark_all_read", fail)
    here = connection()
    with pytest.raises(raised):
        await commands.run(here, {"text": json.dumps({"type": "read_all", "up_to": 5})})
    written = [{"type": "written", "changed": changed, "undo": acts[0].token}]
    assert here.replies == (written if changed else [])
