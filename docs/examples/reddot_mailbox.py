"""A client of Red Dot for one user: a script, a device, a server that acts for them. Needs reddot_client.py beside it.

    with Mailbox("https://example.com", ticket) as mailbox:
        for item in mailbox.items(q="tea", unread=True):
            print(item["title"])
        done = mailbox.read_up_to(mailbox.page()["version"])
        mailbox.undo(done["undo"])

A ticket comes from `POST tickets/`, for the signed-in user, or from `RedDot.ticket`. Each write returns the snapshot
after it; those to items also say how many `changed`, and have a token, `undo`. What is refused raises `Refused`.
"""

import secrets
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from reddot_client import Client

PAGE = 100  # items of a request


class Mailbox(Client):
    """One user's mailbox. `version` in a write is that of what was on screen: if an announcement was shown again since,
    nothing is written (`Refused`, 409)."""

    # Reading

    def unread(self) -> dict[str, Any]:
        """The snapshot."""
        return self._ask("GET", "unread/")

    def page(self, limit: int = 20, before: str | None = None, **choice: Any) -> dict[str, Any]:
        """`items`, `next`, and the `version` that was read before them. `choice` is a filter, as in `items`."""
        query = _query({**choice, "limit": limit, "before": before})
        return self._ask("GET", f"inbox/?{query}")

    def items(self, **choice: Any) -> Iterator[dict[str, Any]]:
        """The newest first, page by page: those with all of these properties.

        `q` (words), `type` and `not_type` (names, separated by commas), `actor` (a user's id), `since` and `until`
        (when they arrived), `subject`, `thread`; and True for `unread`, `read`, `archived`, `starred`, `snoozed`,
        `important`.
        """
        yield from self._pages("inbox/", limit=PAGE, **_values(choice))

    def item(self, ref: str) -> dict[str, Any]:
        return self._ask("GET", f"inbox/{quote(ref)}/")

    def threads(self, limit: int = 20, before: str | None = None, **choice: Any) -> dict[str, Any]:
        """`threads` with such items, the last moved first, `next` and `version`."""
        return self._ask("GET", f"inbox/threads/?{_query({**choice, 'limit': limit, 'before': before})}")

    def thread(self, key: str) -> Iterator[dict[str, Any]]:
        """The items of one thread, the newest first."""
        yield from self._pages(f"inbox/threads/{quote(key)}/", limit=PAGE)

    def announcements(self) -> list[dict[str, Any]]:
        """The banners and dialogs that the user has yet to close or confirm."""
        found: list[dict[str, Any]] = self._ask("GET", "inbox/announcements/")["items"]
        return found

    # Writing

    def read(self, refs: Sequence[str], version: int | None = None) -> dict[str, Any]:
        return self._do("POST", "inbox/read/", {"refs": list(refs), **_given(version=version)})

    def read_up_to(self, version: int, type: str | None = None) -> dict[str, Any]:
        """All that the page of this version listed, of one type or of all."""
        return self._act("POST", "inbox/read/", {"up_to": version, **_given(type=type)})

    def seen(self, version: int) -> dict[str, Any]:
        """The user was shown what there is at this version."""
        return self._do("POST", "inbox/seen/", {"up_to": version})

    def change(self, ref: str, version: int | None = None, **changes: Any) -> dict[str, Any]:
        """`read`, `archived`, `starred`: True or False; `snoozed_until`: a time with its zone, or None to end it;
        `deleted=False` restores it, for ten minutes."""
        return self._do("PATCH", f"inbox/{quote(ref)}/", {**_fields(changes), **_given(version=version)})

    def change_many(self, refs: Sequence[str], version: int | None = None, **changes: Any) -> dict[str, Any]:
        """Up to 1,000, in one transaction. `changes` as in `change`, and `deleted=True`."""
        return self._do("POST", "inbox/changes/", {"refs": list(refs), **_fields(changes), **_given(version=version)})

    def count(self, **choice: Any) -> dict[str, Any]:
        """How many items the filter chooses; `version` is that of `change_all`."""
        return self._ask("GET", f"inbox/count/?{_query(choice)}")

    def change_all(self, choice: dict[str, Any], version: int, **changes: Any) -> dict[str, Any]:
        """All that this filter listed on the page of this version."""
        return self._act("POST", "inbox/changes/", {"filter": _fields(choice), "up_to": version, **_fields(changes)})

    def delete(self, ref: str, version: int | None = None) -> dict[str, Any]:
        return self._do("DELETE", f"inbox/{quote(ref)}/?{_query({'version': version})}")

    def press(self, ref: str, button: int) -> dict[str, Any]:
        """Press a button, which reads the item. The last press counts. The caller follows the link."""
        return self._do("POST", f"inbox/{quote(ref)}/pressed/", {"button": button})

    def undo(self, token: str) -> dict[str, Any]:
        """Undo a write; says how many items were `restored`, and how many `skipped`: they were changed since."""
        return self._act("POST", "inbox/undo/", {"undo": token})

    def visited(self, visit: str) -> dict[str, Any]:
        """Read what a page could show: `visit` is what `{% visited %}` has put into it."""
        return self._act("POST", "inbox/visited/", {"visit": visit})

    def close_banner(self, ref: str, version: int | None = None) -> dict[str, Any]:
        return self._do("POST", f"inbox/announcements/{quote(ref)}/close/", _given(version=version))

    def confirm(self, ref: str, version: int | None = None) -> dict[str, Any]:
        return self._do("POST", f"inbox/announcements/{quote(ref)}/confirm/", _given(version=version))

    def report(self, events: Sequence[dict[str, Any]]) -> None:
        """What was `shown`, `seen` or `clicked` of announcements: {"ref": …, "what": …}, at most 100."""
        self._do("POST", "inbox/events/", {"events": list(events)})

    # Following, silencing, preferences

    def following(self) -> Iterator[dict[str, Any]]:
        """What the user follows, the newest first: {"subject": "blog.post:7", "since": …}."""
        yield from self._pages("following/", limit=PAGE)

    def follow(self, subject: str) -> dict[str, Any]:
        """Raises Refused (403) if the site does not let the user follow it."""
        return self._do("PUT", f"following/{quote(subject, safe='')}/")

    def unfollow(self, subject: str) -> dict[str, Any]:
        return self._do("DELETE", f"following/{quote(subject, safe='')}/")

    def silences(self) -> Iterator[dict[str, Any]]:
        yield from self._pages("silences/", limit=PAGE)

    def silence(self, subject: str, until: datetime | str = "ever") -> dict[str, Any]:
        """`until` a time with its zone, or for a "day", a "week" or "ever"."""
        end = {"for": until} if isinstance(until, str) else {"until": _text(until)}
        return self._do("PUT", f"silences/{quote(subject, safe='')}/", end)

    def unsilence(self, subject: str) -> dict[str, Any]:
        return self._do("DELETE", f"silences/{quote(subject, safe='')}/")

    def preferences(self) -> dict[str, Any]:
        return self._ask("GET", "preferences/")

    def set_preferences(self, **changes: Any) -> dict[str, Any]:
        """`muted` (types), `language`, `time_zone`; what is not given stays."""
        return self._do("PATCH", "preferences/", changes)

    def _do(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """A write, which is tried again only if nothing was written."""
        return self._ask(method, path, body, can_repeat=False)

    def _act(self, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """A write to any number of items. If it is tried again, it goes on under the same token, which undoes all."""
        return self._ask(method, path, {**body, "act": secrets.token_urlsafe(16)})


def _given(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _text(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _fields(values: dict[str, Any]) -> dict[str, Any]:
    """For a body."""
    return {name: _text(value) for name, value in values.items()}


def _values(choice: dict[str, Any]) -> dict[str, Any]:
    """For an address. What is None or False is left out."""
    found = {name: _text(value) for name, value in choice.items() if value is not None and value is not False}
    return {name: 1 if value is True else value for name, value in found.items()}


def _query(values: dict[str, Any]) -> str:
    return urlencode(_values(values))
