"""The OpenAPI document as validators and generators of clients read it, and what they generate, used on a real site."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.conftest import StartSite
from tests.servers import Site, needs
from tools import node
from tools.stores import MissingServerError

HERE = Path(__file__).parent / "generated"


@pytest.fixture(scope="module")
def site(shared_site: StartSite) -> Site:
    return shared_site(server="daphne", bus="memory")


@pytest.fixture(scope="module")
def document(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("document") / "openapi.json"
    path.write_bytes(httpx.get(site.url("/api/v1/openapi.json"), verify=False).content)
    return path


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Path]:
    """A folder in which what npm has installed is found."""
    with needs():
        if not node.is_installed():
            raise MissingServerError("needs programs of npm (python3 tools/node.py)")
        (tmp_path / "node_modules").symlink_to(node.HOME / "node_modules")
        yield tmp_path


def run(*argv: Any, cwd: Path) -> str:
    bin_ = os.pathsep.join([str(node.BIN), str(Path(sys.executable).parent), os.environ["PATH"]])
    env = os.environ | {"PATH": bin_}
    done = subprocess.run(list(map(str, argv)), cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_document_is_valid(document: Path) -> None:
    errors = OpenAPIV31SpecValidator(json.loads(document.read_bytes())).iter_errors()
    assert [error.message for error in errors] == []


def test_spectral_finds_nothing(document: Path, workshop: Path) -> None:
    run("spectral", "lint", "--ruleset", HERE / "spectral.yaml", "--fail-severity", "hint", document, cwd=workshop)


PROGRAM = """
import sys
from generated import AuthenticatedClient
from generated.api.for_services import send
from generated.api.inbox import list_inbox, mark_read
from generated.models import CommentMessage, MarkRead

root, ticket, token, name = sys.argv[1:]
reader, service = AuthenticatedClient(root, ticket), AuthenticatedClient(root, token)
event = CommentMessage(type_="comment", recipients=[name], target_title="Tea")
sent = send.sync(client=service, body=event, idempotency_key='"generated-python"')
page = list_inbox.sync(client=reader, limit=1, type_="comment")
marked = mark_read.sync(client=reader, body=MarkRead(refs=[page.items[0].ref]))
print(sent.created, page.items[0].title, page.items[0].read, marked.unread)
"""


def test_a_client_of_openapi_python_client(site: Site, document: Path, tmp_path: Path) -> None:
    options = ("--meta", "none", "--output-path", "generated", "--fail-on-warning")
    run("openapi-python-client", "generate", "--path", document, *options, cwd=tmp_path)
    people = arguments(site, "python-reader")
    assert run(sys.executable, "-c", PROGRAM, *people, cwd=tmp_path) == "1 generated commented on “Tea” False 0\n"


def test_a_client_of_openapi_typescript(site: Site, document: Path, workshop: Path) -> None:
    run("openapi-typescript", document, "--output", "api.ts", cwd=workshop)  # a .d.ts would be left out like a library
    for name in ("client.ts", "package.json", "tsconfig.json"):
        (workshop / name).write_bytes((HERE / name).read_bytes())
    run("tsc", cwd=workshop)
    said = json.loads(run("node", "client.js", *arguments(site, "typescript-reader"), cwd=workshop))
    title = "generated commented on “Tea”"
    assert said == {"created": 1, "title": title, "read": False, "unread": 0, "refused": ["/level"]}


def arguments(site: Site, reader: str) -> list[str]:
    """Address, a reader's ticket, a service's token, the reader's name."""
    site.call("user", reader)
    site.call("user", "generated")
    [[made]] = site.call("sql", "SELECT count(*) FROM inbox_servicetoken")
    token = site.call("token", f"generated-{made}", owner="generated")
    return [site.url(""), site.call("ticket", reader), token, reader]
