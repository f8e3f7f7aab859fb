"""A client of Red Dot for other services, in one file: copy it. Needs Python 3.11 and httpx.

    with RedDot("https://example.com", "rd_…") as red_dot:
        red_dot.send("comment", ["bob", 7], target_title="Tea", excerpt="Nice!")

What fails in passing (no connection, 429, 5xx, a request still in progress) is tried again under the same
`Idempotency-Key`, so that nothing is sent twice. What is refused raises `Refused`. The client of a user is in
reddot_mailbox.py.
"""

import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote, urlencode

import httpx

User = int | str | Mapping[str, Any]  # a number is a user's id, a string a user name; {"id": …} an id of any kind
PASSING = {429, 500, 502, 503, 504}
UNDONE = {429, 503}  # nothing was written
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


class Client:
    """One site, and what it knows its caller by. May be used by several threads."""

    def __init__(self, site: str, bearer: str, *, timeout: float = 10, sleep: Callable[[float], None] = time.sleep):
        headers = {"Authorization": f"Bearer {bearer}"}
        self._http = httpx.Client(base_url=f"{site.rstrip('/')}/api/v1/", headers=headers, timeout=timeout)
        self._sleep = sleep

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def _pages(self, path: str, **query: Any) -> Iterator[Any]:
        while True:
            page = self._ask("GET", f"{path}?{urlencode(query)}")
            yield from page["items"]
            if page["next"] is None:
                return
            query["before"] = page["next"]

    def _ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        *,
        can_repeat: bool = True,
    ) -> dict[str, Any]:
        """A request that can't be repeated is tried again only if it was not carried out."""
        for pause in self._pauses():
            try:
                response = self._http.request(method, path, json=body, headers=headers)
            except httpx.TransportError:
                if pause is None or not can_repeat:
                    raise
                self._sleep(pause)
                continue
            if pause is None or not (_passes(response) if can_repeat else response.status_code in UNDONE):
                return _read(response)
            self._sleep(_wished_pause(response) or pause)
        raise AssertionError("unreachable")

    def _pauses(self) -> list[float | None]:
        """Seconds after each try; None: it was the last."""
        return [*(min(FIRST_PAUSE * 2**n, LONGEST_PAUSE) for n in range(TRIES - 1)), None]


