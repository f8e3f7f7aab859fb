"""A client of Red Dot for other services, in one file: copy it. Needs Python 3.11 and httpx.

    with RedDot("https://example.com", "rd_…") as red_dot:
        red_dot.send("comment", ["bob", 7], target_title="Tea", excerpt="Nice!")

What fails in passing (no connection, 429, 5xx, a request still in progress) is tried again under the same
`Idempotency-Key`, so that nothing is sent twice. What is refused raises `Refused`.
"""

import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

import httpx

User = int | str | Mapping[str, Any]  # a number is a user's id, a string a user name; {"id": …} an id of any kind
PASSING = {429, 500, 502, 503, 504}
TRIES = 5
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0  # seconds


class Refused(Exception):
    """The service said no; `problem` is its problem document (RFC 9457)."""

    def __init__(self, problem: Mapping[str, Any]) -> None:
        super().__init__(f"{problem.get('status')} {problem.get('code')}: {problem.get('detail')}")
        self.problem = problem


@dataclass(frozen=True)
class Sent:
    """`created` have it; `unknown` do not exist; of a single recipient there is the badge after it. With more than a
    thousand recipients it is on its way (`is_pending`): ask `progress(send)`."""

    send: int
    unknown: list[Any] = field(default_factory=list)
    created: int = 0
    recipients: int | None = None
    snapshot: dict[str, Any] | None = None

    @property
    def is_pending(self) -> bool:
        return self.recipients is not None


class RedDot:
    """One site, and a service token for it. May be used by several threads."""

    def __init__(self, site: str, token: str, *, timeout: float = 10, sleep: Callable[[float], None] = time.sleep):
        headers = {"Authorization": f"Bearer {token}"}
        self._http = httpx.Client(base_url=f"{site.rstrip('/')}/api/v1/", headers=headers, timeout=timeout)
        self._sleep = sleep

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    # Messages

    def send(self, event: str, recipients: Sequence[User], *, key: str | None = None, **columns: Any) -> Sent:
        """One event to up to 10,000 users. `key` makes it count once beyond this call, as after your own crash."""
        return Sent(**self._write("POST", "messages/", {"type": event, "recipients": list(recipients), **columns}, key))

    def announce(self, event: str, audience: str, *, key: str | None = None, **columns: Any) -> Sent:
        """One event to "everyone", to the "staff", or to "groups" (with `groups=[names]`)."""
        return Sent(**self._write("POST", "messages/", {"type": event, "audience": audience, **columns}, key))

    def send_batch(self, messages: Sequence[Mapping[str, Any]], *, key: str | None = None) -> list[dict[str, Any]]:
        """Up to 500 events, each like the body of a send; what became of each, in order."""
        results: list[dict[str, Any]] = self._write("POST", "messages/batch/", {"messages": list(messages)}, key)[
            "results"
        ]
        return results

    def progress(self, send: int) -> dict[str, Any]:
        """How far a send has come: `status` is "pending", "done" or "failed", and `reason` says why."""
        return self._ask("GET", f"sends/{send}/")

    # Users

    def unread(self, user: int | str) -> dict[str, Any]:
        """The snapshot of a user, by id."""
        return self._ask("GET", f"users/{user}/unread/")

    # Broadcasts

    def publish(self, title: str, *, key: str | None = None, **fields: Any) -> dict[str, Any]:
        """Write an announcement and put it out; returns the broadcast, with the `unknown` ones of its people.

        `fields`: `audience` is "everyone", "staff", "groups" or "several", the union of `with_staff`, `groups`,
        `people` and `filters` (ids or names of saved ones); `excluded` (`staff`, `groups`, `people`, `filters`) is left
        out of any; `late_joiners` also see it.
        """
        key = key or uuid.uuid4().hex
        draft = self._write("POST", "broadcasts/", {"title": title, **fields}, f"{key}-draft")
        published = self._write("POST", f"broadcasts/{draft['id']}/publish/", None, f"{key}-publish")
        return published | {"unknown": draft["unknown"]}

    def audience_filters(self) -> Iterator[dict[str, Any]]:
        """The saved filters of the site."""
        yield from self._pages("audience-filters/")

    def people(self, broadcast: int, *, excluded: bool = False) -> Iterator[int | str]:
        """The ids of the users on the lists of a broadcast, or of those who are left out."""
        yield from self._pages(f"broadcasts/{broadcast}/people/", excluded=int(excluded))

    def change(
        self, broadcast: int, *, key: str | None = None, show_again: bool = False, **fields: Any
    ) -> dict[str, Any]:
        """Edit it. Who has read it keeps it read, unless it is shown again."""
        return self._write("PATCH", f"broadcasts/{broadcast}/", {**fields, "show_again": show_again}, key)

    def receipts(self, broadcast: int, done: str | None = None) -> Iterator[dict[str, Any]]:
        """What readers have done with it; with `done` ("read", "confirmed", …) only who has done that."""
        yield from self._pages(f"broadcasts/{broadcast}/receipts/", limit=100, **({"done": done} if done else {}))

    def effect(self, broadcast: int) -> dict[str, int]:
        """How many of its audience were shown it, have seen, read or confirmed it, or followed its buttons."""
        return self._ask("GET", f"broadcasts/{broadcast}/effect/")

    def withdraw(self, broadcast: int) -> dict[str, Any]:
        return self._write("POST", f"broadcasts/{broadcast}/withdraw/", None, None)

    # Requests

    def _pages(self, path: str, **query: Any) -> Iterator[Any]:
        while True:
            page = self._ask("GET", f"{path}?{urlencode(query)}")
            yield from page["items"]
            if page["next"] is None:
                return
            query["before"] = page["next"]

    def _write(self, method: str, path: str, body: Any, key: str | None) -> dict[str, Any]:
        return self._ask(method, path, body, {"Idempotency-Key": key or uuid.uuid4().hex})

    def _ask(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        for pause in self._pauses():
            try:
                response = self._http.request(method, path, json=body, headers=headers)
            except httpx.TransportError:
                if pause is None:
                    raise
                self._sleep(pause)
                continue
            if pause is None or not _passes(response):
                return _read(response)
            self._sleep(float(response.headers.get("Retry-After", pause)))
        raise AssertionError("unreachable")

    def _pauses(self) -> list[float | None]:
        """Seconds after each try; None: it was the last."""
        return [*(min(FIRST_PAUSE * 2**n, LONGEST_PAUSE) for n in range(TRIES - 1)), None]


def _passes(response: httpx.Response) -> bool:
    """Whether the same request may do better in a moment."""
    in_progress = response.status_code == 409 and response.json().get("code") == "in_progress"
    return response.status_code in PASSING or in_progress


def _read(response: httpx.Response) -> dict[str, Any]:
    if response.is_success:
        answer: dict[str, Any] = response.json() if response.content else {}
        return answer
    try:
        problem = response.json()
    except ValueError:  # a proxy's page
        problem = {"status": response.status_code, "detail": response.reason_phrase}
    raise Refused(problem)
