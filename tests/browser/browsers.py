"""Browsers that are used again: what one has loaded of a site's scripts and styles, it need not ask for again.

A page with an empty cache costs 0.4 s of CPU time more, and there are 80 scripts in it.
"""

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any, Self

from playwright.sync_api import Browser, BrowserContext, Error, Page

KEPT = 6  # idle browsers; a test opens three at most
PAGES = 2  # of each; few tests have more tabs open
TIMEOUT = 30_000  # ms
BLANK = "about:blank"
# What a test may do with a context that leaves nothing in it, but for pages and cookies.
LEAVES_NOTHING = {
    *("add_cookies", "clear_cookies", "cookies", "storage_state"),
    *("new_page", "set_default_timeout", "close", "is_closed", "remove_listener", "unroute", "unroute_all"),
    *("expect_console_message", "expect_event", "expect_page", "wait_for_event"),
}
# What is undone afterwards, and how: with the context, what the method returned and what it was called with.
UNDONE: dict[str, Callable[..., object]] = {
    "add_init_script": lambda _context, script, *_args, **_kwargs: script.close(),
    "on": lambda context, _none, event, listener: context.remove_listener(event, listener),
    "route": lambda context, *_args, **_kwargs: context.unroute_all(behavior="ignoreErrors"),
    "set_offline": lambda context, *_args: context.set_offline(False),
}
# What it may do with a page so that nothing is left once the page is blank.
LEAVES_A_BLANK_PAGE = {
    *("goto", "reload", "title", "content", "screenshot", "bring_to_front", "close", "is_closed"),
    *("evaluate", "evaluate_handle", "locator", "frame", "frame_locator"),
    *("get_by_alt_text", "get_by_label", "get_by_placeholder", "get_by_role"),
    *("get_by_test_id", "get_by_text", "get_by_title"),
    *("expect_console_message", "expect_event", "expect_navigation", "expect_popup", "expect_request"),
    *("expect_response", "expect_request_finished", "expect_websocket"),
    *("wait_for_event", "wait_for_load_state", "wait_for_selector", "wait_for_url"),
}
# Nothing is written any more, as the bell does when its page goes.
FORGET = "() => { Storage.prototype.setItem = () => {}; sessionStorage.clear(); }"


class Profile:
    """A context, the errors its pages threw, and whether another test may have it.

    Whoever called anything that is neither in `LEAVES_NOTHING` nor in `UNDONE` has spoilt it, as a clock cannot be
    taken out again. Nor can routes of WebSockets: the pages have them. Nothing of ours writes to `localStorage` or
    databases.

    Its first pages are kept, too, blank and with their process: a new one costs twice as much. Unless the test called
    on it what `LEAVES_A_BLANK_PAGE` does not name, or ended at another site.
    """

    def __init__(self, base_url: str, options: str, context: BrowserContext) -> None:
        self.kind, self.context = (base_url, options), context
        self.errors: list[str] = []
        self.is_spoilt = False
        self._kept: list[Page] = []  # that are still as they were
        self._idle: list[Page] = []  # of these, what this test has not opened
        self._undo: list[Callable[[], object]] = []
        self._sockets: list[tuple[Any, Any]] = []  # their addresses, and who answers
        self._open = context.new_page
        context.on("weberror", lambda error: self.errors.append(str(error.error)))
        watch(context, LEAVES_NOTHING | UNDONE.keys(), self._spoil)
        watch(context.clock, set(), self._spoil)  # of the context, whichever page it is reached by
        for name, undo in UNDONE.items():
            setattr(context, name, self._undoing(getattr(context, name), undo))
        context.new_page = self._new_page  # type: ignore[method-assign]
        context.route_web_socket = self._route_sockets  # type: ignore[method-assign]

    def _spoil(self) -> None:
        self.is_spoilt = True

    def _undoing(self, method: Callable[..., Any], undo: Callable[..., object]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            returned = method(*args, **kwargs)
            self._undo.append(partial(undo, self.context, returned, *args, **kwargs))
            return returned

        return call

    def _route_sockets(self, url: Any, answer: Any) -> None:
        """Of the pages that are opened from now on."""
        self._sockets.append((url, answer))

    def _new_page(self) -> Page:
        page = self._idle_page() or self._opened()
        for url, answer in self._sockets:
            page.route_web_socket(url, answer)
        return page

    def _opened(self) -> Page:
        page = self._open()
        if len(self._kept) < PAGES:
            self._kept.append(page)
            watch(page, LEAVES_A_BLANK_PAGE, partial(self._let_go, page))
        return page

    def _idle_page(self) -> Page | None:
        while self._idle:
            page = self._idle.pop(0)
            if not page.is_closed():
                return page
        return None

    def _let_go(self, page: Page) -> None:
        if page in self._kept:
            self._kept.remove(page)

    def emptied(self) -> Self:
        self._kept = [page for page in self._kept if self._blanked(page)]
        self._idle = [*self._kept]
        for page in self.context.pages:
            if page not in self._kept:
                page.close()
        self.context.clear_cookies()
        self._mend()
        return self

    def _mend(self) -> None:
        self._sockets.clear()
        if not self._undo:
            return
        for undo in [*self._undo]:
            undo()
        self._undo.clear()  # of what undoing called, too
        for page in self._kept:
            page.goto(BLANK)  # scripts that were removed have run in it

    def _blanked(self, page: Page) -> bool:
        """Whether it could be left as it was made: at no address, with no session, and with no pointer over it."""
        if page.is_closed() or not page.url.startswith((f"{self.kind[0]}/", BLANK)):
            return False
        try:
            if page.url != BLANK:
                page.evaluate(FORGET)
            page.goto(BLANK)
            page.mouse.move(0, 0)
        except Error:
            return False
        return True


def watch(target: Any, harmless: set[str], spoil: Callable[[], None]) -> None:
    """Call `spoil` before any method of the target that is not harmless."""
    for name, _function in inspect.getmembers(type(target), inspect.isfunction):
        if not name.startswith("_") and name not in harmless:
            setattr(target, name, spoiling(getattr(target, name), spoil))


def spoiling(method: Callable[..., Any], spoil: Callable[[], None]) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        spoil()
        return method(*args, **kwargs)

    return call


class Browsers:
    """The idle browsers by site and options."""

    def __init__(self, chromium: Browser) -> None:
        self._chromium = chromium
        self._idle: list[Profile] = []

    def take(self, base_url: str, options: dict[str, Any]) -> Profile:
        kind = (base_url, repr(sorted(options.items())))
        profile = next((each for each in self._idle if each.kind == kind), None)
        if profile is None:
            profile = Profile(*kind, self._chromium.new_context(base_url=base_url, **options))
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