class RedDot(Client):
    """One site, and a service token for it."""

    # Messages

    def send(
        self,
        event: str,
        recipients: Sequence[User],
        *,
        key: str | None = None,
        message_key: str | None = None,
        **columns: Any,
    ) -> Sent:
        """One event to up to 10,000 users. `key` makes it count once beyond this call, as after your own crash.
        `message_key` is your own name of it, to recall or rewrite it later."""
        body = {"type": event, "recipients": list(recipients), **_named(message_key), **columns}
        return Sent(**self._write("POST", "messages/", body, key))

    def send_to_followers(
        self,
        event: str,
        topic: str,
        recipients: Sequence[User] = (),
        *,
        key: str | None = None,
        message_key: str | None = None,
        **columns: Any,
    ) -> Sent:
        """One event to those who follow the topic ("blog.post:7"), and to these users; not to the actor."""
        people = {"recipients": list(recipients)} if recipients else {}
        body = {"type": event, "topic": topic, **people, **_named(message_key), **columns}
        return Sent(**self._write("POST", "messages/", body, key))

    def announce(
        self, event: str, audience: str, *, key: str | None = None, message_key: str | None = None, **columns: Any
    ) -> Sent:
        """One event to "everyone", to the "staff", or to "groups" (with `groups=[names]`)."""
        body = {"type": event, "audience": audience, **_named(message_key), **columns}
        return Sent(**self._write("POST", "messages/", body, key))

    def send_batch(self, messages: Sequence[Mapping[str, Any]], *, key: str | None = None) -> list[dict[str, Any]]:
        """Up to 500 events, each like the body of a send; what became of each, in order."""
        results: list[dict[str, Any]] = self._write("POST", "messages/batch/", {"messages": list(messages)}, key)[
            "results"
        ]
        return results

    def progress(self, send: int) -> dict[str, Any]:
        """How far a send has come: `status` is "pending", "done" or "failed", and `reason` says why. `pressed`
        has how many recipients pressed each button last, if its messages have buttons."""
        return self._ask("GET", f"sends/{send}/")

    def rewrite(
        self, message: str | int, event: str, *, again: bool = False, key: str | None = None, **columns: Any
    ) -> dict[str, Any]:
        """New values for what was sent, named by its `message_key` or by the number of the send.

        With `again` it arrives a second time. Beyond 1,000 recipients it goes on after the call: see `progress`.
        """
        body = {"type": event, "again": again, **columns}
        return self._write("PATCH", _address(message), body, key)

    def recall(self, message: str | int, *, key: str | None = None) -> dict[str, Any]:
        """Take what was sent out of every inbox; says how many had it (`recalled`), and how many had `read` it.

        Beyond 1,000 recipients it goes on after the call: see `progress`.
        """
        return self._write("DELETE", _address(message), None, key)

    # Users

    def unread(self, user: int | str) -> dict[str, Any]:
        """The snapshot of a user, by id."""
        return self._ask("GET", f"users/{user}/unread/")

    def ticket(self, user: int | str, ttl: int = 300) -> str:
        """A ticket for a user, by id: what a device of theirs shows in place of a password."""
        return str(self._ask("POST", f"users/{user}/tickets/", {"ttl": ttl})["ticket"])

    # Broadcasts

    def publish(self, title: str, *, key: str | None = None, **fields: Any) -> dict[str, Any]:
        """Write an announcement and put it out; returns the broadcast, with the `unknown` ones of its people.

        `fields`: `audience` is "everyone", "staff", "groups" or "several", the union of `with_staff`, `groups`,
        `people` and `filters` (ids or names of saved ones); `excluded` (`staff`, `groups`, `people`, `filters`) is left
        out of any; `late_joiners` also see it.
        """
        key = key or uuid.uuid4().hex
        draft = self.draft(title, key=f"{key}-draft", **fields)
        published = self._write("POST", f"broadcasts/{draft['id']}/publish/", None, f"{key}-publish")
        return published | {"unknown": draft["unknown"]}

    def draft(self, title: str, *, key: str | None = None, **fields: Any) -> dict[str, Any]:
        """Write an announcement that nobody sees yet."""
        return self._write("POST", "broadcasts/", {"title": title, **fields}, key)

    def broadcasts(self) -> Iterator[dict[str, Any]]:
        """All announcements, drafts too, the newest first."""
        yield from self._pages("broadcasts/")

    def broadcast(self, broadcast: int) -> dict[str, Any]:
        return self._ask("GET", f"broadcasts/{broadcast}/")

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

    def withdraw(self, broadcast: int, *, key: str | None = None) -> dict[str, Any]:
        return self._write("POST", f"broadcasts/{broadcast}/withdraw/", None, key)

    def delete(self, broadcast: int, *, key: str | None = None) -> None:
        self._write("DELETE", f"broadcasts/{broadcast}/", None, key)

    # Broadcasts that recur

    def all_series(self) -> Iterator[dict[str, Any]]:
        """The newest first."""
        yield from self._pages("broadcast-series/")

    def series(self, series: int) -> dict[str, Any]:
        return self._ask("GET", f"broadcast-series/{series}/")

    def recur(self, broadcast: int, *, key: str | None = None, **rule: Any) -> dict[str, Any]:
        """A series of copies of a draft: `rule` (RFC 5545), `starts_on`, `at`, `time_zone`, `duration_minutes`."""
        return self._write("POST", "broadcast-series/", {"broadcast": broadcast, **rule}, key)

    def change_series(self, series: int, *, key: str | None = None, **rule: Any) -> dict[str, Any]:
        return self._write("PATCH", f"broadcast-series/{series}/", rule, key)

    def start_series(self, series: int, *, key: str | None = None) -> dict[str, Any]:
        """From now on, occurrences are published."""
        return self._write("POST", f"broadcast-series/{series}/start/", None, key)

    def stop_series(self, series: int, *, key: str | None = None) -> dict[str, Any]:
        return self._write("POST", f"broadcast-series/{series}/stop/", None, key)

    def delete_series(self, series: int, *, key: str | None = None) -> None:
        """Its occurrences stay."""
        self._write("DELETE", f"broadcast-series/{series}/", None, key)

    def _write(self, method: str, path: str, body: Any, key: str | None) -> dict[str, Any]:
        return self._ask(method, path, body, {"Idempotency-Key": key or uuid.uuid4().hex})


def _named(message_key: str | None) -> dict[str, str]:
    return {} if message_key is None else {"key": message_key}


def _address(message: str | int) -> str:
    return f"sends/{message}/" if isinstance(message, int) else f"messages/{quote(message, safe='')}/"


def _passes(response: httpx.Response) -> bool:
    """Whether the same request may do better in a moment."""
    in_progress = response.status_code == 409 and _problem(response).get("code") == "in_progress"
    return response.status_code in PASSING or in_progress


def _wished_pause(response: httpx.Response) -> float | None:
    """None if it says nothing, or a date, as some proxies do."""
    try:
        return float(response.headers["Retry-After"])
    except (KeyError, ValueError):
        return None


def _read(response: httpx.Response) -> dict[str, Any]:
    if response.is_success:
        answer: dict[str, Any] = response.json() if response.content else {}
        return answer
    raise Refused(_problem(response))


def _problem(response: httpx.Response) -> dict[str, Any]:
    try:
        found = response.json()
    except ValueError:
        found = None
    proxys = {"status": response.status_code, "detail": response.reason_phrase}
    return found if isinstance(found, dict) else proxys
