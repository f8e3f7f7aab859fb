"""What other libraries do not promise is there; where it is not, that is said, and the rest goes on."""

import logging
import sys
from types import SimpleNamespace
from typing import Any

import pytest
from autobahn.websocket.protocol import WebSocketProtocol
from websockets.protocol import State

from push import checks
from push.gate import server_hooks
from push.wire import daphne, internals, uvicorn
from push.wire.internals import USES, Use


@pytest.fixture(autouse=True)
def loaded() -> None:
    internals.import_all()


@pytest.mark.parametrize("use", USES, ids=lambda use: f"{use.module}.{use.holder}")
def test_the_installed_libraries_have_what_we_use(use: Use) -> None:
    """So that an upgrade which renames something is noticed here. All of them are installed for the tests."""
    assert use.missing(sys.modules[use.module]) == []


def test_states_are_numbered_as_we_think() -> None:
    assert State.OPEN == uvicorn.WEBSOCKETS_OPEN
    assert WebSocketProtocol.STATE_OPEN == daphne.AUTOBAHN_OPEN


@pytest.mark.parametrize("use", USES, ids=lambda use: f"{use.module}.{use.holder}")
def test_what_is_missing_is_said(use: Use, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """By `manage.py check`, and in the log of a web process."""
    empty: Any = SimpleNamespace(**({use.holder: type("Renamed", (), {})} if use.holder else {}))
    monkeypatch.setitem(sys.modules, use.module, empty)
    found = [warning for warning in checks.check_internals() if use.otherwise in warning.msg]
    assert {warning.id for warning in found} == {"push.W002"}
    assert any(use.names[0] in warning.msg for warning in found)
    with caplog.at_level(logging.WARNING):
        internals.warn()
    assert use.otherwise in caplog.text


def test_nothing_is_missing_so_nothing_is_said(caplog: pytest.LogCaptureFixture) -> None:
    assert checks.check_internals() == []
    internals.warn()
    assert caplog.text == ""


def test_a_class_that_has_changed_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    changed = type("HttpToolsProtocol", (), {"connection_made": lambda self, transport: None})
    module: Any = SimpleNamespace(HttpToolsProtocol=changed, RequestResponseCycle=object)
    monkeypatch.setitem(sys.modules, "uvicorn.protocols.http.httptools_impl", module)
    before = changed.connection_made  # type: ignore[attr-defined]
    server_hooks.install(lambda scope: True)
    assert changed.connection_made is before  # type: ignore[attr-defined]


def test_names_of_either_version_will_do() -> None:
    """websockets renamed `max_size` in 16."""

    class Later:
        def __init__(self) -> None:
            self.max_message_size = None

    assert Use("m", "Later", ("max_size|max_message_size",), "").missing(SimpleNamespace(Later=Later)) == []  # type: ignore[arg-type]
