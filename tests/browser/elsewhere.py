"""A web server of another origin, which serves the example of docs/examples and gets tickets for its visitor."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from tests.servers import Site
from tools.processes import ROOT

EXAMPLE = (ROOT / "docs" / "examples" / "other-origin.html").read_text()
THEIRS = "https://reddot.example.org"  # in the example


class Elsewhere:
    """`/` is the example, `/blank` an empty page, `/reddot-ticket` mints for whom `visitor` names ("": nobody), and
    for `next_visitor` once that was refused."""

    def __init__(self) -> None:
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (Handler,), {"elsewhere": self}))
        self.origin = f"http://127.0.0.1:{self.server.server_port}"
        self.site: Site
        self.receive("")

    def receive(self, visitor: str, next_visitor: str = "") -> None:
        self.visitor, self.next_visitor, self.wishes = visitor, next_visitor, list[Any]()

    def mint(self, **wish: Any) -> dict[str, Any]:
        with self.site.client(self.visitor) as client:
            minted: dict[str, Any] = client.post("/api/v1/tickets/", json=wish).json()
        return minted

    def __enter__(self) -> Self:
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()


class Handler(BaseHTTPRequestHandler):
    elsewhere: Elsewhere

    def do_GET(self) -> None:
        page = EXAMPLE.replace(THEIRS, self.elsewhere.site.url("")) if self.path == "/" else "<!doctype html>"
        self.answer(200, "text/html; charset=utf-8", page)

    def do_POST(self) -> None:
        wish = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.elsewhere.wishes.append(wish)
        if self.elsewhere.visitor:
            self.answer(200, "application/json", json.dumps(self.elsewhere.mint(**wish)))
        else:
            self.elsewhere.visitor = self.elsewhere.next_visitor
            self.answer(401, "application/json", "{}")

    def answer(self, status: int, content_type: str, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        """Quietly."""
