"""Browsers that are used again: what one has loaded of a site's scripts and styles, it need not ask for again."""

import inspect
from collections.abc import Callable
from typing import Any, Self

from playwright.sync_api import Browser, BrowserContext

KEPT = 6  # idle browsers; a test opens three at most
TIMEOUT = 15_000  # ms
# What a test may do with a context that leaves nothing in it, but for pages and cookies.
LEAVES_NOTHING = {
    *("add_cookies", "clear_cookies", "cookies", "storage_state"),
    *("new_page", "new_cdp_session", "set_default_timeout", "close", "is_closed"),
    *("expect_console_message", "expect_event", "expect_page", "wait_for_event"),
}


class Profile:
    """A context, the errors its pages threw, and whether another test may have it.

    Routes, scripts, listeners, a clock and the like cannot all be taken out again: whoever called anything that
    `LEAVES_NOTHING` does not name has spoilt it. Nothing of ours writes to `localStorage` or databases.
    """

    def __init__(self, kind: tuple[str, str], context: BrowserContext) -> None:
        self.kind, self.context = kind, context
        self.errors: list[str] = []
        self.is_spoilt = False
        context.on("weberror", lambda error: self.errors.append(str(error.error)))
        self._watch(context, LEAVES_NOTHING)
        self._watch(context.clock, set())  # of the context, whichever page it is reached by

    def _watch(self, target: Any, harmless: set[str]) -> None:
        for name, _function in inspect.getmembers(type(target), inspect.isfunction):
            if not name.startswith("_") and name not in harmless:
                setattr(target, name, self._spoiling(getattr(target, name)))

    def _spoiling(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            self.is_spoilt = True
            return method(*args, **kwargs)

        return call

    def emptied(self) -> Self:
        for page in self.context.pages:
            page.close()
        self.context.clear_cookies()
        return self


class Browsers:
    """The idle browsers by site and options."""

    def __init__(self, chromium: Browser) -> None:
        self._chromium = chromium
        self._idle: list[Profile] = []

    def take(self, base_url: str, options: dict[str, Any]) -> Profile:
        kind = (base_url, repr(sorted(options.items())))
        profile = next((each for each in self._idle if each.kind == kind), None)
        if profile is None:
            profile = Profile(kind, self._chromium.new_context(base_url=base_url, **options))
        else:
            self._idle.remove(profile)
        profile.context.set_default_timeout(TIMEOUT)
        return profile

    def give_back(self, profile: Profile) -> list[str]:
        """The errors of its pages."""
        if profile.is_spoilt or profile.context.is_closed():
            profile.context.close()
        else:
            self._idle.append(profile.emptied())
        errors, profile.errors = profile.errors, []
        if len(self._idle) > KEPT:
            self._idle.pop(0).context.close()
        return errors

    def close(self) -> None:
        while self._idle:
            self._idle.pop().context.close()
